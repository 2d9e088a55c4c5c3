/*
 * Request bodies: complete however they are split, bounded, announced by Expect; and how the rest
 * of a refused body is read.
 */
#include <stdio.h>
#include <string.h>

#include <sys/socket.h>

#include "tests/unit/workerd/http/http_rig.h"

/* Sends the first bytes and lets the server read them, then the rest. */
static void
send_split(const char *text, size_t cut)
{
	client_send_bytes(cl, text, cut);
	client_arrives(cl);
	rig_turn();
	client_send(cl, text + cut);
}

CLIENT_TEST(a_body_is_complete_however_it_is_split)
{
	static const char *const texts[] = {
	    POST("/echo", "11") "hello world" HELLO,
	    POST_CHUNKED("/echo") "6;a\r\nhello \r\n5\r\nworld\r\n0\r\nX: y\r\n\r\n" HELLO,
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		for (size_t cut = 1; cut < strlen(texts[i]); cut++) {
			buf_reset(&cl->in);
			rig.last_body[0] = '\0';
			send_split(texts[i], cut);
			WAIT_FOR(client_ends_with(cl, ANSWER));
			assert_string_equal(rig.last_body, "hello world");
			assert_int_equal(client_count(cl, "HTTP/1.1 200"), 2);
		}
	}
}

/* Sends all of it, however much fits into the socket at once. */
static void
send_all(struct slice bytes)
{
	for (size_t at = 0; at < bytes.len;) {
		ssize_t n = send(cl->fd, bytes.p + at, bytes.len - at, MSG_NOSIGNAL);

		at += n > 0 ? (size_t)n : 0;
		rig_turn();
	}
}

CLIENT_TEST(a_large_body_is_accepted_up_to_the_limit_of_its_route)
{
	struct slice body = rig_text('b', 100000);

	client_send(cl, POST("/echo", "100000"));
	send_all(body);
	WAIT_FOR(client_received(cl) > body.len);
	assert_int_equal(rig.handled, 1);
	assert_true(client_has(cl, "Content-Length: 100000\r\n"));
	WAIT_FOR(rig_conn()->in.mem == NULL);
}

RIG_TEST(chunks_are_accepted_up_to_the_limit_with_the_requests_behind_them)
{
	enum { FOLLOWING = 1000 }; /* more bytes than a head may have */

	rig.limits.body_max = 100000;
	rig_start();
	cl = client_open();
	client_send(cl, POST_CHUNKED("/echo") "1\r\nb\r\n1869f\r\n");
	send_all(rig_text('b', 99999));
	send_all(slice_str("\r\n0\r\n\r\n"));
	for (int i = 0; i < FOLLOWING; i++)
		send_all(slice_str(HELLO));
	WAIT_FOR(client_count(cl, "HTTP/1.1 200") == 1 + FOLLOWING);
	assert_true(client_has(cl, "Content-Length: 100000\r\n"));
	WAIT_FOR(rig_conn()->in.mem == NULL);
}

/* A part of a body. */
static void
send_junk(void)
{
	static const char junk[4096];

	client_send_bytes(cl, junk, sizeof(junk));
}

CLIENT_TEST(a_body_over_the_limit_is_refused_and_the_client_reads_the_reply)
{
	client_send(cl,
	    "POST / HTTP/1.1\r\nHost: a\r\nOrigin: https://o\r\nContent-Length: 8192\r\n\r\n");
	send_junk();
	WAIT_FOR_END(cl);
	assert_true(client_has(cl, "HTTP/1.1 413 "));
	assert_true(client_has(cl, "Connection: close\r\n"));
	assert_true(client_has(cl, "X-Frame-Options: DENY\r\n"));
	assert_true(client_has(cl, "Access-Control-Allow-Origin: https://o\r\n"));
	assert_true(client_ends_with(
	    cl, "{\"error\":\"Request body too large\",\"code\":\"body_too_large\"}"));
	assert_int_equal(rig.handled, 0);
	/* We still read, so that what the client keeps sending causes no reset. */
	assert_int_equal(rig_conn()->state, CONN_LINGER);
	send_junk();
	WAIT_FOR(rig_conn()->lingered >= 4096);
	shutdown(cl->fd, SHUT_WR);
	WAIT_FOR_CONNECTIONS(0);
	assert_false(cl->reset);
}

/* A client whose request is refused before its body comes. */
static void
open_too_long(void)
{
	cl = client_open();
	client_send(cl, POST("/", "99999999"));
}

RIG_TEST(lingering_is_bounded_in_bytes_and_in_time)
{
	rig.limits.linger_max = 8192;
	rig.limits.linger_timeout = 1000;
	rig_start();
	open_too_long();
	WAIT_FOR_END(cl);
	send_junk();
	send_junk();
	WAIT_FOR(rig_conn()->lingered == rig.limits.linger_max);
	/* The rest is not read, and the connection stays open: the client may not have read its
	 * reply. */
	send_junk();
	for (int i = 0; i < 5; i++)
		rig_turn();
	assert_int_equal(rig_conn()->lingered, rig.limits.linger_max);
	WAIT_FOR_CONNECTIONS(0);
	rig_stop();

	rig.limits.linger_timeout = 30;
	rig_start();
	open_too_long();
	WAIT_FOR_END(cl);
	WAIT_FOR_CONNECTIONS(0);
}

/* Sends a byte, if possible, and runs the loop. */
static void
send_on(void)
{
	(void)send(cl->fd, "x", 1, MSG_NOSIGNAL);
	client_arrives(cl);
	rig_turn();
}

RIG_TEST(a_client_that_keeps_sending_gets_more_linger_timeouts)
{
	uint64_t until;

	rig.limits.linger_timeout = 20;
	rig.limits.linger_times = 1000;
	rig_start();
	open_too_long();
	/* Every turn has a byte, so a turn that is slow by chance does not count as silence. */
	for (until = clock_mono_ms() + 200; clock_mono_ms() < until;)
		send_on();
	assert_int_equal(http_server_connections(rig.server), 1);
	assert_true(client_has(cl, "HTTP/1.1 413 ") && client_at_end(cl));
	assert_false(cl->reset);
	/* Silent clients, rejected ones, and those of a draining server get no more time. */
	WAIT_FOR_CONNECTIONS(0);
	rig.full = true;
	cl = client_open();
	WAIT_FOR((send_on(), http_server_connections(rig.server) == 0));
	rig.full = false;
	open_too_long();
	WAIT_FOR_END(cl);
	http_server_drain(rig.server);
	WAIT_FOR((send_on(), http_server_connections(rig.server) == 0));
	rig_stop();

	rig.limits.linger_times = 3;
	rig_start();
	open_too_long();
	WAIT_FOR((send_on(), http_server_connections(rig.server) == 0));
}

CLIENT_TEST(expect_continue_is_answered_before_the_body)
{
	static const struct {
		const char *field, *body;
	} cases[] = {
	    {"Content-Length: 4", "body"},
	    {"Transfer-Encoding: chunked", "4\r\nbody\r\n0\r\n\r\n"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char head[256];

		(void)snprintf(head, sizeof(head),
		    "POST /echo HTTP/1.1\r\nHost: a\r\n%s\r\nExpect: 100-continue\r\n\r\n",
		    cases[i].field);
		client_send(cl, head);
		WAIT_FOR(client_ends_with(cl, "HTTP/1.1 100 Continue\r\n\r\n"));
		assert_int_equal(rig.handled, i);
		client_send(cl, cases[i].body);
		WAIT_FOR(client_ends_with(cl, "\r\n\r\nbody"));
	}
	client_close(cl);

	/* A body that is too large is refused instead. */
	cl = client_open();
	client_send(cl,
	    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n");
	WAIT_FOR_END(cl);
	assert_true(client_begins_with(cl, "HTTP/1.1 413 "));
}

CLIENT_TEST(no_100_is_sent_if_the_body_is_there_or_to_http_1_0)
{
	client_send(cl,
	    "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
	    "Expect: 100-continue\r\n\r\n4\r\nCHUN");
	client_send(cl, "\r\n0\r\n\r\n");
	WAIT_FOR(client_ends_with(cl, "\r\n\r\nCHUN"));
	client_send(cl,
	    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n"
	    "Expect: 100-continue\r\n\r\nBODY");
	WAIT_FOR(client_ends_with(cl, "\r\n\r\nBODY"));
	client_send(
	    cl, "POST /echo HTTP/1.0\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
	WAIT_FOR(rig_conn()->state == CONN_BODY);
	client_send(cl, "last");
	WAIT_FOR(client_ends_with(cl, "\r\n\r\nlast"));
	assert_false(client_has(cl, "100 Continue"));
}

TEST_MAIN(NULL, NULL)
