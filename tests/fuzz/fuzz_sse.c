/*
 * A model's event stream, parsed whole, byte by byte, and split where the input's first four bytes
 * say. Each time the events must equal those that a simpler parser finds in the whole text (WHATWG
 * HTML, section 9.2.6).
 */
#include "proto/ipc/wire.h"
#include "tests/fuzz/fuzz.h"
#include "workerd/net/sse.h"

/* Lists the events in a form that shows where each ends. The last one ends the stream. */
static int
note_event(void *arg, struct slice data)
{
	struct buf *events = arg;

	must(memchr(data.p, '\r', data.len) == NULL);
	must(wire_list_add(events, data) == 0);
	return slice_eq_str(data, "[DONE]") ? -1 : 0;
}

struct reading {
	struct sse_reader reader;
	struct buf *events;
};

static bool
feed(void *arg, struct slice piece)
{
	struct reading *r = arg;

	return sse_feed(&r->reader, piece, note_event, r->events) == 0;
}

static void
read_stream(struct buf *events, struct slice in, struct fuzz_cuts cuts, const void *unused)
{
	struct reading r = {.events = events};

	(void)unused;
	buf_init(events, 5 * in.len + 64);
	sse_init(&r.reader);
	fuzz_feed(in, cuts, feed, &r);
	sse_clear(&r.reader);
}

/* The text with every line end replaced by a line feed, and without the byte order mark. */
static void
normalize(struct buf *out, struct slice text)
{
	bool mark = text.len >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0;

	for (size_t i = mark ? 3 : 0; i < text.len; i++) {
		if (text.p[i] == '\n' && i > 0 && text.p[i - 1] == '\r')
			continue;
		must(buf_append(out, text.p[i] == '\r' ? "\n" : (const char *)&text.p[i], 1) ==
		    0);
	}
}

/* The value of a data field, without one leading space; false for any other line. */
static bool
data_value(struct slice line, struct slice *value)
{
	static const char *const names[] = {"data: ", "data:", "data"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		size_t n = strlen(names[i]);

		if (line.len < n || memcmp(line.p, names[i], n) != 0)
			continue;
		*value = (struct slice){line.p + n, line.len - n};
		return i < 2 || line.len == n;
	}
	return false;
}

/* The events by the standard's algorithm, which is simple with the whole text at hand. */
static void
list_events(struct buf *events, struct slice text)
{
	struct buf lines, data;
	struct slice rest, value;
	const uint8_t *lf;

	buf_init(events, 5 * text.len + 64);
	buf_init(&lines, text.len);
	buf_init(&data, 2 * text.len + 1);
	normalize(&lines, text);
	rest = buf_slice(&lines);
	while (rest.len > 0 && (lf = memchr(rest.p, '\n', rest.len)) != NULL) {
		struct slice line = {rest.p, (size_t)(lf - rest.p)};

		if (data_value(line, &value))
			must(buf_append(&data, value.p, value.len) == 0 &&
			    buf_append(&data, "\n", 1) == 0);
		if (line.len == 0 && buf_len(&data) > 0) {
			buf_truncate(&data, buf_len(&data) - 1);
			if (note_event(events, buf_slice(&data)) == -1)
				break;
			buf_reset(&data);
		}
		rest = (struct slice){lf + 1, rest.len - line.len - 1};
	}
	buf_clear(&lines);
	buf_clear(&data);
}

FUZZ(sse)
{
	struct fuzz_cuts cuts = fuzz_cuts(&in);
	struct buf expected, events;

	list_events(&expected, in);
	fuzz_read_all_ways(&events, in, cuts, read_stream, NULL);
	must(slice_eq(buf_slice(&events), buf_slice(&expected)));
	buf_clear(&expected);
	buf_clear(&events);
}
