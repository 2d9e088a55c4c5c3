/*
 * Invalid requests: the server's own replies, and the close. tests/http/corpus.def shows what is
 * invalid.
 */
#include "tests/unit/workerd/http/http_rig.h"

RIG_TEST(every_bad_request_gets_its_reply_and_is_closed)
{
	static const struct {
		const char *status, *request;
	} cases[] = {
	    {"HTTP/1.1 400 Bad Request\r\n", "GET / HTTP/1.1\r\n\r\n"},
	    {"HTTP/1.1 400 Bad Request\r\n", "\x16\x03\x01\x02"},
	    {"HTTP/1.1 417 Expectation Failed\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n"},
	    {"HTTP/1.1 501 Not Implemented\r\n", "BREW / HTTP/1.1\r\n"},
	    {"HTTP/1.1 505 HTTP Version Not Supported\r\n", "GET / HTTP/3.0\r\n"},
	    /* Request smuggling: the following bytes must never be parsed as a request. */
	    {"HTTP/1.1 400 ",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
		"Content-Length: 0\r\n\r\n" HELLO},
	};

	rig_start();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cl = client_open();
		client_send(cl, cases[i].request);
		WAIT_FOR_END(cl);
		assert_true(client_begins_with(cl, cases[i].status));
		assert_true(client_has(cl, "Connection: close\r\n"));
		assert_true(client_has(cl, "X-Frame-Options: DENY\r\n"));
		assert_true(client_has(cl, "\r\n\r\n{\"error\":\""));
		assert_int_equal(client_count(cl, "HTTP/1.1"), 1);
	}
	assert_int_equal(rig.handled, 0);
}

RIG_TEST(heads_over_the_limit_are_refused)
{
	static const struct {
		const char *status, *begin;
	} cases[] = {
	    {"HTTP/1.1 414 ", "GET /"},
	    {"HTTP/1.1 431 ", "GET / HTTP/1.1\r\nHost: a\r\nX:"},
	};
	struct slice rest = rig_text('a', 20000);

	rig_start();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cl = client_open();
		client_send(cl, cases[i].begin);
		client_send_bytes(cl, (const char *)rest.p, rest.len);
		WAIT_FOR_END(cl);
		assert_true(client_begins_with(cl, cases[i].status));
	}
	assert_int_equal(rig.handled, 0);
}

CLIENT_TEST(a_valid_request_before_an_invalid_one_is_answered)
{
	client_send(cl, HELLO "BAD\r\n\r\n" HELLO);
	WAIT_FOR_END(cl);
	assert_int_equal(client_count(cl, "HTTP/1.1 200 "), 1);
	assert_int_equal(client_count(cl, "HTTP/1.1 400 "), 1);
	assert_int_equal(rig.handled, 1);
}

TEST_MAIN(NULL, NULL)
