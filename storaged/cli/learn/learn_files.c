/*
 * Hidden files and symbolic links below a directory are left alone.
 */
#include "storaged/cli/learn/learn_files.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "storaged/cli/base/console.h"
#include "storaged/cli/base/progress.h"

/* Bytes of a piece; and of a whole upload, and of a name, as in messages.def. */
#define PIECE_BYTES  ((size_t)512 << 10)
#define UPLOAD_BYTES 20971520
#define URL_BYTES    2048

#define FILES_FIRST_CAPACITY 64

static const char docx[] =
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

/* The media type of a file by its suffix; NULL: crawld cannot read it. */
static const char *
learn_files_type(const char *name)
{
	static const struct {
		const char *suffix, *type;
	} types[] = {
	    {"html", "text/html"},
	    {"htm", "text/html"},
	    {"md", "text/markdown"},
	    {"markdown", "text/markdown"},
	    {"txt", "text/plain"},
	    {"pdf", "application/pdf"},
	    {"docx", docx},
	};
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot != NULL && i < ARRAY_LEN(types); i++)
		if (strcasecmp(dot + 1, types[i].suffix) == 0)
			return types[i].type;
	return NULL;
}

/* name: in the source. */
static void
learn_files_add(struct learn_files *files, const char *path, const char *name)
{
	struct learn_file file = {.type = learn_files_type(name)};

	if (file.type == NULL) {
		files->others++;
		return;
	}
	if (files->n == files->capacity) {
		files->capacity =
		    files->capacity == 0 ? FILES_FIRST_CAPACITY : 2 * files->capacity;
		files->of = xreallocarray(files->of, files->capacity, sizeof(*files->of));
	}
	file.path = xstrdup(path);
	file.name = xstrdup(name);
	if (!utf8_valid(slice_str(name)))
		file.left_out = "its name is not UTF-8";
	else if (strlen(name) > URL_BYTES)
		file.left_out = "its name is too long";
	files->of[files->n++] = file;
}

static int
learn_files_compare(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* Takes an entry of the tree. 0, or an errno. */
static int
learn_files_take(struct learn_files *files, FTS *tree, FTSENT *entry, size_t root_len)
{
	const char *name = entry->fts_path + root_len;

	if (entry->fts_level > 0 && entry->fts_name[0] == '.') {
		(void)fts_set(tree, entry, FTS_SKIP);
		return 0;
	}
	switch (entry->fts_info) {
	case FTS_F:
		while (*name == '/')
			name++;
		learn_files_add(
		    files, entry->fts_path, entry->fts_level == 0 ? entry->fts_name : name);
		return 0;
	case FTS_DNR:
	case FTS_ERR:
	case FTS_NS:
		return entry->fts_errno;
	default:
		return 0;
	}
}

int
learn_files_find(struct learn_files *files, const char *path)
{
	char *root = xstrdup(path), *paths[] = {root, NULL};
	FTS *tree =
	    fts_open(paths, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, learn_files_compare);
	int error = tree == NULL ? errno : 0, status;
	FTSENT *entry = NULL;

	while (error == 0 && (errno = 0, entry = fts_read(tree)) != NULL)
		error = learn_files_take(files, tree, entry, strlen(root));
	if (error == 0)
		error = errno;
	status =
	    error == 0 ? 0 : console_fail_path(entry == NULL ? path : entry->fts_path, error);
	if (tree != NULL)
		(void)fts_close(tree);
	free(root);
	if (status == 0 && files->n == 0)
		return console_fail(EX_NOINPUT,
		    "%s: there is no HTML, Markdown, text, PDF or DOCX file (by its suffix)",
		    path);
	return status;
}

/* Reads the next piece, whole. False: the file is shorter by now, or cannot be read. */
static bool
learn_files_read(int fd, uint8_t *bytes, size_t n)
{
	size_t got = 0;

	while (got < n) {
		ssize_t part = read(fd, bytes + got, n - got);

		if (part == -1 && errno == EINTR)
			continue;
		if (part <= 0)
			return false;
		got += (size_t)part;
	}
	return true;
}

/* Sends a file of so many bytes, piece by piece. */
static int
learn_files_send(struct learn_file *file, int fd, uint32_t total, struct store_conn *conn,
    const struct learn_source *source)
{
	struct msg_source_upload m = {
	    .org = source->org,
	    .source = source->id,
	    .upload = id_new(),
	    .page = id_new(),
	    .url = slice_str(file->name),
	    .type = slice_str(file->type),
	    .total = total,
	};
	uint8_t *bytes = xcalloc(PIECE_BYTES, 1);
	int status = 0;
	union msg answer;

	do {
		size_t n = total - m.offset < PIECE_BYTES ? total - m.offset : PIECE_BYTES;

		if (!learn_files_read(fd, bytes, n)) {
			file->left_out = "it changed while it was read";
			break;
		}
		m.piece = (struct slice){bytes, n};
		status = store_conn_request(
		    conn, MSG_SOURCE_UPLOAD, &m, MSG_SOURCE_UPLOADED, &answer);
		m.offset += (uint32_t)n;
	} while (status == 0 && m.offset < total);
	if (status == 0 && file->left_out == NULL)
		file->page = answer.source_uploaded.page;
	free(bytes);
	return status;
}

static int
learn_files_upload_one(
    struct learn_file *file, struct store_conn *conn, const struct learn_source *source)
{
	int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), status = 0;
	struct stat st;

	if (fd == -1 || fstat(fd, &st) == -1)
		file->left_out = strerror(errno);
	else if (st.st_size > UPLOAD_BYTES)
		file->left_out = "it is larger than 20 MiB";
	else
		status = learn_files_send(file, fd, (uint32_t)st.st_size, conn, source);
	closefd(&fd);
	return status;
}

int
learn_files_upload(
    struct learn_files *files, struct store_conn *conn, const struct learn_source *source)
{
	int status = 0;

	for (size_t i = 0; i < files->n && status == 0; i++) {
		if (progress_due())
			progress_show("uploading %zu of %zu files", i + 1, files->n);
		if (files->of[i].left_out == NULL)
			status = learn_files_upload_one(&files->of[i], conn, source);
	}
	progress_clear();
	return status;
}

void
learn_files_clear(struct learn_files *files)
{
	for (size_t i = 0; i < files->n; i++) {
		free(files->of[i].path);
		free(files->of[i].name);
	}
	free(files->of);
	*files = (struct learn_files){0};
}
