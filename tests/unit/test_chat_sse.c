/*
 * The SSE reader: what the specification says, at every split of the bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/basics.h"
#include "workerd/chat/sse.h"

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

static const struct {
	const char *name, *in, *events;
} cases[] = {
    {"one event", "data: a\n\n", "[a]"},
    {"CRLF", "data: a\r\n\r\ndata: b\r\n\r\n", "[a][b]"},
    {"CR", "data: a\r\rdata: b\r\r", "[a][b]"},
    {"mixed line ends", "data: a\r\n\ndata: b\n\r\ndata: c\r\r\n", "[a][b][c]"},
    {"several data lines", "data: a\ndata: b\n\n", "[a\nb]"},
    {"no space after the colon", "data:a\n\n", "[a]"},
    {"only one space is taken", "data:  a\n\n", "[ a]"},
    {"empty data", "data:\n\n", "[]"},
    {"data without colon", "data\n\n", "[]"},
    {"comment", ": hello\n\ndata: a\n\n", "[a]"},
    {"other fields", "event: x\nid: 1\nretry: 5\ndata: a\n\n", "[a]"},
    {"a field that begins like data", "database: x\n\ndata: a\n\n", "[a]"},
    {"byte order mark",
	"\xef\xbb\xbf"
	"data: a\n\n",
	"[a]"},
    {"byte order mark later is no mark",
	"data: a\n\n\xef\xbb\xbf"
	"data: b\n\n",
	"[a]"},
    {"event without blank line", "data: a\n\ndata: b\n", "[a]"},
    {"blank lines alone", "\n\n\r\n\r\r", ""},
    {"unicode", "data: gr\xc3\xbc\xc3\x9f \xf0\x9f\x8c\xb1\n\n",
	"[gr\xc3\xbc\xc3\x9f \xf0\x9f\x8c\xb1]"},
    {"LF at the very start", "\ndata: a\n\n", "[a]"},
};

static void
events_are_the_same_at_every_split(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t len = strlen(cases[i].in);

		for (size_t split = 0; split <= len; split++) {
			struct sse_reader r;
			struct buf out;

			sse_init(&r);
			buf_init(&out, 4096);
			feed(&r, cases[i].in, split, &out);
			feed(&r, cases[i].in + split, len - split, &out);
			if (!slice_eq_str(buf_slice(&out), cases[i].events))
				fail_msg("%s, split at %zu: got %.*s", cases[i].name, split,
				    (int)buf_len(&out), (const char *)buf_data(&out));
			sse_clear(&r);
			buf_clear(&out);
		}
	}
}

static void
events_are_the_same_byte_by_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct sse_reader r;
		struct buf out;

		sse_init(&r);
		buf_init(&out, 4096);
		for (const char *c = cases[i].in; *c != '\0'; c++)
			feed(&r, c, 1, &out);
		if (!slice_eq_str(buf_slice(&out), cases[i].events))
			fail_msg("%s: got %.*s", cases[i].name, (int)buf_len(&out),
			    (const char *)buf_data(&out));
		sse_clear(&r);
		buf_clear(&out);
	}
}

static void
an_endless_line_is_refused(void **state)
{
	char block[65536];
	struct sse_reader r;
	struct buf out;
	int fed = 0;

	(void)state;
	memset(block, 'x', sizeof(block));
	sse_init(&r);
	buf_init(&out, 16);
	while (fed < 100 &&
	    sse_feed(
		&r, (struct slice){(const uint8_t *)block, sizeof(block)}, collect, &out) == 0)
		fed++;
	assert_int_equal(fed, SSE_EVENT_MAX / sizeof(block));
	sse_clear(&r);
}

static int
stop_at_once(void *arg, struct slice data)
{
	(void)data;
	++*(int *)arg;
	return -1;
}

static void
the_callback_can_stop_the_reading(void **state)
{
	struct sse_reader r;
	int calls = 0;

	(void)state;
	sse_init(&r);
	assert_int_equal(
	    sse_feed(&r, slice_str("data: a\n\ndata: b\n\n"), stop_at_once, &calls), -1);
	assert_int_equal(calls, 1);
	sse_clear(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(events_are_the_same_at_every_split),
	    cmocka_unit_test(events_are_the_same_byte_by_byte),
	    cmocka_unit_test(an_endless_line_is_refused),
	    cmocka_unit_test(the_callback_can_stop_the_reading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
