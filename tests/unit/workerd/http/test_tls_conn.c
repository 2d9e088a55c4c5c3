/*
 * Connections over TLS: the rig's server, and a client whose records go through the test's hands
 * (tls_peer.h). What is the same as over plain TCP is not said again here; it is about handshakes,
 * bytes that lie in the transport where no event tells of them, and the end.
 */
#include <signal.h>
#include <string.h>

#include <openssl/err.h>

#include "proto/base/log.h"
#include "tests/unit/workerd/http/http_rig.h"
#include "tests/unit/workerd/http/tls_peer.h"
#include "workerd/http/tls.h"

#define KEEP GET("/keep")

static struct test_cert cert;
static struct tls *tls;
static struct tls_peer peer;

static void
start(void)
{
	rig_start();
	http_server_use_tls(rig.server, tls);
}

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
	if (cl == NULL)
		return;
	tls_peer_clear(&peer);
	client_close(cl);
	cl = NULL;
}

static int
tear_down(void **state)
{
	close_client();
	rig_tear_down(state);
	tls_free(tls);
	test_cert_clear(&cert);
	return 0;
}

/* A client that has not sent anything. */
static void
connect_client(int version)
{
	cl = client_open();
	tls_peer_init(&peer, cl->fd, version);
	assert_int_equal(tls_peer_think(&peer), SSL_ERROR_WANT_READ);
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
end_was_announced(void)
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
start_open(int version)
{
	start();
	open_client(version);
}

static void
client_says(const char *text)
{
	tls_peer_write(&peer, text, strlen(text));
	tls_peer_send_some(&peer, SIZE_MAX);
}

static void
say_keep(void)
{
	client_says(KEEP);
	WAIT_FOR(rig.n_kept == 1);
}

static void
answer_kept(void)
{
	rig.kept[0]->on_close = NULL;
	reply_start(rig.kept[0], 200);
	reply_body(rig.kept[0], "text/plain", slice_str("late"));
	rig.n_kept = 0;
}

static void
answer_both(void)
{
	answer_kept();
	WAIT_FOR(count(ANSWER) == 1);
	assert_int_equal(count("late"), 1);
}

#define TLS_CONN_TEST(name) TEST_WITH(name, set_up, tear_down)

TLS_CONN_TEST(requests_are_answered_each_in_one_record)
{
	start_open(TLS1_2_VERSION);
	for (size_t i = 1; i <= 5; i++) {
		client_says(HELLO);
		WAIT_FOR(count(ANSWER) == i);
		assert_int_equal(rig_conn()->state, CONN_IDLE);
		assert_int_equal(peer.records, i);
	}
}

TLS_CONN_TEST(a_handler_sees_that_a_request_came_encrypted)
{
	start_open(TLS1_3_VERSION);
	say_keep();
	assert_true(rig.kept[0]->tls);
	answer_kept();
	WAIT_FOR(count("late") == 1);
}

TLS_CONN_TEST(a_slow_handshake_is_dropped_after_the_handshake_timeout)
{
	rig.limits.handshake_timeout = 50;
	start();
	connect_client(TLS1_3_VERSION);
	tls_peer_send_some(&peer, 100);
	WAIT_FOR(http_server_connections(rig.server) == 0);
	WAIT_FOR(client_at_end(cl) || client_was_reset(cl));
	assert_int_equal(rig.handled, 0);
}

TLS_CONN_TEST(the_head_timeout_begins_after_the_handshake)
{
	rig.limits.head_timeout = 50;
	start();
	connect_client(TLS1_3_VERSION);
	assert_int_equal(rig_conn()->timer_on, TIMER_HANDSHAKE);
	WAIT_FOR(is_open());
	assert_int_equal(rig_conn()->timer_on, TIMER_HEAD);
	WAIT_FOR(is_ended());
	assert_true(end_was_announced());
}

/* Unread request bytes at a close would make the kernel send a reset, which could overtake the
 * reply. */
TLS_CONN_TEST(plain_http_is_told_to_use_https)
{
	static const char body[100000];

	start();
	connect_client(TLS1_3_VERSION);
	client_send(cl, "POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
	client_send_bytes(cl, body, sizeof(body));
	WAIT_FOR(client_at_end(cl));
	assert_true(client_begins_with(cl, "HTTP/1.1 400 Bad Request\r\n"));
	assert_true(client_has(cl, "\r\nConnection: close\r\n"));
	assert_true(client_ends_with(cl, "\"code\":\"https_required\"}"));
	assert_int_equal(rig.handled, 0);
}

TLS_CONN_TEST(a_rejected_connection_gets_503_after_the_handshake)
{
	start();
	rig.full = true;
	connect_client(TLS1_3_VERSION);
	rig_turn();
	assert_int_equal(rig_conn()->timer_on, TIMER_HANDSHAKE);
	WAIT_FOR(is_ended());
	assert_int_equal(count("HTTP/1.1 503 "), 1);
	assert_true(end_was_announced());
}

TLS_CONN_TEST(a_rejected_client_of_plain_http_gets_503_in_plain)
{
	start();
	rig.full = true;
	connect_client(TLS1_3_VERSION);
	client_send(cl, HELLO);
	WAIT_FOR(client_at_end(cl));
	assert_true(client_begins_with(cl, "HTTP/1.1 503 "));
	assert_int_equal(client_count(cl, "HTTP/1.1 "), 1);
	assert_int_equal(rig.handled, 0);
}

TLS_CONN_TEST(a_rejected_client_may_leave_at_any_point_of_the_handshake)
{
	start();
	rig.full = true;
	for (size_t at = 0; at < 200; at += 10) {
		connect_client(TLS1_3_VERSION);
		tls_peer_send_some(&peer, at);
		rig_turn();
		close_client();
		WAIT_FOR(http_server_connections(rig.server) == 0);
	}
}

TLS_CONN_TEST(requests_in_one_record_are_all_answered)
{
	char text[SSL3_RT_MAX_PLAIN_LENGTH] = "";
	size_t n = 0;

	start_open(TLS1_2_VERSION);
	for (; (n + 1) * (sizeof(HELLO) - 1) < sizeof(text); n++)
		memcpy(text + n * (sizeof(HELLO) - 1), HELLO, sizeof(HELLO) - 1);
	client_says(text);
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
		int len = snprintf(text, sizeof(text),
		    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%*s" HELLO,
		    body, body, "");

		assert_true(len > 0 && (size_t)len < sizeof(text));
		open_client(TLS1_3_VERSION);
		client_says(text);
		WAIT_FOR(count(ANSWER) == 1);
		assert_int_equal(count("HTTP/1.1 200 OK"), 2);
		close_client();
		WAIT_FOR(http_server_connections(rig.server) == 0);
	}
}

TLS_CONN_TEST(a_request_in_the_record_of_a_waiting_one_is_answered_after_it)
{
	start_open(TLS1_3_VERSION);
	client_says(KEEP HELLO);
	WAIT_FOR(rig.n_kept == 1);
	assert_int_equal(rig.handled, 1);
	answer_both();
}

TLS_CONN_TEST(a_request_that_comes_during_an_answer_is_answered_after_it)
{
	start_open(TLS1_3_VERSION);
	say_keep();
	client_says(HELLO);
	WAIT_FOR(rig_conn()->input_waits);
	answer_both();
}

TLS_CONN_TEST(a_last_reply_is_followed_by_close_notify)
{
	start_open(TLS1_2_VERSION);
	client_says("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	WAIT_FOR(is_ended());
	assert_int_equal(count(ANSWER), 1);
	assert_true(end_was_announced());
	close_client();
	WAIT_FOR(http_server_connections(rig.server) == 0);
}

TLS_CONN_TEST(a_truncated_reply_without_length_does_not_look_complete)
{
	start_open(TLS1_3_VERSION);
	client_says("GET /keep HTTP/1.0\r\n\r\n");
	WAIT_FOR(rig.n_kept == 1);
	reply_start(rig.kept[0], 200);
	reply_stream_begin(rig.kept[0], "text/plain");
	assert_int_equal(reply_stream_write(rig.kept[0], slice_str("half of")), 0);
	WAIT_FOR(count("half of") == 1);
	rig.kept[0]->on_close = NULL;
	reply_abort(rig.kept[0]);
	WAIT_FOR(is_ended() || peer.reset);
	assert_false(end_was_announced());
}

TLS_CONN_TEST(a_refused_client_that_keeps_sending_reads_the_reply)
{
	static char body[1000000];

	memset(body, 'x', sizeof(body) - 1);
	rig.limits.linger_timeout = WAIT_MS;
	start_open(TLS1_3_VERSION);
	client_says("POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n\r\n");
	for (int i = 0; i < 4; i++) {
		tls_peer_write(&peer, body, sizeof(body));
		while (tls_peer_waiting(&peer) > 0) {
			tls_peer_send_some(&peer, 4096);
			rig_turn();
		}
	}
	WAIT_FOR(is_ended());
	assert_int_equal(count("HTTP/1.1 413 "), 1);
	assert_true(end_was_announced());
}

TLS_CONN_TEST(a_half_closed_tls_client_gets_its_reply)
{
	start_open(TLS1_3_VERSION);
	client_says(KEEP);
	(void)SSL_shutdown(peer.ssl);
	tls_peer_send_some(&peer, SIZE_MAX);
	WAIT_FOR(rig.n_kept == 1 && rig_conn()->eof);
	answer_kept();
	WAIT_FOR(is_ended());
	assert_int_equal(count("late"), 1);
}

TLS_CONN_TEST(a_protocol_error_during_a_reply_drops_the_connection)
{
	start_open(TLS1_3_VERSION);
	say_keep();
	client_send_bytes(cl, "\x17\x03\x03\x00\x20 this is no ciphertext at all!..", 5 + 32);
	WAIT_FOR(http_server_connections(rig.server) == 0);
	assert_int_equal(rig.closed, 1);
}

TLS_CONN_TEST(a_drain_ends_idle_connections_with_close_notify)
{
	start_open(TLS1_3_VERSION);
	client_says(HELLO);
	WAIT_FOR(count(ANSWER) == 1);
	http_server_drain(rig.server);
	WAIT_FOR(is_ended());
	assert_true(end_was_announced());
}

TLS_CONN_TEST(a_request_in_the_kernel_when_a_drain_begins_is_answered)
{
	start_open(TLS1_3_VERSION);
	client_says(HELLO);
	WAIT_FOR(count(ANSWER) == 1);
	client_says(HELLO);
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
	client_says(HELLO);
	WAIT_FOR(is_ended());
	assert_int_equal(count(ANSWER), 1);
}

TEST_MAIN(NULL, NULL)
