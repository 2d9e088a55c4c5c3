/*
 * Strict where it costs nothing (CRLF only, no obs-fold, one length only), so that tests detect a
 * worker that sends an invalid request.
 */
#include "tests/stub/http.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define READ_SIZE      4096
#define CHUNK_LINE_MAX 256 /* a chunk-size line with its extensions */
#define LEN_MAX        (HTTP_HEAD_MAX + HTTP_BODY_MAX + READ_SIZE)

static const struct {
	const char *name;
	enum http_field field;
} remembered[] = {
    {"authorization", HTTP_AUTHORIZATION},
    {"accept", HTTP_ACCEPT},
    {"content-type", HTTP_CONTENT_TYPE},
    {"user-agent", HTTP_USER_AGENT},
};

void
http_reader_clear(struct http_reader *r)
{
	free(r->mem);
	*r = (struct http_reader){0};
}

char *
http_reader_space(struct http_reader *r, size_t *n)
{
	if (r->len >= LEN_MAX)
		return NULL;
	if (r->cap - r->len < READ_SIZE / 2) {
		size_t cap = r->cap == 0 ? READ_SIZE : r->cap * 2;
		char *mem = realloc(r->mem, cap);

		if (mem == NULL)
			err(1, "out of memory");
		r->mem = mem;
		r->cap = cap;
	}
	*n = r->cap - r->len;
	return r->mem + r->len;
}

void
http_reader_added(struct http_reader *r, size_t n)
{
	r->len += n;
}

static enum http_result
bad(struct http_reader *r, int status, const char *reason)
{
	r->status = status;
	r->reason = reason;
	return HTTP_BAD;
}

static struct span
http_trim(struct span s)
{
	while (s.len > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = span_from(s, 1);
	while (s.len > 0 && (s.p[s.len - 1] == ' ' || s.p[s.len - 1] == '\t'))
		s.len--;
	return s;
}

static bool
http_same_word(struct span s, const char *word)
{
	return s.len == strlen(word) && strncasecmp(s.p, word, s.len) == 0;
}

static void
http_remember(struct http_reader *r, enum http_field f, struct span value)
{
	r->field[f].at = (uint32_t)(value.p - r->mem);
	r->field[f].len = (uint32_t)value.len;
}

/* Connection is a list (RFC 9110, 7.6.1); it can contain close among other options. */
static bool
http_list_has(struct span list, const char *word)
{
	while (list.len > 0) {
		const char *comma = memchr(list.p, ',', list.len);
		size_t n = comma == NULL ? list.len : (size_t)(comma - list.p);

		if (http_same_word(http_trim((struct span){list.p, n}), word))
			return true;
		list = span_from(list, comma == NULL ? n : n + 1);
	}
	return false;
}

static enum http_result
http_take_length(struct http_reader *r, struct span value)
{
	uint64_t n;

	if (r->has_size)
		return bad(r, 400, "duplicate Content-Length");
	if (span_uint(value, 0, UINT32_MAX, &n) == -1)
		return bad(r, 400, "Content-Length is not a number");
	if (n > HTTP_BODY_MAX)
		return bad(r, 413, "the body is too large");
	r->has_size = true;
	r->left = (size_t)n;
	return HTTP_REQUEST;
}

/* Parses one "name: value" line. HTTP_REQUEST if it is valid. */
static enum http_result
http_take_header(struct http_reader *r, struct span line)
{
	const char *colon = memchr(line.p, ':', line.len);
	struct span name, value;

	if (colon == NULL || colon == line.p)
		return bad(r, 400, "a header line has no name");
	name = (struct span){line.p, (size_t)(colon - line.p)};
	value = http_trim(span_from(line, name.len + 1));
	if (memchr(name.p, ' ', name.len) != NULL || memchr(name.p, '\t', name.len) != NULL)
		return bad(r, 400, "white space in a header's name");
	if (http_same_word(name, "content-length"))
		return http_take_length(r, value);
	if (http_same_word(name, "transfer-encoding")) {
		if (!http_same_word(value, "chunked") || r->chunked)
			return bad(r, 501, "the only supported transfer coding is chunked");
		r->chunked = true;
	} else if (http_same_word(name, "connection")) {
		r->close |= http_list_has(value, "close");
	} else if (http_same_word(name, "expect")) {
		r->expects = http_same_word(value, "100-continue");
	}
	for (size_t i = 0; i < sizeof(remembered) / sizeof(remembered[0]); i++) {
		if (http_same_word(name, remembered[i].name))
			http_remember(r, remembered[i].field, value);
	}
	return HTTP_REQUEST;
}

/* "POST /path HTTP/1.1" */
static enum http_result
http_take_request_line(struct http_reader *r, struct span line)
{
	const char *space = memchr(line.p, ' ', line.len);
	struct span rest, version;

	if (space == NULL || space == line.p)
		return bad(r, 400, "the request line has no method");
	http_remember(r, HTTP_METHOD, (struct span){line.p, (size_t)(space - line.p)});
	rest = span_from(line, (size_t)(space - line.p) + 1);
	space = memchr(rest.p, ' ', rest.len);
	if (space == NULL || space == rest.p)
		return bad(r, 400, "the request line has no target");
	http_remember(r, HTTP_TARGET, (struct span){rest.p, (size_t)(space - rest.p)});
	version = span_from(rest, (size_t)(space - rest.p) + 1);
	if (!span_eq_str(version, "HTTP/1.1"))
		return bad(r, 505, "only HTTP/1.1 is supported");
	return HTTP_REQUEST;
}

/* The line at r->at, which ends in CRLF before limit; moves r->at behind it. */
static bool
take_line(struct http_reader *r, size_t limit, struct span *line)
{
	const char *end;

	if (r->at >= limit)
		return false;
	end = memmem(r->mem + r->at, limit - r->at, "\r\n", 2);
	if (end == NULL)
		return false;
	*line = (struct span){r->mem + r->at, (size_t)(end - r->mem) - r->at};
	r->at += line->len + 2;
	return true;
}

static enum http_result
http_take_head(struct http_reader *r)
{
	enum http_result result;
	struct span line;

	r->at = 0;
	if (memchr(r->mem, '\0', r->head) != NULL)
		return bad(r, 400, "NUL in the head");
	if (!take_line(r, r->head, &line))
		return bad(r, 400, "the request line is missing");
	result = http_take_request_line(r, line);
	while (result == HTTP_REQUEST && take_line(r, r->head, &line) && line.len > 0)
		result = http_take_header(r, line);
	if (result != HTTP_REQUEST)
		return result;
	/* Requests with both are an attempt at request smuggling (RFC 9112, 6.1). */
	if (r->chunked && r->has_size)
		return bad(r, 400, "both Content-Length and Transfer-Encoding");
	r->at = r->body_end = r->head;
	r->phase = r->chunked ? HTTP_IN_CHUNK_SIZE : HTTP_IN_BODY;
	return HTTP_REQUEST;
}

static enum http_result
http_find_head(struct http_reader *r)
{
	/* The blank line may be split between earlier bytes and the new ones. */
	size_t from = r->at < 3 ? 0 : r->at - 3;
	const char *end = NULL;

	if (r->len > from)
		end = memmem(r->mem + from, r->len - from, "\r\n\r\n", 4);
	if (end == NULL) {
		r->at = r->len;
		if (r->len > HTTP_HEAD_MAX)
			return bad(r, 431, "the head is too large");
		return HTTP_MORE;
	}
	r->head = (size_t)(end - r->mem) + 4;
	if (r->head > HTTP_HEAD_MAX)
		return bad(r, 431, "the head is too large");
	return http_take_head(r);
}

static enum http_result
http_take_body(struct http_reader *r)
{
	if (r->len - r->head < r->left)
		return HTTP_MORE;
	r->at = r->body_end = r->head + r->left;
	r->phase = HTTP_WHOLE;
	return HTTP_REQUEST;
}

static int
http_hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static enum http_result
http_take_chunk_size(struct http_reader *r)
{
	struct span line;
	size_t n = 0, digits = 0;

	if (!take_line(r, r->len, &line))
		return r->len - r->at > CHUNK_LINE_MAX ? bad(r, 400, "a chunk has no size")
						       : HTTP_MORE;
	for (; digits < line.len && http_hex_value(line.p[digits]) >= 0; digits++) {
		n = n * 16 + (size_t)http_hex_value(line.p[digits]);
		if (n > HTTP_BODY_MAX - (r->body_end - r->head))
			return bad(r, 413, "the body is too large");
	}
	if (digits == 0 || (digits < line.len && line.p[digits] != ';'))
		return bad(r, 400, "a chunk's size is not a number");
	r->left = n;
	r->phase = n == 0 ? HTTP_IN_TRAILER : HTTP_IN_CHUNK;
	return HTTP_REQUEST;
}

/* Moves the chunk's bytes to the end of the body, so that the body is contiguous. */
static enum http_result
http_take_chunk(struct http_reader *r)
{
	size_t n = r->len - r->at;

	if (n > r->left)
		n = r->left;
	memmove(r->mem + r->body_end, r->mem + r->at, n);
	r->body_end += n;
	r->at += n;
	r->left -= n;
	if (r->left > 0)
		return HTTP_MORE;
	r->phase = HTTP_IN_CHUNK_END;
	return HTTP_REQUEST;
}

static enum http_result
http_take_chunk_end(struct http_reader *r)
{
	if (r->len - r->at < 2)
		return HTTP_MORE;
	if (memcmp(r->mem + r->at, "\r\n", 2) != 0)
		return bad(r, 400, "a chunk does not end after its size");
	r->at += 2;
	r->phase = HTTP_IN_CHUNK_SIZE;
	return HTTP_REQUEST;
}

static enum http_result
http_take_trailer(struct http_reader *r)
{
	struct span line;

	do {
		if (!take_line(r, r->len, &line))
			return r->len - r->at > HTTP_HEAD_MAX
			    ? bad(r, 431, "the trailer is too large")
			    : HTTP_MORE;
	} while (line.len > 0);
	r->phase = HTTP_WHOLE;
	return HTTP_REQUEST;
}

static enum http_result (*const take[])(struct http_reader *) = {
    [HTTP_IN_HEAD] = http_find_head,
    [HTTP_IN_BODY] = http_take_body,
    [HTTP_IN_CHUNK_SIZE] = http_take_chunk_size,
    [HTTP_IN_CHUNK] = http_take_chunk,
    [HTTP_IN_CHUNK_END] = http_take_chunk_end,
    [HTTP_IN_TRAILER] = http_take_trailer,
};

enum http_result
http_reader_parse(struct http_reader *r)
{
	enum http_result result = HTTP_REQUEST;

	while (result == HTTP_REQUEST && r->phase != HTTP_WHOLE)
		result = take[r->phase](r);
	return result;
}

struct span
http_reader_field(const struct http_reader *r, enum http_field f)
{
	if (r->field[f].len == 0)
		return (struct span){"", 0};
	return (struct span){r->mem + r->field[f].at, r->field[f].len};
}

struct span
http_reader_path(const struct http_reader *r)
{
	struct span target = http_reader_field(r, HTTP_TARGET);
	const char *mark = memchr(target.p, '?', target.len);

	if (mark != NULL)
		target.len = (size_t)(mark - target.p);
	return target;
}

struct span
http_reader_query(const struct http_reader *r)
{
	struct span target = http_reader_field(r, HTTP_TARGET);
	size_t path = http_reader_path(r).len;

	return path == target.len ? (struct span){"", 0} : span_from(target, path + 1);
}

struct span
http_reader_body(const struct http_reader *r)
{
	return (struct span){r->mem + r->head, r->body_end - r->head};
}

bool
http_reader_take_expect(struct http_reader *r)
{
	bool due = r->expects && r->phase != HTTP_IN_HEAD && r->phase != HTTP_WHOLE;

	if (due)
		r->expects = false;
	return due;
}

void
http_reader_next(struct http_reader *r)
{
	struct http_reader fresh = {.mem = r->mem, .len = r->len - r->at, .cap = r->cap};

	if (fresh.len == 0) {
		free(r->mem);
		fresh.mem = NULL;
		fresh.cap = 0;
	} else {
		memmove(fresh.mem, r->mem + r->at, fresh.len);
	}
	*r = fresh;
}
