/*
 * Request bodies: complete however they are split, bounded, announced by Expect; and how the rest
 * of a refused body is read.
 */
#include <stdio.h>
#include <string.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "tests/unit/workerd/http/http_rig.h"

RIG_TEST(a_body_is_complete_however_it_is_split)
{
	static const char text[] =
	    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello world" HELLO;
	struct client cl;

	rig_open(&cl);
	for (size_t cut = 1; cut < sizeof(text) - 1; cut++) {
		size_t before = rig.handled;

		buf_reset(&cl.in);
		rig.last_body[0] = '\0';
		client_send_bytes(&cl, text, cut);
		WAIT_FOR(rig.handled > before || buf_len(&rig_conn()->in) == cut);
		client_send_bytes(&cl, text + cut, sizeof(text) - 1 - cut);
		WAIT_FOR(client_ends_with(&cl, "\r\n\r\nhello"));
		assert_string_equal(rig.last_body, "hello world");
		assert_int_equal(client_count(&cl, "HTTP/1.1 200"), 2);
	}
	client_close(&cl);
}

RIG_TEST(a_large_body_is_accepted_up_to_the_limit_of_its_route)
{
	static char text[100000 + 128];
	struct client cl;
	size_t head;

	rig_open(&cl);
	head = (size_t)snprintf(text, sizeof(text),
	    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
	memset(text + head, 'b', 100000);
	for (size_t at = 0; at < head + 100000;) {
		ssize_t n = send(cl.fd, text + at, head + 100000 - at, MSG_NOSIGNAL);

		at += n > 0 ? (size_t)n : 0;
		rig_turn();
	}
	WAIT_FOR(client_received(&cl) > 100000);
	assert_int_equal(rig.handled, 1);
	assert_true(client_has(&cl, "Content-Length: 100000\r\n"));
	WAIT_FOR(rig_conn()->in.mem == NULL);
	client_close(&cl);
}

RIG_TEST(a_body_over_the_limit_is_refused_and_the_client_reads_the_reply)
{
	char junk[4096];
	struct client cl;

	rig_open(&cl);
	memset(junk, 'x', sizeof(junk));
	client_send(&cl,
	    "POST / HTTP/1.1\r\nHost: a\r\nOrigin: https://o\r\nContent-Length: 8192\r\n\r\n");
	client_send_bytes(&cl, junk, sizeof(junk));
	WAIT_FOR(client_at_end(&cl));
	assert_true(client_has(&cl, "HTTP/1.1 413 "));
	assert_true(client_has(&cl, "Connection: close\r\n"));
	assert_true(client_has(&cl, "X-Frame-Options: DENY\r\n"));
	assert_true(client_has(&cl, "Access-Control-Allow-Origin: https://o\r\n"));
	assert_true(client_ends_with(
	    &cl, "{\"error\":\"Request body too large\",\"code\":\"body_too_large\"}"));
	assert_int_equal(rig.handled, 0);
	/* We still read, so that what the client keeps sending causes no reset. */
	assert_int_equal(rig_conn()->state, CONN_LINGER);
	client_send_bytes(&cl, junk, sizeof(junk));
	WAIT_FOR(rig_conn()->lingered >= sizeof(junk));
	shutdown(cl.fd, SHUT_WR);
	WAIT_FOR(http_server_connections(rig.server) == 0);
	assert_false(cl.reset);
	client_close(&cl);
}

/* A client whose request is refused before its body comes. */
static void
open_too_long(struct client *cl)
{
	client_open(cl);
	client_send(cl, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n");
}

RIG_TEST(lingering_is_bounded_in_bytes_and_in_time)
{
	char junk[4096];
	struct client cl;

	rig.limits.linger_max = 8192;
	rig.limits.linger_timeout = 1000;
	rig_start();
	memset(junk, 'x', sizeof(junk));
	open_too_long(&cl);
	WAIT_FOR(client_at_end(&cl));
	client_send_bytes(&cl, junk, sizeof(junk));
	client_send_bytes(&cl, junk, sizeof(junk));
	WAIT_FOR(rig_conn()->lingered == rig.limits.linger_max);
	/* The rest is not read, and the connection stays open: the client may not have read its
	 * reply. */
	client_send_bytes(&cl, junk, sizeof(junk));
	for (int i = 0; i < 5; i++)
		rig_turn();
	assert_int_equal(rig_conn()->lingered, rig.limits.linger_max);
	WAIT_FOR(http_server_connections(rig.server) == 0);
	client_close(&cl);
	rig_stop();

	rig.limits.linger_timeout = 30;
	rig_start();
	open_too_long(&cl);
	WAIT_FOR(client_at_end(&cl));
	WAIT_FOR(http_server_connections(rig.server) == 0);
	client_close(&cl);
}

/* Sends a byte, if possible, and runs the loop. */
static void
send_on(struct client *cl)
{
	/* Otherwise Nagle's algorithm holds the byte back until the previous one is acknowledged. */
	(void)setsockopt(cl->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	(void)send(cl->fd, "x", 1, MSG_NOSIGNAL);
	client_arrives(cl);
	rig_turn();
}

RIG_TEST(a_client_that_keeps_sending_gets_more_linger_timeouts)
{
	struct client cl;
	uint64_t until;

	rig.limits.linger_timeout = 20;
	rig.limits.linger_times = 1000;
	rig_start();
	open_too_long(&cl);
	/* Every turn has a byte, so a turn that is slow by chance does not count as silence. */
	for (until = clock_mono_ms() + 200; clock_mono_ms() < until;)
		send_on(&cl);
	assert_int_equal(http_server_connections(rig.server), 1);
	assert_true(client_has(&cl, "HTTP/1.1 413 ") && client_at_end(&cl));
	assert_false(cl.reset);
	/* Silent clients, rejected ones, and those of a draining server get no more time. */
	WAIT_FOR(http_server_connections(rig.server) == 0);
	client_close(&cl);
	rig.full = true;
	client_open(&cl);
	WAIT_FOR((send_on(&cl), http_server_connections(rig.server) == 0));
	client_close(&cl);
	rig.full = false;
	open_too_long(&cl);
	WAIT_FOR(client_at_end(&cl));
	http_server_drain(rig.server);
	WAIT_FOR((send_on(&cl), http_server_connections(rig.server) == 0));
	client_close(&cl);
	rig_stop();

	rig.limits.linger_times = 3;
	rig_start();
	open_too_long(&cl);
	WAIT_FOR((send_on(&cl), http_server_connections(rig.server) == 0));
	client_close(&cl);
}

RIG_TEST(expect_continue_is_answered_before_the_body)
{
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
	struct client cl;

	rig_open(&cl);
	client_send(&cl,
	    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n"
	    "Expect: 100-continue\r\n\r\n");
	WAIT_FOR(client_ends_with(&cl, go_on));
	assert_int_equal(rig.handled, 0);
	client_send(&cl, "body");
	WAIT_FOR(client_ends_with(&cl, "\r\n\r\nbody"));
	/* Not with a body that came along, and not to HTTP/1.0. */
	client_send(&cl,
	    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n"
	    "Expect: 100-continue\r\n\r\nBODY");
	WAIT_FOR(client_ends_with(&cl, "\r\n\r\nBODY"));
	client_send(
	    &cl, "POST /echo HTTP/1.0\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
	WAIT_FOR(rig_conn()->state == CONN_BODY);
	client_send(&cl, "last");
	WAIT_FOR(client_ends_with(&cl, "\r\n\r\nlast"));
	assert_int_equal(client_count(&cl, "100 Continue"), 1);
	client_close(&cl);

	/* A body that is too large is refused instead. */
	client_open(&cl);
	client_send(&cl,
	    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n"
	    "Expect: 100-continue\r\n\r\n");
	WAIT_FOR(client_at_end(&cl));
	assert_int_equal(memcmp(buf_data(&cl.in), "HTTP/1.1 413 ", 13), 0);
	client_close(&cl);
}

TEST_MAIN(NULL, NULL)
