/*
 * Invalid requests: the server's own replies, and the close.
 */
#include <string.h>

#include "proto/base/basics.h"
#include "tests/unit/workerd/http/http_rig.h"

RIG_TEST(every_bad_request_gets_its_reply_and_is_closed)
{
	static const struct {
		const char *text;
		const char *status;
	} table[] = {
	    {"GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n"},
	    {"GET / HTTP/1.1\n", "HTTP/1.1 400 "},
	    {"\x16\x03\x01\x02", "HTTP/1.1 400 "},
	    {"GET / HTTP/3.0\r\n", "HTTP/1.1 505 "},
	    {"BREW / HTTP/1.1\r\n", "HTTP/1.1 501 Not Implemented\r\n"},
	    {"GET / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n",
		"HTTP/1.1 417 Expectation Failed\r\n"},
	    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"HTTP/1.1 501 "},
	    /* Request smuggling: the following bytes must never be parsed as a request. */
	    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: "
	     "0\r\n\r\n" HELLO,
		"HTTP/1.1 400 "},
	};

	rig_start();
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct client cl;

		client_open(&cl);
		client_send(&cl, table[i].text);
		WAIT_FOR(client_at_end(&cl));
		assert_int_equal(
		    memcmp(buf_data(&cl.in), table[i].status, strlen(table[i].status)), 0);
		assert_true(client_has(&cl, "Connection: close\r\n"));
		assert_true(client_has(&cl, "X-Frame-Options: DENY\r\n"));
		assert_true(client_has(&cl, "\r\n\r\n{\"error\":\""));
		assert_int_equal(client_count(&cl, "HTTP/1.1"), 1);
		assert_int_equal(rig.handled, 0);
		client_close(&cl);
	}
}

RIG_TEST(heads_over_the_limit_are_refused)
{
	char text[20000];
	struct client cl;

	rig_start();
	memset(text, 'a', sizeof(text));
	memcpy(text, "GET /", 5);
	client_open(&cl);
	client_send_bytes(&cl, text, sizeof(text));
	WAIT_FOR(client_at_end(&cl));
	assert_true(client_has(&cl, "HTTP/1.1 414 "));
	client_close(&cl);

	memcpy(text, "GET / HTTP/1.1\r\nHost: a\r\nX:", 27);
	client_open(&cl);
	client_send_bytes(&cl, text, sizeof(text));
	WAIT_FOR(client_at_end(&cl));
	assert_true(client_has(&cl, "HTTP/1.1 431 "));
	client_close(&cl);
	assert_int_equal(rig.handled, 0);
}

RIG_TEST(a_valid_request_before_an_invalid_one_is_answered)
{
	struct client cl;

	rig_open(&cl);
	client_send(&cl, HELLO "BAD\r\n\r\n" HELLO);
	WAIT_FOR(client_at_end(&cl));
	assert_int_equal(client_count(&cl, "HTTP/1.1 200 "), 1);
	assert_int_equal(client_count(&cl, "HTTP/1.1 400 "), 1);
	assert_int_equal(rig.handled, 1);
	client_close(&cl);
}

TEST_MAIN(NULL, NULL)
