/*
 * Server-sent events, read in pieces. A line that lies whole in one piece is used where it lies;
 * only a line that is split between pieces is copied.
 */
#include "workerd/chat/sse.h"

#include <errno.h>
#include <string.h>

#define KEEP_MAX 8192 /* bytes of memory that a usual event may leave for the next one */

void
sse_init(struct sse_reader *r)
{
	*r = (struct sse_reader){0};
	buf_init(&r->line, SSE_EVENT_MAX);
	buf_init(&r->data, SSE_EVENT_MAX);
}

void
sse_clear(struct sse_reader *r)
{
	buf_clear(&r->line);
	buf_clear(&r->data);
}

/* One huge event is no reason to hold its memory for the rest of a long answer. */
static void
forget(struct buf *b)
{
	if (b->cap > KEEP_MAX)
		buf_clear(b);
	else
		buf_reset(b);
}

/* A blank line: the event under way is whole. */
static int
dispatch(struct sse_reader *r, sse_event_fn *fn, void *arg)
{
	int result = 0;

	if (r->has_data)
		result = fn(arg, buf_slice(&r->data));
	r->has_data = false;
	forget(&r->data);
	return result;
}

/* A data field's value goes to the event, after a line feed if it is not the first. */
static int
add_data(struct sse_reader *r, struct slice value)
{
	if (r->has_data && buf_append(&r->data, "\n", 1) == -1)
		return -1;
	r->has_data = true;
	return buf_append(&r->data, value.p, value.len);
}

static int
take_line(struct sse_reader *r, struct slice line, sse_event_fn *fn, void *arg)
{
	static const char bom[] = "\xef\xbb\xbf";
	const uint8_t *colon;
	struct slice value;

	if (!r->started && line.len >= 3 && memcmp(line.p, bom, 3) == 0)
		line = (struct slice){line.p + 3, line.len - 3};
	r->started = true;
	if (line.len == 0)
		return dispatch(r, fn, arg);
	if (line.len < 4 || memcmp(line.p, "data", 4) != 0)
		return 0;
	colon = line.p + 4;
	if (line.len == 4)
		return add_data(r, (struct slice){line.p, 0});
	if (*colon != ':')
		return 0;
	value = (struct slice){colon + 1, line.len - 5};
	if (value.len > 0 && *value.p == ' ')
		value = (struct slice){value.p + 1, value.len - 1};
	return add_data(r, value);
}

/* Length of the line at the front of s, without its end; s.len when no end has come yet. */
static size_t
line_length(struct slice s)
{
	const uint8_t *lf = memchr(s.p, '\n', s.len);
	size_t n = lf == NULL ? s.len : (size_t)(lf - s.p);
	const uint8_t *cr = memchr(s.p, '\r', n);

	return cr == NULL ? n : (size_t)(cr - s.p);
}

int
sse_feed(struct sse_reader *r, struct slice piece, sse_event_fn *fn, void *arg)
{
	while (piece.len > 0) {
		struct slice line;
		size_t n;

		if (r->after_cr && *piece.p == '\n') {
			r->after_cr = false;
			piece = (struct slice){piece.p + 1, piece.len - 1};
			continue;
		}
		r->after_cr = false;
		n = line_length(piece);
		line = (struct slice){piece.p, n};
		if (n > SSE_EVENT_MAX) {
			errno = ENOBUFS;
			return -1;
		}
		if (n == piece.len || buf_len(&r->line) > 0) {
			if (buf_append(&r->line, line.p, line.len) == -1)
				return -1;
			line = buf_slice(&r->line);
		}
		if (n == piece.len)
			return 0;
		r->after_cr = piece.p[n] == '\r';
		piece = (struct slice){piece.p + n + 1, piece.len - n - 1};
		if (take_line(r, line, fn, arg) == -1)
			return -1;
		forget(&r->line);
	}
	return 0;
}
