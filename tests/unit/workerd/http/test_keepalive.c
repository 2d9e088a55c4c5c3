/*
 * Consecutive requests on one connection: keep-alive, HTTP/1.0, pipelining, and half-closed
 * clients.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "proto/base/basics.h"
#include "tests/unit/workerd/http/http_rig.h"

RIG_TEST(a_connection_serves_many_requests_without_buffers_in_between)
{
	struct client cl;

	rig_open(&cl);
	for (size_t i = 1; i <= 20; i++) {
		client_send(&cl, HELLO);
		WAIT_FOR(client_count(&cl, "\r\n\r\nhello") == i);
		assert_null(rig_conn()->in.mem);
		assert_null(rig_conn()->out.mem);
		assert_null(rig_conn()->box);
		assert_int_equal(rig_conn()->state, CONN_IDLE);
	}
	assert_true(sizeof(struct http_conn) < 700);
	client_close(&cl);
	WAIT_FOR(http_server_connections(rig.server) == 0);
}

RIG_TEST(pipelined_requests_are_answered_in_order_in_one_write)
{
	char text[2048] = "";
	struct client cl;
	size_t len = 0;

	rig_open(&cl);
	for (int i = 0; i < 20; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		    "GET /hello?%d. HTTP/1.1\r\nHost: a\r\n\r\n", i);
	client_send(&cl, text);
	/* The requests are in the kernel together: one turn reads and answers all. */
	WAIT_FOR(rig.handled > 0);
	assert_int_equal(rig.handled, 20);
	WAIT_FOR(client_count(&cl, "\r\n\r\nhello") == 20);
	for (int i = 0, at = 0; i < 20; i++) {
		const uint8_t *p;
		char query[24];

		(void)snprintf(query, sizeof(query), "X-Query: %d.\r\n", i);
		p = memmem(
		    buf_data(&cl.in) + at, buf_len(&cl.in) - (size_t)at, query, strlen(query));
		assert_non_null(p);
		at = (int)(p - buf_data(&cl.in));
	}
	client_close(&cl);
}

RIG_TEST(a_pipelined_request_waits_for_the_previous_reply)
{
	struct client cl;

	rig_open(&cl);
	client_send(&cl,
	    "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n" HELLO
	    "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
	WAIT_FOR(rig.n_kept == 1);
	client_send(&cl, HELLO);
	WAIT_FOR(rig_conn()->input_waits);
	assert_int_equal(rig.handled, 1);
	reply_start(rig.kept[0], 200);
	reply_stream_begin(rig.kept[0], "text/plain");
	assert_int_equal(reply_stream_write(rig.kept[0], slice_str("slow")), 0);
	WAIT_FOR(client_has(&cl, "4\r\nslow\r\n"));
	assert_int_equal(rig.handled, 1);
	reply_stream_end(rig.kept[0]);
	/* turn_end calls no handler. */
	http_server_turn_end(rig.server);
	assert_int_equal(rig.handled, 1);
	WAIT_FOR(rig.n_kept == 2);
	assert_int_equal(rig.handled, 3);
	WAIT_FOR(client_ends_with(&cl, "\r\n\r\nhello"));
	reply_start(rig.kept[1], 204);
	reply_empty(rig.kept[1]);
	WAIT_FOR(rig.handled == 4);
	WAIT_FOR(client_count(&cl, "\r\n\r\nhello") == 2);
	client_close(&cl);
}

RIG_TEST(http_1_0_closes_without_keep_alive)
{
	struct client cl;

	rig_open(&cl);
	client_send(&cl, HELLO10);
	WAIT_FOR(client_at_end(&cl));
	assert_true(client_has(&cl, "Connection: close\r\n"));
	assert_true(client_ends_with(&cl, "\r\n\r\nhello"));
	client_close(&cl);

	client_open(&cl);
	client_send(&cl, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
	WAIT_FOR(client_ends_with(&cl, "\r\n\r\nhello"));
	assert_true(client_has(&cl, "Connection: keep-alive\r\n"));
	client_send(&cl, HELLO10);
	WAIT_FOR(client_at_end(&cl));
	assert_int_equal(client_count(&cl, "\r\n\r\nhello"), 2);
	client_close(&cl);
}

RIG_TEST(http_1_0_gets_a_stream_that_ends_with_the_connection)
{
	struct client cl;

	rig_open(&cl);
	client_send(&cl, "GET /keep HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
	WAIT_FOR(rig.n_kept == 1);
	reply_start(rig.kept[0], 200);
	reply_stream_begin(rig.kept[0], "text/plain");
	assert_int_equal(reply_stream_write(rig.kept[0], slice_str("one ")), 0);
	assert_int_equal(reply_stream_write(rig.kept[0], slice_str("two")), 0);
	reply_stream_end(rig.kept[0]);
	WAIT_FOR(client_at_end(&cl));
	assert_true(client_ends_with(&cl, "Connection: close\r\n\r\none two"));
	assert_false(client_has(&cl, "chunked"));
	client_close(&cl);
}

/* A normal close would look like the end of the body. */
RIG_TEST(a_truncated_stream_of_http_1_0_ends_with_a_reset)
{
	static char text[3000000];
	struct client cl;

	rig.limits.stall_timeout = 50;
	rig_open(&cl);
	client_send(&cl, "GET /keep HTTP/1.0\r\n\r\n");
	WAIT_FOR(rig.n_kept == 1);
	reply_start(rig.kept[0], 200);
	reply_stream_begin(rig.kept[0], "text/plain");
	assert_int_equal(reply_stream_write(rig.kept[0], slice_str("half")), 0);
	WAIT_FOR(client_ends_with(&cl, "half"));
	reply_abort(rig.kept[0]);
	WAIT_FOR(client_was_reset(&cl));
	client_close(&cl);

	/* Queued completely, but never taken: dropped by the stall timeout. */
	memset(text, 't', sizeof(text));
	rig_quiet();
	client_open_with(&cl, 4096);
	client_send(&cl, "GET /keep HTTP/1.0\r\n\r\n");
	WAIT_FOR(rig.n_kept == 2);
	reply_start(rig.kept[1], 200);
	reply_stream_begin(rig.kept[1], "text/plain");
	reply_stream_end_with(rig.kept[1], (struct slice){(uint8_t *)text, sizeof(text)});
	WAIT_FOR(http_server_connections(rig.server) == 0);
	WAIT_FOR(client_was_reset(&cl));
	rig_loud();
	client_close(&cl);
}

RIG_TEST(connection_close_is_obeyed)
{
	struct client cl;

	rig_open(&cl);
	client_send(&cl, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	WAIT_FOR(client_at_end(&cl));
	assert_true(client_has(&cl, "Connection: close\r\n"));
	client_close(&cl);
	WAIT_FOR(http_server_connections(rig.server) == 0);
}

/* A close with unread bytes sends a reset, which may overtake the reply. */
RIG_TEST(input_after_the_last_reply_causes_no_reset)
{
	static const char *const last[] = {
	    "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
	    HELLO10,
	    "BAD\r\n",
	};

	rig_start();
	for (size_t i = 0; i < ARRAY_LEN(last); i++) {
		struct client cl;

		client_open(&cl);
		client_send(&cl, last[i]);
		WAIT_FOR(rig_conn()->state == CONN_LINGER);
		client_send(&cl, HELLO HELLO);
		WAIT_FOR(rig_conn()->lingered == 2 * strlen(HELLO));
		WAIT_FOR(client_at_end(&cl));
		assert_false(cl.reset);
		assert_int_equal(client_count(&cl, "HTTP/1.1 "), 1);
		client_close(&cl);
		WAIT_FOR(http_server_connections(rig.server) == 0);
	}
}

RIG_TEST(a_half_closed_client_gets_its_reply)
{
	struct client cl;

	rig_open(&cl);
	client_send(&cl, HELLO HELLO);
	shutdown(cl.fd, SHUT_WR);
	WAIT_FOR(client_at_end(&cl));
	assert_int_equal(client_count(&cl, "\r\n\r\nhello"), 2);
	client_close(&cl);

	client_open(&cl);
	client_send(&cl, "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
	shutdown(cl.fd, SHUT_WR);
	WAIT_FOR(rig.n_kept == 1 && rig_conn()->eof);
	reply_start(rig.kept[0], 200);
	reply_stream_begin(rig.kept[0], NULL);
	assert_int_equal(reply_stream_write(rig.kept[0], slice_str("late")), 0);
	WAIT_FOR(client_has(&cl, "late"));
	reply_stream_end(rig.kept[0]);
	WAIT_FOR(client_at_end(&cl));
	assert_true(client_ends_with(&cl, "0\r\n\r\n"));
	assert_int_equal(rig.closed, 0);
	assert_int_equal(http_server_connections(rig.server), 0);
	client_close(&cl);
}

RIG_TEST(an_incomplete_request_before_eof_is_dropped)
{
	struct client cl;

	rig_open(&cl);
	client_send(&cl, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf");
	WAIT_FOR(rig_conn()->state == CONN_BODY);
	shutdown(cl.fd, SHUT_WR);
	WAIT_FOR(client_at_end(&cl));
	assert_int_equal(buf_len(&cl.in), 0);
	assert_int_equal(rig.handled, 0);
	client_close(&cl);
}

RIG_TEST(four_hundred_connections_are_served_in_parallel)
{
	enum { N = 400 };
	static struct client cl[N];

	rig_start();
	for (size_t i = 0; i < N; i++)
		client_open(&cl[i]);
	for (size_t round = 1; round <= 3; round++) {
		for (size_t i = 0; i < N; i++)
			client_send(&cl[i], HELLO);
		for (size_t i = 0; i < N; i++)
			WAIT_FOR(client_count(&cl[i], "\r\n\r\nhello") == round);
	}
	for (size_t i = 0; i < N; i++)
		client_close(&cl[i]);
	WAIT_FOR(http_server_connections(rig.server) == 0);
}

TEST_MAIN(NULL, NULL)
