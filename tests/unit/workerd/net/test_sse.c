/*
 * The SSE reader: what the specification says, at every split of the bytes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "tests/unit/unit.h"
#include "workerd/net/sse.h"

/* Collects events as "[data][data]", NUL as \0. */
static int
collect(void *arg, struct slice data)
{
	struct buf *out = arg;

	assert_int_equal(buf_append_str(out, "["), 0);
	for (size_t i = 0; i < data.len; i++)
		assert_int_equal(data.p[i] == '\0' ? buf_append_str(out, "\\0")
						   : buf_append(out, data.p + i, 1),
		    0);
	assert_int_equal(buf_append_str(out, "]"), 0);
	return 0;
}

/* Feeds a copy of the exact size, so that a sanitizer detects reads beyond it. */
static void
feed(struct sse_reader *r, const char *p, size_t len, struct buf *out)
{
	uint8_t *copy = malloc(len + (len == 0));

	assert_non_null(copy);
	memcpy(copy, p, len);
	assert_int_equal(sse_feed(r, (struct slice){copy, len}, collect, out), 0);
	free(copy);
}

/* Bytes that may hold NUL. */
#define BYTES(text) text, sizeof(text) - 1
#define BOM         "\xef\xbb\xbf"

static const struct {
	const char *name, *in;
	size_t len;
	const char *events;
} cases[] = {
    {"nothing", BYTES(""), ""},
    {"one event", BYTES("data: a\n\n"), "[a]"},
    {"CRLF", BYTES("data: a\r\n\r\ndata: b\r\n\r\n"), "[a][b]"},
    {"CR", BYTES("data: a\r\rdata: b\r\r"), "[a][b]"},
    {"mixed line ends", BYTES("data: a\r\n\ndata: b\n\r\ndata: c\r\r\n"), "[a][b][c]"},
    {"several data lines", BYTES("data: a\ndata: b\n\n"), "[a\nb]"},
    {"several data lines, by CRLF", BYTES("data: a\r\ndata: b\r\n\r\n"), "[a\nb]"},
    {"several data lines, by CR", BYTES("data: a\rdata: b\r\r"), "[a\nb]"},
    {"data lines around others", BYTES("data: a\nid: 1\n: c\ndata: b\n\n"), "[a\nb]"},
    {"an empty data line between", BYTES("data: a\ndata:\ndata: b\n\n"), "[a\n\nb]"},
    {"no space after the colon", BYTES("data:a\n\n"), "[a]"},
    {"only one space is taken", BYTES("data:  a\n\n"), "[ a]"},
    {"a tab is no space", BYTES("data:\ta\n\n"), "[\ta]"},
    {"a colon in the data", BYTES("data: a: b\n\n"), "[a: b]"},
    {"empty data", BYTES("data:\n\n"), "[]"},
    {"empty data, with a space", BYTES("data: \n\n"), "[]"},
    {"data without colon", BYTES("data\n\n"), "[]"},
    {"data without colon, twice", BYTES("data\ndata\n\n"), "[\n]"},
    {"the standard's example", BYTES("data\n\ndata\ndata\n\ndata:"), "[][\n]"},
    {"a comment", BYTES(": hello\n\ndata: a\n\n"), "[a]"},
    {"OpenRouter's comments",
	BYTES(": OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\n\ndata: a\n\n"), "[a]"},
    {"a comment that looks like data", BYTES(":data: a\n\n"), ""},
    {"an empty comment", BYTES(":\n\ndata: a\n\n"), "[a]"},
    {"other fields", BYTES("event: x\nid: 1\nretry: 5\ndata: a\n\n"), "[a]"},
    {"an event without data", BYTES("event: x\n\ndata: a\n\n"), "[a]"},
    {"a field that begins like data", BYTES("database: x\n\ndata: a\n\n"), "[a]"},
    {"a field of other case", BYTES("Data: x\n\ndata: a\n\n"), "[a]"},
    {"a field behind a space", BYTES(" data: x\n\ndata: a\n\n"), "[a]"},
    {"the start of a field's name", BYTES("dat\n\ndata: a\n\n"), "[a]"},
    {"a byte order mark", BYTES(BOM "data: a\n\n"), "[a]"},
    {"a byte order mark and a blank line", BYTES(BOM "\ndata: a\n\n"), "[a]"},
    {"two byte order marks", BYTES(BOM BOM "data: x\n\ndata: a\n\n"), "[a]"},
    {"a byte order mark later is none", BYTES("data: a\n\n" BOM "data: b\n\n"), "[a]"},
    {"a byte order mark after a blank line is none", BYTES("\n" BOM "data: a\n\n"), ""},
    {"half a byte order mark",
	BYTES("\xef\xbb"
	      "data: x\n\ndata: a\n\n"),
	"[a]"},
    {"a byte order mark within data", BYTES("data: " BOM "a\n\n"), "[" BOM "a]"},
    {"an event without blank line", BYTES("data: a\n\ndata: b\n"), "[a]"},
    {"an event without line end", BYTES("data: a\n\ndata: b"), "[a]"},
    {"blank lines alone", BYTES("\n\n\r\n\r\r"), ""},
    {"unicode", BYTES("data: gr\xc3\xbc\xc3\x9f \xf0\x9f\x8c\xb1\n\n"),
	"[gr\xc3\xbc\xc3\x9f \xf0\x9f\x8c\xb1]"},
    {"invalid UTF-8 is passed on", BYTES("data: a\xff\xc3\n\n"), "[a\xff\xc3]"},
    {"line ends of Unicode are none",
	BYTES("data: a\xe2\x80\xa8\xc2\x85\x0b\x0c"
	      "b\n\n"),
	"[a\xe2\x80\xa8\xc2\x85\x0b\x0c"
	"b]"},
    {"LF at the very start", BYTES("\ndata: a\n\n"), "[a]"},
    {"CRLF at the very start", BYTES("\r\ndata: a\n\n"), "[a]"},
    {"a NUL in data", BYTES("data: a\0b\n\n"), "[a\\0b]"},
    {"a NUL in a field's name", BYTES("data\0: x\n\ndata: a\n\n"), "[a]"},
    {"a NUL in a comment", BYTES(": \0\ndata: a\n\n"), "[a]"},
};

/* Feeds a case in pieces: the first two have these lengths, all others the third. */
static void
expect_events(size_t i, size_t first, size_t second, size_t step)
{
	struct sse_reader r;
	struct buf out;
	size_t n = first;

	sse_init(&r);
	buf_init(&out, 4096);
	feed(&r, "", 0, &out);
	for (size_t at = 0; at < cases[i].len; at += n) {
		n = at == 0 ? first : at == first ? second : step;
		n = n < cases[i].len - at ? n : cases[i].len - at;
		feed(&r, cases[i].in + at, n, &out);
	}
	if (!slice_eq_str(buf_slice(&out), cases[i].events))
		fail_msg("%s, in pieces of %zu, %zu and %zu: got %.*s", cases[i].name, first,
		    second, step, (int)buf_len(&out), (const char *)buf_data(&out));
	sse_clear(&r);
	buf_clear(&out);
}

TEST(events_are_the_same_at_every_two_splits)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		for (size_t a = 1; a <= cases[i].len; a++)
			for (size_t b = 1; a + b <= cases[i].len; b++)
				expect_events(i, a, b, cases[i].len);
		expect_events(i, 1, 1, 1);
	}
}

static size_t
memory_of(const struct sse_reader *r)
{
	return r->line.cap + r->data.cap;
}

struct memory {
	const struct sse_reader *reader;
	bool copied; /* the last event's data */
	unsigned events;
};

static int
note_memory(void *arg, struct slice data)
{
	struct memory *m = arg;

	assert_true(slice_eq_str(data, "a") || slice_eq_str(data, "a\nb"));
	m->copied = memory_of(m->reader) > 0;
	m->events++;
	return 0;
}

/* A lone CR ends a line at once. */
TEST(an_event_is_delivered_with_its_blank_line_and_leaves_no_memory)
{
	static const struct {
		const char *piece;
		unsigned events;
		bool copied; /* the event's data; if there is no event, the piece */
	} pieces[] = {
	    {"data: a\n\n", 1, false},
	    {"data:a\r\n\r\n", 1, false},
	    {"data:a\r\r", 1, false},
	    {": a comment\nevent: e\ndata: a\n\ndata: a\n\n", 2, false},
	    {"data: a\ndata: b\n\n", 1, true},
	    {"data: a", 0, true},
	    {"\n\n", 1, true},
	    {"data: a", 0, true},
	    {"\r\r", 1, true},
	    {"data: a", 0, true},
	    {"\r\n\r", 1, true},
	    {"da", 0, true},
	    {"ta: a\n\n", 1, true},
	    {"data: a\n", 0, true},
	    {"\n", 1, true},
	};
	struct sse_reader r;

	sse_init(&r);
	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		struct memory m = {.reader = &r};

		assert_int_equal(sse_feed(&r, slice_str(pieces[i].piece), note_memory, &m), 0);
		if (m.events != pieces[i].events ||
		    (m.events > 0 && m.copied != pieces[i].copied) ||
		    (memory_of(&r) > 0) != (m.events == 0))
			fail_msg("piece %zu: %s", i, pieces[i].piece);
	}
	sse_clear(&r);
}

#define FOREVER (SSE_EVENT_MAX + 1)

TEST(a_line_or_event_that_is_too_long_is_refused)
{
	static char x4096[4097], line4096[4097] = "data:", whole[SSE_EVENT_MAX + 3];
	const struct {
		const char *start, *again;
		size_t times; /* that it is accepted */
	} floods[] = {
	    {"", x4096, SSE_EVENT_MAX / 4096},
	    /* Each line has 4090 bytes of data, and a line feed before all but the first. */
	    {"", line4096, (SSE_EVENT_MAX + 1) / 4091},
	    {"data\n", "data\n", SSE_EVENT_MAX},
	    {"data\n", "data:x\n", SSE_EVENT_MAX / 2},
	    {"", ": a comment\n", FOREVER},
	    {"", whole, 0},
	};

	memset(x4096, 'x', sizeof(x4096) - 1);
	memset(line4096 + 5, 'x', sizeof(line4096) - 7);
	line4096[sizeof(line4096) - 2] = '\n';
	memset(whole, 'x', sizeof(whole) - 1);
	whole[sizeof(whole) - 2] = '\n';
	for (size_t i = 0; i < ARRAY_LEN(floods); i++) {
		struct sse_reader r;
		size_t n = 0;

		sse_init(&r);
		assert_int_equal(sse_feed(&r, slice_str(floods[i].start), collect, NULL), 0);
		errno = 0;
		while (
		    n < FOREVER && sse_feed(&r, slice_str(floods[i].again), collect, NULL) == 0)
			n++;
		assert_int_equal(n, floods[i].times);
		assert_int_equal(errno, n < FOREVER ? ENOBUFS : 0);
		sse_clear(&r);
	}
}

static int
stop_at_once(void *arg, struct slice data)
{
	(void)data;
	++*(int *)arg;
	return -1;
}

TEST(the_callback_can_stop_the_reading)
{
	struct sse_reader r;
	int calls = 0;

	sse_init(&r);
	assert_int_equal(
	    sse_feed(&r, slice_str("data: a\n\ndata: b\n\n"), stop_at_once, &calls), -1);
	assert_int_equal(calls, 1);
	sse_clear(&r);
}

TEST_MAIN(NULL, NULL)
