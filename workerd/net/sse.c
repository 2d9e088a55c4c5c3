/*
 * A line that is completely in one piece is used in place, and so is the usual event of one data
 * line that ends in the same piece. Only split ones are copied, and their memory is freed at once:
 * thousands of streams wait for their next event.
 */
#include "workerd/net/sse.h"

#include <errno.h>
#include <string.h>

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

/* An empty line: the event is complete. */
static int
sse_dispatch(struct sse_reader *r, sse_event_fn *fn, void *arg)
{
	int result = 0;

	if (r->has_data)
		result = fn(arg, buf_slice(&r->data));
	r->has_data = false;
	r->kind = SSE_DATA;
	buf_clear(&r->data);
	return result;
}

/* The value of a field, without the space before it. */
static struct slice
sse_value(struct slice line, size_t name_length)
{
	struct slice value = {line.p + name_length, line.len - name_length};

	if (value.len > 0 && *value.p == ' ')
		value = (struct slice){value.p + 1, value.len - 1};
	return value;
}

static enum sse_kind
sse_kind_of(struct slice name)
{
	static const struct {
		const char *name;
		enum sse_kind kind;
	} names[] = {
	    {"error", SSE_ERROR},
	    {"ping", SSE_PING},
	    {"heartbeat", SSE_PING},
	    {"keepalive", SSE_PING},
	    {"keep-alive", SSE_PING},
	    {"done", SSE_DONE},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (slice_eq_str(name, names[i].name))
			return names[i].kind;
	return SSE_DATA;
}

/* Adds a data field to the event, after a line feed if it is not the first. */
static int
sse_add_data(struct sse_reader *r, struct slice value)
{
	if (r->has_data && buf_append(&r->data, "\n", 1) == -1)
		return -1;
	r->has_data = true;
	return buf_append(&r->data, value.p, value.len);
}

/* Whether the next line is empty, so that the event ends here. */
static bool
sse_blank_follows(const struct sse_reader *r, struct slice next)
{
	size_t i = r->after_cr && next.len > 0 && *next.p == '\n';

	return i < next.len && (next.p[i] == '\n' || next.p[i] == '\r');
}

/* next: the input after the line. */
static int
sse_take_line(
    struct sse_reader *r, struct slice line, struct slice next, sse_event_fn *fn, void *arg)
{
	static const char bom[] = "\xef\xbb\xbf";
	const uint8_t *colon;
	struct slice value;

	if (!r->started && line.len >= 3 && memcmp(line.p, bom, 3) == 0)
		line = (struct slice){line.p + 3, line.len - 3};
	r->started = true;
	if (line.len == 0)
		return sse_dispatch(r, fn, arg);
	if (line.len >= 6 && memcmp(line.p, "event:", 6) == 0)
		r->kind = sse_kind_of(sse_value(line, 6));
	if (line.len < 4 || memcmp(line.p, "data", 4) != 0)
		return 0;
	colon = line.p + 4;
	if (line.len == 4)
		return sse_add_data(r, (struct slice){line.p, 0});
	if (*colon != ':')
		return 0;
	value = sse_value(line, 5);
	if (!r->has_data && sse_blank_follows(r, next))
		return fn(arg, value);
	return sse_add_data(r, value);
}

/* Length of the line at the front of s without its end; s.len if it is incomplete. */
static size_t
sse_line_length(struct slice s)
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
		n = sse_line_length(piece);
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
		if (sse_take_line(r, line, piece, fn, arg) == -1)
			return -1;
		buf_clear(&r->line);
	}
	return 0;
}

int
sse_end(struct sse_reader *r, sse_event_fn *fn, void *arg)
{
	static const char end[] = "\n\n";

	return sse_feed(r, (struct slice){(const uint8_t *)end, 2}, fn, arg);
}
