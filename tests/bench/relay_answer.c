/*
 * A state machine of lines and counted bytes (RFC 9112).
 */
#include "tests/bench/relay_answer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void
answer_begin(struct answer *a)
{
	a->state = ANSWER_STATUS;
	a->status = 0;
	a->chunked = false;
	a->left = 0;
	a->line.len = 0;
	a->body.len = 0;
}

static void
line_add(struct line *l, const char *p, size_t n)
{
	size_t room = LINE_SIZE - 1 - l->len;

	if (n > room)
		n = room;
	memcpy(l->text + l->len, p, n);
	l->len += n;
}

/* Takes bytes up to a line feed; returns how many. *whole: the line is complete. */
static size_t
line_take(struct line *l, const char *p, size_t n, bool *whole)
{
	const char *end = memchr(p, '\n', n);

	*whole = end != NULL;
	if (end == NULL) {
		line_add(l, p, n);
		return n;
	}
	line_add(l, p, (size_t)(end - p));
	return (size_t)(end - p) + 1;
}

/* Passes the lines of body bytes to fn, without copying lines that are complete. */
static void
body_take(struct answer *a, const char *p, size_t n, answer_line_fn *fn, void *arg)
{
	while (fn != NULL && n > 0) {
		const char *end = memchr(p, '\n', n);
		size_t len = end == NULL ? n : (size_t)(end - p);

		if (end != NULL && a->body.len == 0) {
			fn(arg, p, len);
		} else {
			line_add(&a->body, p, len);
			if (end != NULL) {
				fn(arg, a->body.text, a->body.len);
				a->body.len = 0;
			}
		}
		n -= end == NULL ? len : len + 1;
		p += end == NULL ? len : len + 1;
	}
}

static enum answer_state
take_status(struct answer *a, const char *line)
{
	if (strncmp(line, "HTTP/1.1 ", 9) != 0)
		return ANSWER_BAD;
	a->status = atoi(line + 9);
	return ANSWER_FIELDS;
}

static enum answer_state
take_field(struct answer *a, const char *line)
{
	if (strncasecmp(line, "transfer-encoding: chunked", 26) == 0)
		a->chunked = true;
	else if (strncasecmp(line, "content-length: ", 16) == 0)
		a->left = strtoull(line + 16, NULL, 10);
	if (*line != '\0')
		return ANSWER_FIELDS;
	if (a->chunked)
		return ANSWER_CHUNK_SIZE;
	return a->left > 0 ? ANSWER_LENGTH : ANSWER_WHOLE;
}

static enum answer_state
take_chunk_size(struct answer *a, const char *line)
{
	char *end;

	a->left = strtoull(line, &end, 16);
	if (end == line)
		return ANSWER_BAD;
	return a->left > 0 ? ANSWER_CHUNK : ANSWER_TRAILER;
}

/* Handles a complete line of head or framing in a->line. */
static enum answer_state
take_line(struct answer *a)
{
	struct line *l = &a->line;

	if (l->len > 0 && l->text[l->len - 1] == '\r')
		l->len--;
	l->text[l->len] = '\0';
	l->len = 0;
	switch (a->state) {
	case ANSWER_STATUS:
		return take_status(a, l->text);
	case ANSWER_FIELDS:
		return take_field(a, l->text);
	case ANSWER_CHUNK_SIZE:
		return take_chunk_size(a, l->text);
	case ANSWER_CHUNK_END:
		return *l->text == '\0' ? ANSWER_CHUNK_SIZE : ANSWER_BAD;
	case ANSWER_TRAILER:
		return *l->text == '\0' ? ANSWER_WHOLE : ANSWER_TRAILER;
	default:
		return ANSWER_BAD;
	}
}

/* Takes counted bytes; returns how many were available. */
static size_t
take_counted(struct answer *a, const char *p, size_t n, answer_line_fn *fn, void *arg)
{
	if (n > a->left)
		n = (size_t)a->left;
	body_take(a, p, n, fn, arg);
	a->left -= n;
	if (a->left == 0)
		a->state = a->state == ANSWER_LENGTH ? ANSWER_WHOLE : ANSWER_CHUNK_END;
	return n;
}

bool
answer_feed(struct answer *a, const char *p, size_t n, answer_line_fn *fn, void *arg)
{
	while (n > 0 && a->state < ANSWER_WHOLE) {
		size_t taken;

		if (a->state == ANSWER_LENGTH || a->state == ANSWER_CHUNK) {
			taken = take_counted(a, p, n, fn, arg);
		} else {
			bool whole;

			taken = line_take(&a->line, p, n, &whole);
			if (whole)
				a->state = take_line(a);
		}
		p += taken;
		n -= taken;
	}
	if (n > 0)
		a->state = ANSWER_BAD;
	return a->state < ANSWER_WHOLE;
}
