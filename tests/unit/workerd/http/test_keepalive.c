/*
 * Consecutive requests on one connection: keep-alive, HTTP/1.0, pipelining, and half-closed
 * clients.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/unit/workerd/http/http_rig.h"

CLIENT_TEST(a_connection_serves_many_requests_without_buffers_in_between)
{
	for (size_t i = 1; i <= 20; i++) {
		client_send(cl, HELLO);
		WAIT_FOR(client_count(cl, ANSWER) == i);
		assert_null(rig_conn()->in.mem);
		assert_null(rig_conn()->out.mem);
		assert_null(rig_conn()->box);
		assert_int_equal(rig_conn()->state, CONN_IDLE);
	}
	assert_true(sizeof(struct http_conn) < 700);
	client_close(cl);
	WAIT_FOR_CONNECTIONS(0);
}

CLIENT_TEST(pipelined_requests_are_answered_in_order_in_one_write)
{
	char text[2048] = "";
	size_t len = 0;

	for (int i = 0; i < 20; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, GET("/hello?%d."), i);
	client_send(cl, text);
	/* The requests are in the kernel together: one turn reads and answers all. */
	WAIT_FOR(rig.handled > 0);
	assert_int_equal(rig.handled, 20);
	WAIT_FOR(client_count(cl, ANSWER) == 20);
	for (int i = 0, at = 0; i < 20; i++) {
		const uint8_t *p;
		char query[24];

		(void)snprintf(query, sizeof(query), "X-Query: %d.\r\n", i);
		p = memmem(buf_data(&cl->in) + at, buf_len(&cl->in) - (size_t)at, query,
		    strlen(query));
		assert_non_null(p);
		at = (int)(p - buf_data(&cl->in));
	}
}

CLIENT_TEST(a_pipelined_request_waits_for_the_previous_reply)
{
	struct http_exchange *x;

	client_send(cl, GET("/keep") HELLO GET("/keep"));
	x = rig_kept();
	client_send(cl, HELLO);
	WAIT_FOR(rig_conn()->input_waits);
	assert_int_equal(rig.handled, 1);
	stream_begin(x, "text/plain");
	stream_write(x, "slow");
	WAIT_FOR(client_has(cl, "4\r\nslow\r\n"));
	assert_int_equal(rig.handled, 1);
	reply_stream_end(x);
	/* turn_end calls no handler. */
	http_server_turn_end(rig.server);
	assert_int_equal(rig.handled, 1);
	x = rig_kept();
	assert_int_equal(rig.handled, 3);
	WAIT_FOR(client_ends_with(cl, ANSWER));
	answer(x, "last");
	WAIT_FOR(rig.handled == 4);
	WAIT_FOR(client_count(cl, ANSWER) == 2);
}

CLIENT_TEST(http_1_0_gets_a_stream_that_ends_with_the_connection)
{
	struct http_exchange *x;

	client_send(cl, "GET /keep HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
	x = rig_kept();
	stream_begin(x, "text/plain");
	stream_write(x, "one ");
	stream_write(x, "two");
	reply_stream_end(x);
	WAIT_FOR_END(cl);
	assert_true(client_ends_with(cl, "Connection: close\r\n\r\none two"));
	assert_false(client_has(cl, "chunked"));
}

/* A normal close would look like the end of the body. */
RIG_TEST(a_truncated_stream_of_http_1_0_ends_with_a_reset)
{
	struct http_exchange *x;

	rig.limits.stall_timeout = 50;
	rig_open();
	client_send(cl, GET10("/keep"));
	x = rig_kept();
	stream_begin(x, "text/plain");
	stream_write(x, "half");
	WAIT_FOR(client_ends_with(cl, "half"));
	reply_abort(x);
	WAIT_FOR(client_was_reset(cl));

	/* Queued completely, but never taken: dropped by the stall timeout. */
	rig_quiet();
	cl = client_open_with(4096);
	client_send(cl, GET10("/keep"));
	x = rig_kept();
	stream_begin(x, "text/plain");
	reply_stream_end_with(x, rig_text('t', 3000000));
	WAIT_FOR_CONNECTIONS(0);
	WAIT_FOR(client_was_reset(cl));
}

/* A close with unread bytes sends a reset, which may overtake the reply. */
RIG_TEST(input_after_the_last_reply_causes_no_reset)
{
	static const char *const last[] = {
	    "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
	    GET10("/hello"),
	    "BAD\r\n",
	};

	rig_start();
	for (size_t i = 0; i < ARRAY_LEN(last); i++) {
		cl = client_open();
		client_send(cl, last[i]);
		WAIT_FOR(rig_conn()->state == CONN_LINGER);
		client_send(cl, HELLO HELLO);
		WAIT_FOR(rig_conn()->lingered == 2 * strlen(HELLO));
		WAIT_FOR_END(cl);
		assert_false(cl->reset);
		assert_int_equal(client_count(cl, "HTTP/1.1 "), 1);
		assert_int_equal(client_count(cl, "Connection: close\r\n"), 1);
		client_close(cl);
		WAIT_FOR_CONNECTIONS(0);
	}
}

CLIENT_TEST(a_half_closed_client_gets_its_reply)
{
	struct http_exchange *x;

	client_send(cl, HELLO HELLO);
	shutdown(cl->fd, SHUT_WR);
	WAIT_FOR_END(cl);
	assert_int_equal(client_count(cl, ANSWER), 2);

	cl = client_open();
	client_send(cl, GET("/keep"));
	shutdown(cl->fd, SHUT_WR);
	x = rig_kept();
	WAIT_FOR(rig_conn()->eof);
	stream_begin(x, NULL);
	stream_write(x, "late");
	WAIT_FOR(client_has(cl, "late"));
	reply_stream_end(x);
	WAIT_FOR_END(cl);
	assert_int_equal(
	    client_count(cl, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"), 1);
	assert_true(client_ends_with(cl, "0\r\n\r\n"));
	assert_int_equal(rig.closed, 0);

	/* During a stream: a chunk's size with a leading zero. */
	cl = client_open();
	x = client_stream(cl, NULL);
	shutdown(cl->fd, SHUT_WR);
	WAIT_FOR(client_has(cl, "\r\n\r\n0"));
	stream_write(x, "late");
	reply_stream_end(x);
	WAIT_FOR_END(cl);
	assert_true(client_ends_with(cl, "\r\n\r\n04\r\nlate\r\n0\r\n\r\n"));
	assert_int_equal(rig.closed, 0);
	assert_int_equal(http_server_connections(rig.server), 0);
}

CLIENT_TEST(an_incomplete_request_before_eof_is_dropped)
{
	client_send(cl, POST("/echo", "10") "half");
	WAIT_FOR(rig_conn()->state == CONN_BODY);
	shutdown(cl->fd, SHUT_WR);
	WAIT_FOR_END(cl);
	assert_int_equal(buf_len(&cl->in), 0);
	assert_int_equal(rig.handled, 0);
}

RIG_TEST(four_hundred_connections_are_served_in_parallel)
{
	enum { N = 400 };
	struct client *clients[N];

	rig_start();
	for (size_t i = 0; i < N; i++)
		clients[i] = client_open();
	for (size_t round = 1; round <= 3; round++) {
		size_t before = rig.handled;

		for (size_t i = 0; i < N; i++)
			client_send(clients[i], HELLO);
		/* They share a turn, but not all of them the same. */
		rig_turn();
		assert_in_range(rig.handled - before, 2, TOUCHED_MAX);
		for (size_t i = 0; i < N; i++)
			WAIT_FOR(client_count(clients[i], ANSWER) == round);
	}
	for (size_t i = 0; i < N; i++)
		client_close(clients[i]);
	WAIT_FOR_CONNECTIONS(0);
}

TEST_MAIN(NULL, NULL)
