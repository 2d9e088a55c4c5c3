/*
 * Responses of a model server, read whole and at every split of their bytes.
 */
#include "tests/unit/workerd/model/upstream_rig.h"
#include "workerd/model/upstream_response.h"

/* How a response ends. */
enum outcome {
	KEPT,    /* complete; the connection is used again */
	CLOSED,  /* complete; the client closes the connection */
	AT_END,  /* complete when the server closes the connection */
	CUT,     /* incomplete when the server closes the connection */
	INVALID, /* the client closes the connection: UPSTREAM_BROKEN */
};

/* What the server sends, and what the caller hears: status, retry_after_ms if it is not 0, body. */
struct response {
	const char *name, *sent, *heard;
	enum outcome outcome;
};

static const struct response responses[] = {
    {"a length", OK "Content-Length: 5\r\n\r\nhello", "200 hello", KEPT},
    {"a length, but less data", OK "Content-Length: 6\r\n\r\nhello", "200 hello", CUT},
    {"no body", OK "Content-Length: 0\r\n\r\n", "200 ", KEPT},
    {"chunks", CHUNKED "5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n", "200 hello!", KEPT},
    {"chunk sizes in upper case, lower case, with leading zeros",
	CHUNKED "00A\r\n0123456789\r\nb\r\n0123456789a\r\n0\r\n\r\n",
	"200 01234567890123456789a", KEPT},
    {"chunk extensions", CHUNKED "2;a=b\r\nhi\r\n0;x=\"y\"\r\n\r\n", "200 hi", KEPT},
    {"a trailer", CHUNKED "2\r\nhi\r\n0\r\nX-Sum: 1\r\n\r\n", "200 hi", KEPT},
    {"chunks without the last one", CHUNKED "2\r\nhi\r\n", "200 hi", CUT},
    {"chunked, in mixed case", OK "transfer-ENCODING:ChunKed \r\n\r\n0\r\n\r\n", "200 ", KEPT},
    {"neither length nor chunks", OK "\r\nhello", "200 hello", AT_END},
    {"HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", "200 hi", CLOSED},
    {"HTTP/1.0 without a length", "HTTP/1.0 200 OK\r\n\r\nhi", "200 hi", AT_END},
    {"Connection: close", OK "Connection: close\r\nContent-Length: 2\r\n\r\nhi", "200 hi",
	CLOSED},
    {"close in a list", OK "Connection: keep-alive, Close ,x\r\nContent-Length: 2\r\n\r\nhi",
	"200 hi", CLOSED},
    {"keep-alive", OK "Connection: keep-alive\r\nContent-Length: 2\r\n\r\nhi", "200 hi", KEPT},
    {"204 has no body", "HTTP/1.1 204 No Content\r\n\r\n", "204 ", KEPT},
    {"304 has no body in spite of its length",
	"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "304 ", KEPT},
    {"no reason", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "200 ", KEPT},
    {"an empty reason", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", "200 ", KEPT},
    {"interim responses",
	"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n" OK
	"Content-Length: 2\r\n\r\nhi",
	"200 hi", KEPT},
    {"lines that end with LF", "HTTP/1.1 200 OK\nContent-Length: 2\n\nhi", "200 hi", KEPT},
    {"the same length twice", OK "Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi", "200 hi",
	KEPT},
    {"other fields, also empty ones", OK "Server:\r\nX: : \r\nContent-Length: 2\r\n\r\nhi",
	"200 hi", KEPT},

    {"an error", "HTTP/1.1 429 Busy\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\nno",
	"429 (7000 ms) no", KEPT},
    {"an error without Retry-After", "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 2\r\n\r\nno",
	"502 no", KEPT},
    {"Retry-After 0", OK "Retry-After: 0\r\nContent-Length: 0\r\n\r\n", "200 ", KEPT},
    {"Retry-After -1", OK "Retry-After: -1\r\nContent-Length: 0\r\n\r\n", "200 ", KEPT},
    {"Retry-After soon", OK "Retry-After: soon\r\nContent-Length: 0\r\n\r\n", "200 ", KEPT},
    {"an empty Retry-After", OK "Retry-After: \r\nContent-Length: 0\r\n\r\n", "200 ", KEPT},
    {"Retry-After with more than the maximum",
	OK "Retry-After: 3601\r\nContent-Length: 0\r\n\r\n", "200 (3600000 ms) ", KEPT},
    {"Retry-After in the past",
	OK "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 0\r\n\r\n", "200 ",
	KEPT},
    {"Retry-After with a long text",
	OK "Retry-After: Sunday, the sixth of November, nineteen ninety-four\r\n"
	   "Content-Length: 0\r\n\r\n",
	"200 ", KEPT},

    {"not HTTP", "hello\r\n", "", INVALID},
    {"HTTP/1.2", "HTTP/1.2 200 OK\r\n\r\n", "", INVALID},
    {"a status of two digits", "HTTP/1.1 20\r\n\r\n", "", INVALID},
    {"a status of four digits", "HTTP/1.1 2000\r\n\r\n", "", INVALID},
    {"a status of letters", "HTTP/1.1 2x0 OK\r\n\r\n", "", INVALID},
    {"a status below 100", "HTTP/1.1 099 OK\r\n\r\n", "", INVALID},
    {"an empty first line", "\r\n" OK "\r\n", "", INVALID},
    {"a field without a colon", OK "hello\r\n\r\n", "", INVALID},
    {"a length of letters", OK "Content-Length: two\r\n\r\nhi", "", INVALID},
    {"a negative length", OK "Content-Length: -2\r\n\r\nhi", "", INVALID},
    {"an empty length", OK "Content-Length:\r\n\r\nhi", "", INVALID},
    {"a chunk without a size", CHUNKED "\r\nhi", "200 ", INVALID},
    {"a chunk size of letters", CHUNKED "hi\r\n", "200 ", INVALID},
};

/* libcurl accepts some of these. */
static const struct response ambiguous_responses[] = {
    {"both length and chunks: chunks are used",
	OK "Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
	"200 hi", CLOSED},
    {"an interim response with a length",
	"HTTP/1.1 103 Early Hints\r\nContent-Length: 9\r\n\r\n" OK
	"Content-Length: 2\r\n\r\nhi",
	"200 hi", KEPT},
    {"HTTP/2.0", "HTTP/2.0 200 OK\r\n\r\n", "", INVALID},
    {"a status above 599", "HTTP/1.1 600 OK\r\n\r\n", "", INVALID},
    {"another protocol", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", "", INVALID},
    {"a field without a name", OK ": hello\r\n\r\n", "", INVALID},
    {"a space before the colon", OK "Content-Length : 2\r\n\r\nhi", "", INVALID},
    {"a folded line", OK "X: a\r\n b\r\n\r\n", "", INVALID},
    {"two lengths", OK "Content-Length: 2\r\nContent-Length: 3\r\n\r\nhi!", "", INVALID},
    {"a list of lengths", OK "Content-Length: 2, 2\r\n\r\nhi", "", INVALID},
    {"a length of 16 digits", OK "Content-Length: 1000000000000000\r\n\r\nhi", "", INVALID},
    {"gzip", OK "Transfer-Encoding: gzip, chunked\r\n\r\n", "", INVALID},
    {"chunked twice", OK "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", "",
	INVALID},
    {"lines of chunks that end with LF", CHUNKED "2\nhi\n0\n\n", "200 ", INVALID},
    {"text after a chunk size", CHUNKED "2 2\r\nhi", "200 ", INVALID},
    {"a chunk size with 0x", CHUNKED "0x2\r\nhi", "200 ", INVALID},
    {"a chunk size of 16 digits", CHUNKED "1000000000000000\r\n", "200 ", INVALID},
    {"a chunk longer than its size", CHUNKED "2\r\nhi!\r\n", "200 hi", INVALID},
};

/* Sends the response in pieces; the client reads each before the next is sent. */
static void
send_in_pieces(const struct rig_call *c, struct slice text, size_t first, size_t step)
{
	bool reused = rig.peers_n > 0;
	struct rig_peer *p = rig_request();

	assert_int_equal(p->requests > 1, reused);

	for (size_t n = first; !c->ended && text.len > 0; n = step) {
		ssize_t sent = send(
		    p->fd, text.p, n < text.len ? n : text.len, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent > 0)
			text = (struct slice){text.p + sent, text.len - (size_t)sent};
		rig_turn();
	}
}

/* Whether the transfer ended as it should, and the caller heard what it should. */
static bool
is_expected(const struct rig_call *c, const struct response *e)
{
	bool complete = e->outcome != CUT && e->outcome != INVALID;
	char heard[128] = "";
	int n = 0;

	if (c->status != 0)
		n = snprintf(heard, sizeof(heard), "%d ", c->status);
	if (c->retry_after_ms != 0)
		n += snprintf(
		    heard + n, sizeof(heard) - (size_t)n, "(%u ms) ", c->retry_after_ms);
	if (c->bytes < sizeof(c->body))
		(void)snprintf(heard + n, sizeof(heard) - (size_t)n, "%s", c->body);
	else
		(void)snprintf(heard + n, sizeof(heard) - (size_t)n, "%zu bytes", c->bytes);
	return c->how == (complete ? UPSTREAM_DONE : UPSTREAM_BROKEN) &&
	    strcmp(heard, e->heard) == 0;
}

static void
exchange(const struct response *e, struct slice text, size_t first, size_t step)
{
	struct rig_call c;

	rig_ask(&c);
	send_in_pieces(&c, text, first, step);
	if (e->outcome == AT_END || e->outcome == CUT) {
		assert_false(c.ended);
		rig_hang_up(false);
	}
	RIG_UNTIL(c.ended && (e->outcome == KEPT || rig.peers_n == 0));
	if (!is_expected(&c, e))
		fail_msg("%s, split at %zu and each %zu: %d %.*s, %s", e->name, first, step,
		    c.status, (int)sizeof(c.body), c.body, c.detail);
}

static void
exchange_at_every_split(const struct response *e, size_t n)
{

	for (size_t i = 0; i < n; i++) {
		struct slice text = slice_str(e[i].sent);

		for (size_t first = 1; first <= text.len; first++)
			exchange(&e[i], text, first, text.len);
		for (size_t step = 1; step <= 3; step++)
			exchange(&e[i], text, step, step);
	}
}

RIG_TEST(responses_are_read_alike_at_every_split)
{
	exchange_at_every_split(responses, ARRAY_LEN(responses));
}

RIG_TEST(ambiguous_responses_are_refused)
{
	exchange_at_every_split(ambiguous_responses, ARRAY_LEN(ambiguous_responses));
}

/* The sent text ends with `again` n times, and then rest. */
static const struct {
	struct response e;
	const char *again;
	size_t n;
	const char *rest;
} long_responses[] = {
    {{"the longest field", OK "X:", "200 ", KEPT}, "y", RESPONSE_LINE_MAX - 4,
	"\r\nContent-Length: 0\r\n\r\n"},
    {{"a field that is too long", OK "X:", "", INVALID}, "y", RESPONSE_LINE_MAX - 3,
	"\r\nContent-Length: 0\r\n\r\n"},
    {{"a status line without an end", "", "", INVALID}, "x", RESPONSE_LINE_MAX + 1, ""},
    {{"a chunk extension without an end", CHUNKED "1;", "200 ", INVALID}, "x",
	RESPONSE_HEAD_MAX + 1, ""},
    {{"a long head", OK, "200 ", KEPT}, "X: y\r\n", RESPONSE_HEAD_MAX / 6 - 10,
	"Content-Length: 0\r\n\r\n"},
    {{"a head that is too long", OK, "", INVALID}, "X: y\r\n", RESPONSE_HEAD_MAX / 6 + 1, ""},
    {{"too many interim responses", "", "", INVALID}, "HTTP/1.1 100 Continue\r\n\r\n",
	RESPONSE_HEAD_MAX / 25 + 1, ""},
    {{"a long trailer", CHUNKED "0\r\n", "200 ", KEPT}, "X: y\r\n", RESPONSE_HEAD_MAX / 6 - 10,
	"\r\n"},
    {{"a trailer that is too long", CHUNKED "0\r\n", "200 ", INVALID}, "X: y\r\n",
	RESPONSE_HEAD_MAX / 6 + 1, ""},
    {{"many chunks", CHUNKED, "200 65536 bytes", KEPT}, "1\r\nx\r\n", RESPONSE_HEAD_MAX,
	"0\r\n\r\n"},
};

RIG_TEST(lines_heads_and_trailers_have_the_same_limits_at_every_split)
{
	static const size_t steps[] = {1, 1000, 65536};

	for (size_t i = 0; i < ARRAY_LEN(long_responses); i++) {
		struct buf text;

		buf_init(&text, 1u << 20);
		assert_int_equal(buf_append_str(&text, long_responses[i].e.sent), 0);
		for (size_t n = 0; n < long_responses[i].n; n++)
			assert_int_equal(buf_append_str(&text, long_responses[i].again), 0);
		assert_int_equal(buf_append_str(&text, long_responses[i].rest), 0);
		for (size_t k = 0; k < ARRAY_LEN(steps); k++)
			if (steps[k] > 1 || buf_len(&text) < 10000)
				exchange(
				    &long_responses[i].e, buf_slice(&text), steps[k], steps[k]);
		buf_clear(&text);
	}
}

RIG_TEST(a_wait_is_read_from_the_fields_of_every_vendor)
{
	static const struct {
		const char *fields;
		unsigned ms;
	} cases[] = {
	    {"Retry-After: 2s", 2000},
	    {"Retry-After: 1m30s", 90000},
	    {"Retry-After: soon", 0},
	    {"ratelimit-reset: 4", 4000},
	    {"ratelimit-remaining: 3\r\nratelimit-reset: 4", 0},
	    {"RateLimit: \"default\";r=0;t=5", 5000},
	    {"RateLimit: limit=10, remaining=0, reset=6", 6000},
	    {"RateLimit: limit=10, remaining=2, reset=6", 0},
	    {"X-RateLimit-Reset-Tokens: 1.5s", 1500},
	    {"anthropic-ratelimit-requests-remaining: 0\r\n"
	     "anthropic-ratelimit-requests-reset: 7",
		7000},
	    {"anthropic-ratelimit-requests-remaining: 9\r\n"
	     "anthropic-ratelimit-requests-reset: 7",
		0},
	    {"anthropic-ratelimit-requests-limit: 50", 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char response[256];
		struct rig_call c;

		snprintf(response, sizeof(response),
		    "HTTP/1.1 429 Busy\r\n%s\r\nContent-Length: 0\r\n\r\n", cases[i].fields);
		rig_ask(&c);
		rig_send(rig_request(), response);
		rig_expect(&c, UPSTREAM_DONE, 429, "");
		if (c.retry_after_ms != cases[i].ms)
			fail_msg("%s: %u", cases[i].fields, c.retry_after_ms);
	}
}

RIG_TEST(retry_after_may_be_a_date)
{
	time_t soon = time(NULL) + 100;
	char date[128];
	struct rig_call c;
	struct tm tm;

	assert_non_null(gmtime_r(&soon, &tm));
	assert_true(strftime(date, sizeof(date),
			"HTTP/1.1 503 Busy\r\nRetry-After: %a, %d %b %Y %H:%M:%S GMT\r\n"
			"Content-Length: 0\r\n\r\n",
			&tm) > 0);
	rig_ask(&c);
	rig_send(rig_request(), date);
	rig_expect(&c, UPSTREAM_DONE, 503, "");
	assert_in_range(c.retry_after_ms, 60000, 100000);
}

TEST_MAIN(NULL, NULL)
