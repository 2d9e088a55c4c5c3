/*
 * Files are read once, hashed once, and sent without a copy.
 */
#include "workerd/http/static_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/secrets.h"
#include "workerd/http/message/negotiate.h"

#define ETAG_SIZE 24 /* two quotes, 16 digits, "-br", NUL, rounded up */

struct representation {
	uint8_t *p; /* NULL: the file does not exist */
	size_t len;
	char etag[ETAG_SIZE];
};

struct static_file {
	const char *content_type;
	unsigned available; /* a set of 1 << enum http_coding */
	struct representation as[CODINGS];
};

static const struct {
	const char *suffix; /* suffix of the file and, with a dash, of the entity tag */
	const char *name;   /* Content-Encoding */
} codings[CODINGS] = {
    [CODING_IDENTITY] = {"", NULL},
    [CODING_GZIP] = {".gz", "gzip"},
    [CODING_BR] = {".br", "br"},
};

/* Reads size bytes. 0, or -1 with errno; EIO when the file is shorter. */
static int
static_file_read_all(int fd, uint8_t *p, size_t size)
{
	while (size > 0) {
		ssize_t n = read(fd, p, size);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == 0)
			errno = EIO;
		if (n <= 0)
			return -1;
		p += n;
		size -= (size_t)n;
	}
	return 0;
}

static int
static_file_read(const char *path, struct representation *r)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int result = -1, error;
	struct stat st;

	if (fd == -1 || fstat(fd, &st) == -1)
		goto out;
	if (!S_ISREG(st.st_mode) || st.st_size > STATIC_FILE_MAX) {
		errno = S_ISREG(st.st_mode) ? EFBIG : EISDIR;
		goto out;
	}
	r->len = (size_t)st.st_size;
	r->p = xcalloc(r->len + 1, 1);
	result = static_file_read_all(fd, r->p, r->len);
out:
	error = errno;
	closefd(&fd);
	errno = error;
	return result;
}

/* Reads dir/relpath with the coding's suffix. 0, or -1 with errno. */
static int
static_file_read_representation(
    struct static_file *a, enum http_coding coding, const char *dir, const char *relpath)
{
	char path[4096];
	int n;

	n = snprintf(path, sizeof(path), "%s/%s%s", dir, relpath, codings[coding].suffix);
	if (n < 0 || (size_t)n >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (static_file_read(path, &a->as[coding]) == -1)
		return -1;
	a->available |= 1u << coding;
	return 0;
}

/* All three use the hash of the plain content; the suffix makes them differ, as strong tags of
 * different bytes must (RFC 9110, section 8.8.3). */
static void
static_file_set_etags(struct static_file *a)
{
	struct hash256 hash = secret_hash(static_file_content(a));
	uint64_t front = 0;

	for (size_t i = 0; i < 8; i++)
		front = front << 8 | hash.b[i];
	for (size_t c = 0; c < CODINGS; c++)
		(void)snprintf(a->as[c].etag, ETAG_SIZE, "\"%016llx%s%s\"",
		    (unsigned long long)front, c == CODING_IDENTITY ? "" : "-",
		    c == CODING_IDENTITY ? "" : codings[c].suffix + 1);
}

struct static_file *
static_file_load(const char *dir, const char *relpath, const char *content_type)
{
	struct static_file *a = xcalloc(1, sizeof(*a));
	int error;

	a->content_type = content_type;
	if (static_file_read_representation(a, CODING_IDENTITY, dir, relpath) == -1)
		goto fail;
	for (enum http_coding c = CODING_GZIP; c < CODINGS; c++)
		if (static_file_read_representation(a, c, dir, relpath) == -1 &&
		    errno != ENOENT)
			goto fail;
	static_file_set_etags(a);
	return a;
fail:
	error = errno;
	static_file_free(a);
	errno = error;
	return NULL;
}

void
static_file_free(struct static_file *a)
{
	if (a == NULL)
		return;
	for (size_t c = 0; c < CODINGS; c++)
		free(a->as[c].p);
	free(a);
}

struct slice
static_file_content(const struct static_file *a)
{
	return (struct slice){a->as[CODING_IDENTITY].p, a->as[CODING_IDENTITY].len};
}

static enum http_coding
static_file_choose(const struct http_exchange *x, const struct static_file *a)
{
	return negotiate_coding(http_header(x->req, "accept-encoding"), a->available);
}

int
static_file_status(const struct http_exchange *x, const struct static_file *a)
{
	struct slice known = http_header(x->req, "if-none-match");
	const char *etag = a->as[static_file_choose(x, a)].etag;

	return known.p != NULL && negotiate_etag_matches(known, slice_str(etag)) ? 304 : 200;
}

void
static_file_reply_body(
    struct http_exchange *x, const struct static_file *a, const char *cache_control)
{
	enum http_coding coding = static_file_choose(x, a);
	const struct representation *r = &a->as[coding];

	reply_header_str(x, "ETag", r->etag);
	reply_header_str(x, "Vary", "Accept-Encoding");
	reply_header_str(x, "Cache-Control", cache_control);
	if (codings[coding].name != NULL && x->status != 304)
		reply_header_str(x, "Content-Encoding", codings[coding].name);
	reply_static(x, a->content_type, (struct slice){r->p, r->len});
}

void
static_file_reply(
    struct http_exchange *x, const struct static_file *a, const char *cache_control)
{
	reply_start(x, static_file_status(x, a));
	static_file_reply_body(x, a, cache_control);
}
