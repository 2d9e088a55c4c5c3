#include "storaged/cli/foreign/foreign_read.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "storaged/cli/base/console.h"
#include "storaged/cli/base/progress.h"
#include "storaged/cli/foreign/csv_rows.h"
#include "storaged/cli/foreign/json_objects.h"

#define READ_BYTES ((size_t)256 << 10)

/* A \u escape at the front of s is of this half of a pair: 0xd8, the first one, or 0xdc. */
static bool
foreign_read_is_half(struct slice s, uint8_t half)
{
	static const char first[] = "89abAB", second[] = "cdefCDEF";

	return s.len >= 6 && s.p[0] == '\\' && s.p[1] == 'u' && (s.p[2] | 0x20) == 'd' &&
	    strchr(half == 0xd8 ? first : second, s.p[3]) != NULL && s.p[3] != '\0';
}

/* Copies JSON; halves of pairs, which an export that cut a text has, are replaced. */
static void
foreign_read_repair(struct buf *out, struct slice s)
{
	while (s.len > 0) {
		struct slice next = {s.p + 6, s.len < 6 ? 0 : s.len - 6};
		bool first = foreign_read_is_half(s, 0xd8);
		bool pair = first && foreign_read_is_half(next, 0xdc);
		size_t n = pair ? 12 : s.p[0] == '\\' && s.len > 1 ? 2 : 1;

		if (!pair && (first || foreign_read_is_half(s, 0xdc))) {
			must(buf_append_str(out, "\\ufffd") == 0);
			n = 6;
		} else {
			must(buf_append(out, s.p, n) == 0);
		}
		s.p += n;
		s.len -= n;
	}
}

void
foreign_read_object(struct foreign_read *r, struct slice text, const char *hint)
{
	json_error_t error;
	json_t *object = json_loadb((const char *)text.p, text.len, JSON_ALLOW_NUL, &error);
	struct buf valid, whole;

	if (object == NULL) {
		buf_init(&valid, 3 * JSON_OBJECT_MAX + 16);
		buf_init(&whole, 4 * JSON_OBJECT_MAX + 16);
		must(utf8_repair(&valid, text) == 0);
		foreign_read_repair(&whole, buf_slice(&valid));
		object = json_loadb((const char *)buf_data(&whole), buf_len(&whole),
		    JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &error);
		buf_clear(&valid);
		buf_clear(&whole);
	}
	if (object == NULL) {
		text.len = text.len < 40 ? text.len : 40;
		misfits_add(r->mapping.misfits, "objects that are not valid JSON", text);
		r->failed = true;
		return;
	}
	mapping_take(&r->mapping, object, hint);
	json_decref(object);
}

static void
foreign_read_found(void *arg, struct slice text, const char *hint)
{
	foreign_read_object(arg, text, hint);
}

static void
foreign_read_row(void *arg, json_t *row)
{
	struct foreign_read *r = arg;

	mapping_take(&r->mapping, row, "");
}

/* A file that cannot be read, or only in part. */
static void
foreign_read_fail(struct foreign_read *r, const char *name, const char *why)
{
	char reason[MISFIT_TEXT];

	(void)snprintf(reason, sizeof(reason), "files that were not read whole: %s", why);
	misfits_add(r->mapping.misfits, reason, slice_str(name));
	r->failed = true;
}

/* The parsers; which of them is known from the first byte. */
struct reading {
	struct json_objects json;
	struct csv_rows csv;
	bool is_csv, begun;
	const char *fault;
};

static const char *
foreign_read_look(struct reading *in, struct slice s)
{
	if (s.len >= 2 && ((s.p[0] == 0x1f && s.p[1] == 0x8b) || memcmp(s.p, "PK", 2) == 0))
		return "it is compressed: unpack it first";
	if (s.len >= 2 && (memcmp(s.p, "\xff\xfe", 2) == 0 || memcmp(s.p, "\xfe\xff", 2) == 0))
		return "it is UTF-16: save it as UTF-8";
	if (s.len >= 3 && memcmp(s.p, "\xef\xbb\xbf", 3) == 0) {
		s.p += 3;
		s.len -= 3;
	}
	while (s.len > 0 && strchr(" \t\r\n", s.p[0]) != NULL && s.p[0] != '\0') {
		s.p++;
		s.len--;
	}
	in->is_csv = s.len > 0 && s.p[0] != '{' && s.p[0] != '[';
	in->begun = s.len > 0;
	return NULL;
}

static void
foreign_read_feed(struct reading *in, struct slice s)
{
	if (!in->begun)
		in->fault = foreign_read_look(in, s);
	if (in->fault != NULL)
		return;
	if (in->is_csv && csv_rows_feed(&in->csv, s) == -1)
		in->fault = in->csv.fault;
	if (!in->is_csv && json_objects_feed(&in->json, s) == -1)
		in->fault = in->json.fault;
}

static void
foreign_read_end(struct reading *in)
{
	if (in->fault != NULL || !in->begun)
		return;
	if (in->is_csv && csv_rows_end(&in->csv) == -1)
		in->fault = in->csv.fault;
	if (!in->is_csv && json_objects_end(&in->json) == -1)
		in->fault = in->json.fault;
}

int
foreign_read_fd(struct foreign_read *r, int fd, const char *name)
{
	uint8_t *bytes = xcalloc(READ_BYTES, 1);
	struct reading in = {0};
	ssize_t n;

	json_objects_init(&in.json, foreign_read_found, r);
	csv_rows_init(&in.csv, foreign_read_row, r);
	r->files++;
	do {
		n = read(fd, bytes, READ_BYTES);
		if (n > 0) {
			foreign_read_feed(&in, (struct slice){bytes, (size_t)n});
			r->bytes += (uint64_t)n;
		}
		if (progress_due())
			progress_show("reading: %" PRIu64 " files, %" PRIu64 " MB", r->files,
			    r->bytes / 1000000);
	} while ((n > 0 && in.fault == NULL) || (n == -1 && errno == EINTR));
	if (n == -1)
		foreign_read_fail(r, name, strerror(errno));
	else
		foreign_read_end(&in);
	if (in.fault != NULL)
		foreign_read_fail(r, name, in.fault);
	json_objects_clear(&in.json);
	csv_rows_clear(&in.csv);
	free(bytes);
	return 0;
}

static int
foreign_read_file(struct foreign_read *r, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), status;

	if (fd == -1)
		return console_fail_path(path, errno);
	status = foreign_read_fd(r, fd, path);
	closefd(&fd);
	return status;
}

static bool
foreign_read_has_suffix(const char *name)
{
	static const char *const suffixes[] = {"json", "jsonl", "ndjson", "csv", "tsv", "txt"};
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot != NULL && i < ARRAY_LEN(suffixes); i++)
		if (strcasecmp(dot + 1, suffixes[i]) == 0)
			return true;
	return false;
}

static int
foreign_read_compare(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* Takes an entry of a directory, or the file that was named. */
static int
foreign_read_entry(struct foreign_read *r, FTS *tree, FTSENT *entry)
{
	if (entry->fts_level > 0 && entry->fts_name[0] == '.') {
		(void)fts_set(tree, entry, FTS_SKIP);
		return 0;
	}
	switch (entry->fts_info) {
	case FTS_F:
	case FTS_DEFAULT: /* a pipe */
		if (entry->fts_level == 0 || foreign_read_has_suffix(entry->fts_name))
			return foreign_read_file(r, entry->fts_path);
		misfits_add(r->mapping.misfits,
		    "files without the suffix .json, .jsonl, .ndjson, .csv, .tsv or .txt",
		    slice_str(entry->fts_path));
		return 0;
	case FTS_DNR:
	case FTS_ERR:
	case FTS_NS:
		return console_fail_path(entry->fts_path, entry->fts_errno);
	default:
		return 0;
	}
}

int
foreign_read_path(struct foreign_read *r, const char *path)
{
	char *copy, *paths[] = {NULL, NULL};
	FTSENT *entry;
	FTS *tree;
	int status = 0;

	if (strcmp(path, "-") == 0)
		return foreign_read_fd(r, STDIN_FILENO, "standard input");
	copy = paths[0] = xstrdup(path);
	tree =
	    fts_open(paths, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, foreign_read_compare);
	must(tree != NULL);
	while (status == 0 && (entry = fts_read(tree)) != NULL)
		status = foreign_read_entry(r, tree, entry);
	(void)fts_close(tree);
	free(copy);
	return status;
}
