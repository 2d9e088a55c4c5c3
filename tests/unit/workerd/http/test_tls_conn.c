/*
 * Connections over TLS: the rig's server, and a client whose records pass through the test
 * (tls_peer.h). Only what differs from plain TCP: handshakes, bytes that the transport holds without
 * an event for them, and the end.
 */
#include <signal.h>
#include <string.h>

#include <openssl/err.h>

#include "tests/unit/workerd/http/http_rig.h"
#include "tests/unit/workerd/http/tls_peer.h"
#include "workerd/http/tls.h"

static struct test_cert cert;
static struct tls *tls;
static struct tls_peer peer; /* on cl, which has the plain input */

static int
set_up(void **state)
{
	const char *why;

	signal(SIGPIPE, SIG_IGN);
	test_cert_make(&cert, &(struct test_cert_like){0});
	tls = tls_new();
	assert_int_equal(
	    tls_set_identity(tls, buf_slice(&cert.chain), buf_slice(&cert.key), &why), 0);
	cl = NULL;
	return rig_set_up(state);
}

static void
close_client(void)
{
	tls_peer_clear(&peer);
	client_close(cl);
	cl = NULL;
}

static int
tear_down(void **state)
{
	if (cl != NULL)
		close_client();
	rig_tear_down(state);
	tls_free(tls);
	test_cert_clear(&cert);
	return 0;
}

static void
start(void)
{
	rig_start();
	http_server_use_tls(rig.server, tls);
}

/* A client that has not sent anything. */
static void
connect_client(int version)
{
	cl = client_open();
	tls_peer_init(&peer, cl->fd, version);
	assert_int_equal(tls_peer_think(&peer), SSL_ERROR_WANT_READ);
}

static void
start_connect(void)
{
	start();
	connect_client(TLS1_3_VERSION);
}

/* The client reads and writes what it can; so do all functions below before they check. */
static void
client_acts(void)
{
	tls_peer_receive(&peer);
	(void)tls_peer_think(&peer);
	tls_peer_send_some(&peer, SIZE_MAX);
}

static bool
is_open(void)
{
	client_acts();
	return SSL_is_init_finished(peer.ssl) && !rig_conn()->io.opening;
}

static bool
is_ended(void)
{
	client_acts();
	return peer.eof;
}

static size_t
count(const char *text)
{
	struct client plain = {.fd = -1, .eof = true};

	client_acts();
	plain.in = peer.in;
	return client_count(&plain, text);
}

static bool
got_close_notify(void)
{
	return (SSL_get_shutdown(peer.ssl) & SSL_RECEIVED_SHUTDOWN) != 0;
}

static void
open_client(int version)
{
	connect_client(version);
	WAIT_FOR(is_open());
}

static void
start_open(void)
{
	start();
	open_client(TLS1_3_VERSION);
}

#define TLS_CONN_TEST(name) TEST_WITH(name, set_up, tear_down)

TLS_CONN_TEST(requests_are_answered_each_in_one_record)
{
	start();
	open_client(TLS1_2_VERSION); /* TLS 1.3 has tickets in the same records */
	for (size_t i = 1; i <= 5; i++) {
		tls_peer_say(&peer, HELLO);
		WAIT_FOR(count(ANSWER) == i);
		assert_int_equal(rig_conn()->state, CONN_IDLE);
		assert_int_equal(peer.records, i);
	}
}

TLS_CONN_TEST(a_slow_handshake_is_dropped_after_the_handshake_timeout)
{
	rig.limits.handshake_timeout = 50;
	start_connect();
	tls_peer_send_some(&peer, 100);
	WAIT_FOR_CONNECTIONS(0);
	WAIT_FOR(client_at_end(cl) || client_was_reset(cl));
	assert_int_equal(rig.handled, 0);
}

TLS_CONN_TEST(the_head_timeout_begins_after_the_handshake)
{
	rig.limits.head_timeout = 50;
	start_connect();
	assert_int_equal(rig_conn()->timer_on, TIMER_HANDSHAKE);
	WAIT_FOR(is_open());
	assert_int_equal(rig_conn()->timer_on, TIMER_HEAD);
	WAIT_FOR(is_ended());
	assert_true(got_close_notify());
}

/* Unread request bytes at a close would make the kernel send a reset, which could overtake the
 * reply. */
TLS_CONN_TEST(plain_http_is_told_to_use_https)
{
	struct slice body = rig_text('b', 100000);

	start_connect();
	client_send(cl, POST("/hello", "100000"));
	client_send_bytes(cl, (const char *)body.p, body.len);
	WAIT_FOR_END(cl);
	assert_true(client_begins_with(cl, "HTTP/1.1 400 Bad Request\r\n"));
	assert_true(client_has(cl, "\r\nConnection: close\r\n"));
	assert_true(client_ends_with(cl, "\"code\":\"https_required\"}"));
	assert_int_equal(rig.handled, 0);
}

TLS_CONN_TEST(a_rejected_connection_gets_503_after_the_handshake)
{
	rig.full = true;
	start_connect();
	rig_turn();
	assert_int_equal(rig_conn()->timer_on, TIMER_HANDSHAKE);
	WAIT_FOR(is_ended());
	assert_int_equal(count("HTTP/1.1 503 "), 1);
	assert_true(got_close_notify());
}

TLS_CONN_TEST(a_rejected_client_of_plain_http_gets_503_in_plain)
{
	rig.full = true;
	start_connect();
	client_send(cl, HELLO);
	WAIT_FOR_END(cl);
	assert_true(client_begins_with(cl, "HTTP/1.1 503 "));
	assert_int_equal(client_count(cl, "HTTP/1.1 "), 1);
	assert_int_equal(rig.handled, 0);
}

TLS_CONN_TEST(a_rejected_client_may_leave_at_any_point_of_the_handshake)
{
	rig.full = true;
	start();
	for (size_t at = 0; at < 200; at += 10) {
		connect_client(TLS1_3_VERSION);
		tls_peer_send_some(&peer, at);
		rig_turn();
		close_client();
		WAIT_FOR_CONNECTIONS(0);
	}
}

TLS_CONN_TEST(requests_in_one_record_are_all_answered)
{
	char text[SSL3_RT_MAX_PLAIN_LENGTH] = "";
	size_t n = 0;

	start_open();
	for (; (n + 1) * strlen(HELLO) < sizeof(text); n++)
		memcpy(text + n * strlen(HELLO), HELLO, strlen(HELLO));
	tls_peer_say(&peer, text);
	WAIT_FOR(count(ANSWER) == n);
	assert_int_equal(rig.handled, n);
}

/* The first is read exactly to its end; the second stays in the transport. */
TLS_CONN_TEST(a_request_behind_a_body_in_the_same_record_is_answered)
{
	char text[2048];

	rig.limits.head_max = 256;
	start();
	for (int body = 1; body < 1000; body += 37) {
		int len = snprintf(
		    text, sizeof(text), POST("/echo", "%d") "%*s" HELLO, body, body, "");

		assert_true(len > 0 && (size_t)len < sizeof(text));
		open_client(TLS1_3_VERSION);
		tls_peer_say(&peer, text);
		WAIT_FOR(count(ANSWER) == 1);
		assert_int_equal(count("HTTP/1.1 200 OK"), 2);
		close_client();
		WAIT_FOR_CONNECTIONS(0);
	}
}

static void
answer_late(struct http_exchange *x)
{
	assert_true(x->tls);
	x->on_close = NULL;
	answer(x, "late");
	WAIT_FOR(count("late") == 1);
}

TLS_CONN_TEST(a_request_in_the_record_of_a_waiting_one_is_answered_after_it)
{
	struct http_exchange *x;

	start_open();
	tls_peer_say(&peer, GET("/keep") HELLO);
	x = rig_kept();
	assert_int_equal(rig.handled, 1);
	answer_late(x);
	WAIT_FOR(count("late"
		       "HTTP/1.1 200 OK") == 1 &&
	    count(ANSWER) == 1);
}

TLS_CONN_TEST(a_request_that_comes_during_an_answer_is_answered_after_it)
{
	struct http_exchange *x;

	start_open();
	tls_peer_say(&peer, GET("/keep"));
	x = rig_kept();
	tls_peer_say(&peer, HELLO);
	WAIT_FOR(rig_conn()->input_waits);
	answer_late(x);
	WAIT_FOR(count("late"
		       "HTTP/1.1 200 OK") == 1 &&
	    count(ANSWER) == 1);
}

TLS_CONN_TEST(a_last_reply_is_followed_by_close_notify)
{
	start();
	open_client(TLS1_2_VERSION);
	tls_peer_say(&peer, "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	WAIT_FOR(is_ended());
	assert_int_equal(count(ANSWER), 1);
	assert_true(got_close_notify());
	close_client();
	WAIT_FOR_CONNECTIONS(0);
}

TLS_CONN_TEST(a_truncated_reply_without_length_does_not_look_complete)
{
	struct http_exchange *x;

	start_open();
	tls_peer_say(&peer, GET10("/keep"));
	x = rig_kept();
	stream_begin(x, "text/plain");
	stream_write(x, "half of");
	WAIT_FOR(count("half of") == 1);
	reply_abort(x);
	WAIT_FOR(is_ended() || peer.reset);
	assert_false(got_close_notify());
}

TLS_CONN_TEST(a_refused_client_that_keeps_sending_reads_the_reply)
{
	struct slice body = rig_text('x', 1000000);

	rig.limits.linger_timeout = WAIT_MS;
	start_open();
	tls_peer_say(&peer, POST("/hello", "9999999"));
	for (int i = 0; i < 4; i++) {
		tls_peer_write(&peer, body.p, body.len);
		while (tls_peer_waiting(&peer) > 0) {
			tls_peer_send_some(&peer, 4096);
			rig_turn();
		}
	}
	WAIT_FOR(is_ended());
	assert_int_equal(count("HTTP/1.1 413 "), 1);
	assert_true(got_close_notify());
}

TLS_CONN_TEST(a_half_closed_tls_client_gets_its_reply)
{
	struct http_exchange *x;

	start_open();
	tls_peer_say(&peer, GET("/keep"));
	(void)SSL_shutdown(peer.ssl);
	tls_peer_send_some(&peer, SIZE_MAX);
	x = rig_kept();
	WAIT_FOR(rig_conn()->eof);
	answer_late(x);
	WAIT_FOR(is_ended());
}

TLS_CONN_TEST(a_protocol_error_during_a_reply_drops_the_connection)
{
	start_open();
	tls_peer_say(&peer, GET("/keep"));
	rig_kept();
	client_send_bytes(cl, "\x17\x03\x03\x00\x20 this is no ciphertext at all!..", 5 + 32);
	WAIT_FOR_CONNECTIONS(0);
	assert_int_equal(rig.closed, 1);
}

TLS_CONN_TEST(a_drain_ends_idle_connections_with_close_notify)
{
	start_open();
	tls_peer_say(&peer, HELLO);
	WAIT_FOR(count(ANSWER) == 1);
	http_server_drain(rig.server);
	WAIT_FOR(is_ended());
	assert_true(got_close_notify());
}

TLS_CONN_TEST(a_request_in_the_kernel_when_a_drain_begins_is_answered)
{
	start_open();
	tls_peer_say(&peer, HELLO);
	WAIT_FOR(count(ANSWER) == 1);
	tls_peer_say(&peer, HELLO);
	client_arrives(cl);
	http_server_drain(rig.server);
	WAIT_FOR(is_ended());
	assert_int_equal(count(ANSWER), 2);
	assert_int_equal(count("\r\nConnection: close\r\n"), 1);
}

/* However long the handshake takes, within handshake_timeout. */
TLS_CONN_TEST(a_handshake_in_progress_when_a_drain_begins_gets_its_reply)
{
	rig.limits.linger_timeout = WAIT_MS;
	start();
	connect_client(TLS1_2_VERSION);
	tls_peer_send_some(&peer, 100);
	http_server_drain(rig.server);
	rig_turn();
	assert_int_equal(rig_conn()->timer_on, TIMER_HANDSHAKE);
	WAIT_FOR(is_open());
	assert_int_equal(rig_conn()->timer_on, TIMER_LINGER);
	tls_peer_say(&peer, HELLO);
	WAIT_FOR(is_ended());
	assert_int_equal(count(ANSWER), 1);
}

TEST_MAIN(NULL, NULL)
