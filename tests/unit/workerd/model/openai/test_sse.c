/*
 * The SSE reader: what the specification says, at every split of the bytes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "tests/unit/unit.h"
#include "workerd/model/openai/sse.h"

/* Collects events as "[data][data]". */
static int
collect(void *arg, struct slice data)
{
	struct buf *out = arg;

	assert_int_equal(buf_append(out, "[", 1), 0);
	assert_int_equal(buf_append(out, data.p, data.len), 0);
	assert_int_equal(buf_append(out, "]", 1), 0);
	return 0;
}

/* Feeds in pieces of which each is a copy of exact size, so that ASan sees a read past it. */
static void
feed(struct sse_reader *r, const char *p, size_t len, struct buf *out)
{
	uint8_t *copy = malloc(len + 1);

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

/* Whether out is the events as cases[] writes them: NUL as \0. */
static bool
is_expected(const struct buf *out, const char *events)
{
	struct buf written;
	bool same;

	buf_init(&written, 4096);
	for (size_t i = 0; i < buf_len(out); i++) {
		const uint8_t *c = buf_data(out) + i;

		assert_int_equal(
		    *c == '\0' ? buf_append_str(&written, "\\0") : buf_append(&written, c, 1),
		    0);
	}
	same = slice_eq_str(buf_slice(&written), events);
	buf_clear(&written);
	return same;
}

TEST(events_are_the_same_at_every_two_splits)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		for (size_t a = 0; a <= cases[i].len; a++)
			for (size_t b = a; b <= cases[i].len; b++) {
				struct sse_reader r;
				struct buf out;

				sse_init(&r);
				buf_init(&out, 4096);
				feed(&r, cases[i].in, a, &out);
				feed(&r, cases[i].in + a, b - a, &out);
				feed(&r, cases[i].in + b, cases[i].len - b, &out);
				if (!is_expected(&out, cases[i].events))
					fail_msg("%s, split at %zu and %zu: got %.*s",
					    cases[i].name, a, b, (int)buf_len(&out),
					    (const char *)buf_data(&out));
				sse_clear(&r);
				buf_clear(&out);
			}
}

TEST(events_are_the_same_byte_by_byte)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct sse_reader r;
		struct buf out;

		sse_init(&r);
		buf_init(&out, 4096);
		for (size_t at = 0; at < cases[i].len; at++)
			feed(&r, cases[i].in + at, 1, &out);
		if (!is_expected(&out, cases[i].events))
			fail_msg("%s: got %.*s", cases[i].name, (int)buf_len(&out),
			    (const char *)buf_data(&out));
		sse_clear(&r);
		buf_clear(&out);
	}
}

/* An event comes with its blank line, not with what follows: a lone CR ends a line at once. */
TEST(an_event_does_not_wait_for_more)
{
	static const char *const ends[] = {"\n\n", "\r\r", "\r\n\r"};

	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		struct sse_reader r;
		struct buf out;

		sse_init(&r);
		buf_init(&out, 16);
		feed(&r, "data: a", 7, &out);
		assert_int_equal(buf_len(&out), 0);
		feed(&r, ends[i], strlen(ends[i]), &out);
		assert_true(slice_eq_str(buf_slice(&out), "[a]"));
		sse_clear(&r);
		buf_clear(&out);
	}
}

/* Feeds a block again and again: how often that went well, NEVER if it was never refused. */
#define NEVER (SSE_EVENT_MAX + 1)
static size_t
feed_until_refused(const char *start, const char *block)
{
	struct sse_reader r;
	size_t fed = 0;

	sse_init(&r);
	assert_int_equal(sse_feed(&r, slice_str(start), collect, NULL), 0);
	while (fed < NEVER && sse_feed(&r, slice_str(block), collect, NULL) == 0)
		fed++;
	if (fed < NEVER)
		assert_int_equal(errno, ENOBUFS);
	sse_clear(&r);
	return fed;
}

TEST(an_endless_line_or_event_is_refused)
{
	char block[4097], line[4097] = "data:";
	static uint8_t huge[SSE_EVENT_MAX + 2];
	struct sse_reader r;

	memset(block, 'x', 4096);
	block[4096] = '\0';
	memset(line + 5, 'x', 4090);
	line[4095] = '\n';
	assert_int_equal(feed_until_refused("", block), SSE_EVENT_MAX / 4096);
	/* each line's data is 4090 bytes, and a line feed before all but the first */
	assert_int_equal(feed_until_refused("", line), (SSE_EVENT_MAX + 1) / 4091);
	/* empty lines of data are line feeds, too */
	assert_int_equal(feed_until_refused("data\n", "data\n"), SSE_EVENT_MAX);
	assert_int_equal(feed_until_refused("data\n", "data:x\n"), SSE_EVENT_MAX / 2);
	/* comments are kept nowhere */
	assert_int_equal(feed_until_refused("", ": a comment\n"), NEVER);
	/* and all in one piece */
	memset(huge, 'x', sizeof(huge));
	huge[SSE_EVENT_MAX + 1] = '\n';
	sse_init(&r);
	errno = 0;
	assert_int_equal(sse_feed(&r, (struct slice){huge, sizeof(huge)}, collect, NULL), -1);
	assert_int_equal(errno, ENOBUFS);
	sse_clear(&r);
}

static int
count_bytes(void *arg, struct slice data)
{
	*(size_t *)arg += data.len;
	return 0;
}

static size_t
memory_of(const struct sse_reader *r)
{
	return r->line.cap + r->data.cap;
}

TEST(an_event_leaves_no_memory)
{
	static const struct {
		const char *text;
		bool waits; /* something is kept for what comes next */
	} pieces[] = {
	    {"data: one\n\n", false},
	    {"data: two\r\n\r\n", false},
	    {"da", true},
	    {"ta: three\n\n", false},
	    {"data: lines\ndata: of four\n\n", false},
	    {"data: five\n", true},
	    {"\n", false},
	};
	struct sse_reader r;
	size_t bytes = 0;

	sse_init(&r);
	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		assert_int_equal(
		    sse_feed(&r, slice_str(pieces[i].text), count_bytes, &bytes), 0);
		assert_int_equal(memory_of(&r) > 0, pieces[i].waits);
	}
	assert_int_equal(bytes, strlen("onetwothreelines\nof fourfive"));
	sse_clear(&r);
}

/* What is copied for it shows in the buffers while the callback runs. */
static int
find_no_copy(void *arg, struct slice data)
{
	const struct sse_reader *r = arg;

	assert_true(slice_eq_str(data, "one"));
	assert_int_equal(memory_of(r), 0);
	return 0;
}

TEST(an_event_that_comes_whole_is_not_copied)
{
	static const char *const pieces[] = {"data: one\n\n", "data:one\r\n\r\n",
	    "data:one\r\r", ": a comment\nevent: e\ndata: one\n\ndata: one\n\n"};

	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		struct sse_reader r;

		sse_init(&r);
		assert_int_equal(sse_feed(&r, slice_str(pieces[i]), find_no_copy, &r), 0);
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
