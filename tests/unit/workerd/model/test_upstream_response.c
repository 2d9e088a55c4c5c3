/*
 * A model's HTTP answer, read whole and at every split of its bytes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/unit/unit.h"
#include "workerd/model/upstream_response.h"

#define OK "HTTP/1.1 200 OK\r\n"

/* What an answer comes to, as text: "200 body." when it is whole and the connection can be kept,
 * "200 body|" when it is whole and cannot, "200 body…" when more is to come (or, behind a colon, the
 * connection's end is the answer's), "bad" in the end if it is bad. */
static const struct {
	const char *name, *in, *seen;
} cases[] = {
    {"nothing", "", "…"},
    {"a length", OK "Content-Length: 5\r\n\r\nhello", "200 hello."},
    {"a length, not all of it", OK "Content-Length: 6\r\n\r\nhello", "200 hello…"},
    {"no body", OK "Content-Length: 0\r\n\r\n", "200 ."},
    {"chunks", OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n",
	"200 hello!."},
    {"sizes in either case, zeroes in front",
	OK
	"Transfer-Encoding: chunked\r\n\r\n00A\r\n0123456789\r\nb\r\n0123456789a\r\n0\r\n\r\n",
	"200 01234567890123456789a."},
    {"chunk extensions",
	OK "Transfer-Encoding: chunked\r\n\r\n2;a=b\r\nhi\r\n0 ; x=\"y\"\r\n\r\n", "200 hi."},
    {"a trailer", OK "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: 1\r\n\r\n",
	"200 hi."},
    {"chunks, the last one missing", OK "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n",
	"200 hi…"},
    {"Chunked, of any case", OK "transfer-ENCODING:ChunKed \r\n\r\n0\r\n\r\n", "200 ."},
    {"up to the connection's end", OK "\r\nhello", "200 hello:…"},
    {"HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", "200 hi|"},
    {"Connection: close", OK "Connection: close\r\nContent-Length: 2\r\n\r\nhi", "200 hi|"},
    {"close among others", OK "Connection: keep-alive, Close ,x\r\nContent-Length: 2\r\n\r\nhi",
	"200 hi|"},
    {"keep-alive", OK "Connection: keep-alive\r\nContent-Length: 2\r\n\r\nhi", "200 hi."},
    {"length and chunks: the chunks hold, and nothing is kept",
	OK "Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
	"200 hi|"},
    {"204 has no body", "HTTP/1.1 204 No Content\r\n\r\n", "204 ."},
    {"304 has no body, whatever it says",
	"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "304 ."},
    {"an error", "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 2\r\n\r\nno", "429 no."},
    {"no reason", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "200 ."},
    {"an empty reason", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", "200 ."},
    {"interim answers",
	"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nContent-Length: 9\r\n\r\n" OK
	"Content-Length: 2\r\n\r\nhi",
	"200 hi."},
    {"line feeds alone", "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n2\nhi\n0\n\n",
	"200 hi."},
    {"the same length twice", OK "Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi", "200 hi."},
    {"other fields, empty ones too", OK "Server:\r\nX: : \r\nContent-Length: 2\r\n\r\nhi",
	"200 hi."},
    {"bytes behind it stay", OK "Content-Length: 2\r\n\r\nhiHTTP/1.1 500", "200 hi.<12>"},

    {"not HTTP", "hello\r\n", "bad"},
    {"HTTP/2.0", "HTTP/2.0 200 OK\r\n\r\n", "bad"},
    {"HTTP/1.2", "HTTP/1.2 200 OK\r\n\r\n", "bad"},
    {"a status of two digits", "HTTP/1.1 20\r\n\r\n", "bad"},
    {"a status of four digits", "HTTP/1.1 2000\r\n\r\n", "bad"},
    {"a status of letters", "HTTP/1.1 2x0 OK\r\n\r\n", "bad"},
    {"a status below 100", "HTTP/1.1 099 OK\r\n\r\n", "bad"},
    {"a status over 599", "HTTP/1.1 600 OK\r\n\r\n", "bad"},
    {"another protocol", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", "bad"},
    {"an empty line first", "\r\n" OK "\r\n", "bad"},
    {"a field without colon", OK "hello\r\n\r\n", "bad"},
    {"a field without name", OK ": hello\r\n\r\n", "bad"},
    {"a space before the colon", OK "Content-Length : 2\r\n\r\nhi", "bad"},
    {"a folded line", OK "X: a\r\n b\r\n\r\n", "bad"},
    {"two lengths", OK "Content-Length: 2\r\nContent-Length: 3\r\n\r\nhi!", "bad"},
    {"a length that is none", OK "Content-Length: two\r\n\r\nhi", "bad"},
    {"a negative length", OK "Content-Length: -2\r\n\r\nhi", "bad"},
    {"an empty length", OK "Content-Length:\r\n\r\nhi", "bad"},
    {"a list of lengths", OK "Content-Length: 2, 2\r\n\r\nhi", "bad"},
    {"a length beyond all sense", OK "Content-Length: 1000000000000000\r\n\r\nhi", "bad"},
    {"gzip", OK "Transfer-Encoding: gzip, chunked\r\n\r\n", "bad"},
    {"chunked twice", OK "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
	"bad"},
    {"a chunk without size", OK "Transfer-Encoding: chunked\r\n\r\n\r\nhi", "200 bad"},
    {"a chunk's size that is none", OK "Transfer-Encoding: chunked\r\n\r\nhi\r\n", "200 bad"},
    {"a chunk's size and more", OK "Transfer-Encoding: chunked\r\n\r\n2 2\r\nhi", "200 bad"},
    {"a chunk's size in the style of C", OK "Transfer-Encoding: chunked\r\n\r\n0x2\r\nhi",
	"200 bad"},
    {"a chunk beyond all sense", OK "Transfer-Encoding: chunked\r\n\r\n1000000000000000\r\n",
	"200 bad"},
    {"a chunk longer than its size", OK "Transfer-Encoding: chunked\r\n\r\n2\r\nhi!\r\n",
	"200 hibad"},
};

static void
note(struct buf *seen, const char *text)
{
	assert_int_equal(buf_append_str(seen, text), 0);
}

/* Takes one result into account; false when nothing can follow it. */
static bool
take(struct upstream_response *a, enum response_result result, struct slice piece,
    struct buf *seen)
{
	switch (result) {
	case RESPONSE_MORE:
		return true;
	case RESPONSE_HEAD:
		assert_int_equal(buf_printf(seen, "%d ", a->status), 0);
		return true;
	case RESPONSE_PIECE:
		assert_true(piece.len > 0);
		assert_int_equal(buf_append(seen, piece.p, piece.len), 0);
		return true;
	case RESPONSE_WHOLE:
		note(seen, a->keep_alive ? "." : "|");
		return false;
	case RESPONSE_BAD:
		note(seen, "bad");
		return false;
	}
	fail();
	return false;
}

/* Feeds a piece, a copy of its exact size. false when it was the last. */
static bool
feed(struct upstream_response *a, struct slice text, struct buf *seen)
{
	uint8_t *copy = malloc(text.len + (text.len == 0));
	struct slice in = {copy, text.len}, piece;
	enum response_result result;
	bool goes_on;

	if (text.len > 0)
		memcpy(copy, text.p, text.len);
	do {
		result = upstream_response_read(a, &in, &piece);
		goes_on = take(a, result, piece, seen);
	} while (goes_on && result != RESPONSE_MORE);
	if (result == RESPONSE_WHOLE && in.len > 0)
		assert_int_equal(buf_printf(seen, "<%zu>", in.len), 0);
	free(copy);
	return goes_on;
}

static void
read_in_pieces(struct slice text, size_t first, size_t step, struct buf *seen)
{
	struct upstream_response a;
	bool goes_on = true;

	upstream_response_init(&a);
	for (size_t at = 0, n = first; goes_on && at < text.len; at += n, n = step) {
		if (n > text.len - at)
			n = text.len - at;
		goes_on = feed(&a, (struct slice){text.p + at, n}, seen);
	}
	if (goes_on && upstream_response_ends_here(&a))
		note(seen, ":");
	if (goes_on)
		note(seen, "…");
	upstream_response_clear(&a);
}

/* What follows the answer in another piece is not there to be counted. */
static bool
is_expected(struct buf *seen, const char *expected)
{
	const char *behind = strchr(expected, '<');
	size_t len = behind == NULL ? strlen(expected) : (size_t)(behind - expected);

	return buf_len(seen) >= len && memcmp(buf_data(seen), expected, len) == 0 &&
	    (behind != NULL || buf_len(seen) == len);
}

static void
check(const char *name, struct slice text, size_t first, size_t step, const char *expected)
{
	struct buf seen;

	buf_init(&seen, 4096);
	read_in_pieces(text, first, step, &seen);
	if (!is_expected(&seen, expected))
		fail_msg("%s, cut at %zu and each %zu: %.*s, not %s", name, first, step,
		    (int)buf_len(&seen), (const char *)buf_data(&seen), expected);
	buf_clear(&seen);
}

TEST(an_answer_is_read_alike_at_every_split)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct slice text = slice_str(cases[i].in);

		for (size_t first = 1; first <= text.len + (text.len == 0); first++)
			check(cases[i].name, text, first, text.len, cases[i].seen);
		for (size_t step = 1; step <= 3; step++)
			check(cases[i].name, text, step, step, cases[i].seen);
	}
}

static uint64_t
retry_after(const char *value)
{
	char text[256];
	struct slice in, piece;
	struct upstream_response a;
	uint64_t seconds;

	(void)snprintf(text, sizeof(text),
	    "HTTP/1.1 503 Busy\r\nRetry-After: %s\r\nContent-Length: 0\r\n\r\n", value);
	in = slice_str(text);
	upstream_response_init(&a);
	assert_int_equal(upstream_response_read(&a, &in, &piece), RESPONSE_HEAD);
	seconds = a.retry_after_s;
	upstream_response_clear(&a);
	return seconds;
}

TEST(retry_after_is_seconds_or_a_date)
{
	time_t soon = time(NULL) + 100;
	char date[64];
	struct tm tm;

	assert_int_equal(retry_after("30"), 30);
	assert_int_equal(retry_after("0"), 0);
	assert_int_equal(retry_after("-1"), 0);
	assert_int_equal(retry_after("soon"), 0);
	assert_int_equal(retry_after(""), 0);
	assert_int_equal(retry_after("Sun, 06 Nov 1994 08:49:37 GMT"), 0);
	assert_int_equal(retry_after("Sunday, the sixth of November, nineteen ninety-four"), 0);
	assert_non_null(gmtime_r(&soon, &tm));
	assert_true(strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &tm) > 0);
	assert_in_range(retry_after(date), 60, 100);
}

/* Feeds the same line again and again. How many bytes were taken before it was too much. */
static size_t
endless(const char *start, const char *again)
{
	struct slice in = slice_str(start), piece;
	enum response_result result;
	struct upstream_response a;
	size_t n = 0;

	upstream_response_init(&a);
	do
		result = upstream_response_read(&a, &in, &piece);
	while (result == RESPONSE_HEAD || result == RESPONSE_PIECE);
	while (result == RESPONSE_MORE && n < 10 * RESPONSE_HEAD_MAX) {
		in = slice_str(again);
		n += in.len;
		result = upstream_response_read(&a, &in, &piece);
	}
	upstream_response_clear(&a);
	return n;
}

TEST(heads_lines_and_trailers_have_their_bounds)
{
	assert_in_range(endless("", "x"), RESPONSE_LINE_MAX, RESPONSE_LINE_MAX + 1);
	assert_in_range(
	    endless(OK, "X: y\r\n"), RESPONSE_HEAD_MAX - 100, RESPONSE_HEAD_MAX + 100);
	assert_in_range(endless("", "HTTP/1.1 100 Continue\r\n\r\n"), RESPONSE_HEAD_MAX - 100,
	    RESPONSE_HEAD_MAX + 100);
	assert_in_range(endless(OK "Transfer-Encoding: chunked\r\n\r\n0\r\n", "X: y\r\n"),
	    RESPONSE_HEAD_MAX - 100, RESPONSE_HEAD_MAX + 100);
	assert_in_range(endless(OK "Transfer-Encoding: chunked\r\n\r\n1;", "x"),
	    RESPONSE_LINE_MAX - 2, RESPONSE_LINE_MAX + 1);
}

/* Whether a head is read in which a field takes so many bytes, given in pieces of so many. */
static bool
takes_field(size_t len, size_t step)
{
	struct slice in, piece;
	enum response_result result = RESPONSE_MORE;
	struct upstream_response a;
	struct buf text;

	buf_init(&text, 65536);
	note(&text, OK "X:");
	while (buf_len(&text) < strlen(OK) + len - 2)
		note(&text, "y");
	note(&text, "\r\n\r\n");
	upstream_response_init(&a);
	for (size_t at = 0; result == RESPONSE_MORE && at < buf_len(&text); at += step) {
		size_t n = buf_len(&text) - at;

		in = (struct slice){buf_data(&text) + at, n < step ? n : step};
		result = upstream_response_read(&a, &in, &piece);
	}
	upstream_response_clear(&a);
	buf_clear(&text);
	assert_true(result == RESPONSE_HEAD || result == RESPONSE_BAD);
	return result == RESPONSE_HEAD;
}

TEST(a_line_has_the_same_bound_at_every_split)
{
	static const size_t steps[] = {1, 1000, 65536};

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		assert_true(takes_field(RESPONSE_LINE_MAX, steps[i]));
		assert_false(takes_field(RESPONSE_LINE_MAX + 1, steps[i]));
	}
}

TEST(chunks_may_be_many)
{
	struct slice in = slice_str(OK "Transfer-Encoding: chunked\r\n\r\n"), piece;
	struct upstream_response a;

	upstream_response_init(&a);
	assert_int_equal(upstream_response_read(&a, &in, &piece), RESPONSE_HEAD);
	for (size_t i = 0; i < RESPONSE_HEAD_MAX; i++) {
		in = slice_str("1\r\nx\r\n");
		assert_int_equal(upstream_response_read(&a, &in, &piece), RESPONSE_PIECE);
		assert_int_equal(upstream_response_read(&a, &in, &piece), RESPONSE_MORE);
	}
	upstream_response_clear(&a);
}

TEST(the_next_answer_begins_anew)
{
	struct slice in =
	    slice_str("HTTP/1.0 503 x\r\nRetry-After: 9\r\nContent-Length: 0\r\n\r\n");
	struct slice piece;
	struct upstream_response a;

	upstream_response_init(&a);
	assert_int_equal(upstream_response_read(&a, &in, &piece), RESPONSE_HEAD);
	assert_int_equal(upstream_response_read(&a, &in, &piece), RESPONSE_WHOLE);
	upstream_response_reset(&a);
	in = slice_str(OK "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
	assert_int_equal(upstream_response_read(&a, &in, &piece), RESPONSE_HEAD);
	assert_int_equal(a.status, 200);
	assert_int_equal(a.retry_after_s, 0);
	assert_int_equal(upstream_response_read(&a, &in, &piece), RESPONSE_WHOLE);
	assert_true(a.keep_alive);
	upstream_response_clear(&a);
}

TEST_MAIN(NULL, NULL)
