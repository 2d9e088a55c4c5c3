/*
 * TLS: the rig's server, and OpenSSL's client, whose records pass through the test (tls_peer.h). Only
 * what differs from plain TCP: handshakes, bytes that the transport holds without an event for them,
 * the end, session tickets and certificates. All tests run with TLS 1.2 and with TLS 1.3.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>

#include "proto/base/log.h"
#include "proto/base/secrets.h"
#include "proto/ipc/messages.h"
#include "tests/unit/test_cert.h"
#include "tests/unit/workerd/http/http_rig.h"
#include "tests/unit/workerd/http/tls_peer.h"
#include "workerd/http/tls.h"

static int run_version; /* of all tests of this run */
static int version;     /* of the next client */
static struct test_cert cert;
static struct tls *tls;
static struct tls_peer peer; /* on cl, which has the plain input */
static int failure;          /* OpenSSL's reason, such as an alert of the server; or 0 */

static struct slice
key_of(uint8_t byte)
{
	static uint8_t keys[256][TICKET_KEY_SIZE];

	memset(keys[byte], byte, TICKET_KEY_SIZE);
	return (struct slice){keys[byte], TICKET_KEY_SIZE};
}

static struct tls *
shared_new(void)
{
	struct tls *t = tls_new();
	const char *why;

	assert_int_equal(
	    tls_set_identity(t, buf_slice(&cert.chain), buf_slice(&cert.key), &why), 0);
	return t;
}

static int
set_up(void **state)
{
	signal(SIGPIPE, SIG_IGN);
	version = run_version;
	test_cert_make(&cert, &(struct test_cert_like){0});
	tls = shared_new();
	tls_set_ticket_keys(tls, key_of(1), (struct slice){0});
	cl = NULL;
	return rig_set_up(state);
}

static void
close_client(void)
{
	tls_peer_clear(&peer);
	client_close(cl);
	cl = NULL;
	WAIT_FOR_CONNECTIONS(0);
}

static int
tear_down(void **state)
{
	if (cl != NULL)
		tls_peer_clear(&peer);
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

/* A client that has not sent anything; buffer as in client_open_with(). */
static void
connect_with(int buffer)
{
	cl = client_open_with(buffer);
	tls_peer_init(&peer, cl->fd, version);
	failure = 0;
}

static void
connect_client(void)
{
	connect_with(0);
}

static void
start_connect(void)
{
	start();
	connect_client();
}

/* The client begins the handshake with so many bytes. */
static void
send_hello(size_t n)
{
	assert_int_equal(tls_peer_think(&peer), SSL_ERROR_WANT_READ);
	tls_peer_send_some(&peer, n);
}

/* The client reads and writes what it can; so do all functions below before they check. */
static void
client_acts(void)
{
	tls_peer_receive(&peer);
	if (tls_peer_think(&peer) == SSL_ERROR_SSL && failure == 0)
		failure = ERR_GET_REASON(ERR_peek_error());
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
open_client(void)
{
	connect_client();
	WAIT_FOR(is_open());
}

static void
start_open(void)
{
	start();
	open_client();
}

static void
say(const char *text)
{
	tls_peer_say(&peer, text);
}

/* One more request gets its response. */
static void
ask(void)
{
	size_t before = count(ANSWER);

	say(HELLO);
	WAIT_FOR(count(ANSWER) == before + 1);
}

#define TLS_TEST(name) TEST_WITH(name, set_up, tear_down)

/*
 * Handshakes.
 */

TLS_TEST(a_handshake_may_come_in_pieces_of_any_size)
{
	size_t longest = 1; /* of the client's flights */

	start();
	for (size_t piece = 1; piece <= longest; piece++) {
		connect_client();
		do {
			tls_peer_receive(&peer);
			(void)tls_peer_think(&peer);
			if (tls_peer_waiting(&peer) > longest)
				longest = tls_peer_waiting(&peer);
			do {
				tls_peer_send_some(&peer, piece);
				rig_turn();
			} while (tls_peer_waiting(&peer) > 0);
		} while (!SSL_is_init_finished(peer.ssl));
		ask();
		assert_int_equal(SSL_version(peer.ssl), version);
		close_client();
	}
}

TLS_TEST(a_handshake_that_cannot_be_sent_waits_for_room)
{
	struct slice pem = buf_slice(&cert.chain);
	struct buf chain;
	const char *why;

	buf_init(&chain, 100 * pem.len);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(buf_append(&chain, pem.p, pem.len), 0);
	assert_int_equal(
	    tls_set_identity(tls, buf_slice(&chain), buf_slice(&cert.key), &why), 0);
	buf_clear(&chain);
	start();
	connect_with(4096);
	send_hello(SIZE_MAX);
	WAIT_FOR(rig_conn()->io.read_wants_write);
	WAIT_FOR(is_open());
	ask();
}

/* The handshake fails with this alert. */
static void
assert_refused(int alert)
{
	WAIT_FOR((client_acts(), failure != 0));
	assert_int_equal(failure, alert);
	close_client();
}

TLS_TEST(older_versions_are_refused)
{
	const int old[] = {TLS1_VERSION, TLS1_1_VERSION};

	start();
	for (size_t i = 0; i < ARRAY_LEN(old); i++) {
		version = old[i];
		connect_client();
		assert_refused(SSL_R_TLSV1_ALERT_PROTOCOL_VERSION);
	}
}

TLS_TEST(suites_without_forward_secrecy_or_authentication_are_refused)
{
	const char *const weak[] = {"AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA256",
	    "ECDHE-ECDSA-AES256-SHA", "ECDHE-ECDSA-AES128-CCM8"};

	version = TLS1_2_VERSION;
	start();
	for (size_t i = 0; i < ARRAY_LEN(weak); i++) {
		connect_client();
		assert_int_equal(SSL_set_cipher_list(peer.ssl, weak[i]), 1);
		assert_refused(SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE);
	}
}

TLS_TEST(alpn_selects_http_1_only)
{
	const uint8_t *chosen;
	unsigned len;

	start_connect();
	SSL_set_alpn_protos(peer.ssl, (const uint8_t *)"\x02h2\x08http/1.1", 12);
	WAIT_FOR(is_open());
	SSL_get0_alpn_selected(peer.ssl, &chosen, &len);
	assert_int_equal(len, 8);
	assert_memory_equal(chosen, "http/1.1", 8);
	close_client();
	connect_client();
	SSL_set_alpn_protos(peer.ssl, (const uint8_t *)"\x02h2", 3);
	assert_refused(SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL);
}

TLS_TEST(input_that_is_not_tls_drops_the_connection)
{
	start_connect();
	client_send_bytes(cl, "\x16\x03\x01\xff\xff garbage", 13);
	WAIT_FOR_CONNECTIONS(0);
}

/* Corrupts each byte of the client's first flight in turn: refused, or without effect. */
TLS_TEST(a_corrupted_hello_fails_or_waits_for_more)
{
	char hello[4096];
	int len = 1;

	start();
	for (int at = 0; at < len; at++) {
		connect_client();
		(void)tls_peer_think(&peer);
		len = BIO_read(peer.to, hello, sizeof(hello));
		assert_true(len > at);
		hello[at] ^= 0x41;
		client_send_bytes(cl, hello, (size_t)len);
		client_arrives(cl);
		rig_turn();
		assert_true(http_server_connections(rig.server) == 0 || rig_conn()->io.opening);
		close_client();
	}
	assert_int_equal(rig.handled, 0);
}

TLS_TEST(plain_http_is_told_to_use_https)
{
	static const char *const requests[] = {GET("/hello"), POST("/hello", "0"),
	    "HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n",
	    "PUT /hello HTTP/1.1\r\nHost: a\r\n\r\n"};

	start();
	for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
		connect_client();
		client_send(cl, requests[i]);
		WAIT_FOR_END(cl);
		assert_true(client_begins_with(cl, "HTTP/1.1 400 Bad Request\r\n"));
		assert_true(client_has(cl, "\r\nConnection: close\r\n"));
		assert_true(client_ends_with(cl, "\"code\":\"https_required\"}"));
		close_client();
	}
	assert_int_equal(rig.handled, 0);
}

/* Unread request bytes at a close would make the kernel send a reset, which could overtake the
 * reply. */
TLS_TEST(a_plain_client_that_keeps_sending_reads_the_reply)
{
	struct slice body = rig_text('b', 100000);

	start_connect();
	client_send(cl, POST("/hello", "100000"));
	client_send_bytes(cl, (const char *)body.p, body.len);
	WAIT_FOR_END(cl);
	assert_true(client_ends_with(cl, "\"code\":\"https_required\"}"));
}

TLS_TEST(a_client_may_leave_during_the_handshake)
{
	start_connect();
	send_hello(20);
	assert_int_equal(shutdown(cl->fd, SHUT_WR), 0);
	WAIT_FOR_CONNECTIONS(0);
}

TLS_TEST(a_slow_handshake_is_dropped_after_the_handshake_timeout)
{
	rig.limits.handshake_timeout = 50;
	start_connect();
	send_hello(100);
	WAIT_FOR_CONNECTIONS(0);
	WAIT_FOR(client_at_end(cl) || client_was_reset(cl));
	assert_int_equal(rig.handled, 0);
}

TLS_TEST(the_head_timeout_begins_after_the_handshake)
{
	rig.limits.head_timeout = 50;
	start_connect();
	assert_int_equal(rig_conn()->timer_on, TIMER_HANDSHAKE);
	WAIT_FOR(is_open());
	assert_int_equal(rig_conn()->timer_on, TIMER_HEAD);
	WAIT_FOR(is_ended());
	assert_true(got_close_notify());
}

TLS_TEST(a_rejected_connection_gets_503_after_the_handshake)
{
	rig.full = true;
	start_connect();
	rig_turn();
	assert_int_equal(rig_conn()->timer_on, TIMER_HANDSHAKE);
	WAIT_FOR(is_ended());
	assert_int_equal(count("HTTP/1.1 503 "), 1);
	assert_true(got_close_notify());
}

TLS_TEST(a_rejected_client_of_plain_http_gets_503_in_plain)
{
	rig.full = true;
	start_connect();
	client_send(cl, HELLO);
	WAIT_FOR_END(cl);
	assert_true(client_begins_with(cl, "HTTP/1.1 503 "));
	assert_int_equal(client_count(cl, "HTTP/1.1 "), 1);
	assert_int_equal(rig.handled, 0);
}

TLS_TEST(a_rejected_client_may_leave_at_any_point_of_the_handshake)
{
	rig.full = true;
	start();
	for (size_t at = 0; at < 200; at += 10) {
		connect_client();
		send_hello(at);
		rig_turn();
		close_client();
	}
}

/*
 * Records.
 */

TLS_TEST(requests_are_answered_each_in_one_record)
{
	version = TLS1_2_VERSION; /* in TLS 1.3 tickets come as application data, too */
	start_open();
	for (size_t i = 1; i <= 5; i++) {
		ask();
		assert_int_equal(rig_conn()->state, CONN_IDLE);
		assert_int_equal(peer.records, i);
	}
}

TLS_TEST(a_record_may_come_byte_by_byte)
{
	start_open();
	tls_peer_write(&peer, HELLO, strlen(HELLO));
	while (tls_peer_waiting(&peer) > 1) {
		tls_peer_send_some(&peer, 1);
		rig_turn();
		assert_int_equal(rig.handled, 0);
	}
	WAIT_FOR(count(ANSWER) == 1);
}

TLS_TEST(requests_in_one_record_are_all_answered)
{
	char text[SSL3_RT_MAX_PLAIN_LENGTH] = "";
	size_t n = 0;

	start_open();
	for (; (n + 1) * strlen(HELLO) < sizeof(text); n++)
		memcpy(text + n * strlen(HELLO), HELLO, strlen(HELLO));
	say(text);
	WAIT_FOR(count(ANSWER) == n);
	assert_int_equal(rig.handled, n);
}

/* The first is read exactly to its end; the second stays in the transport. */
TLS_TEST(a_request_behind_a_body_in_the_same_record_is_answered)
{
	char text[2048];

	rig.limits.head_max = 256;
	start();
	for (int body = 1; body < 1000; body += 37) {
		int len = snprintf(
		    text, sizeof(text), POST("/echo", "%d") "%*s" HELLO, body, body, "");

		assert_true(len > 0 && (size_t)len < sizeof(text));
		open_client();
		say(text);
		WAIT_FOR(count(ANSWER) == 1);
		assert_int_equal(count("HTTP/1.1 200 OK"), 2);
		close_client();
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

TLS_TEST(a_request_in_the_record_of_a_waiting_one_is_answered_after_it)
{
	struct http_exchange *x;

	start_open();
	say(GET("/keep") HELLO);
	x = rig_kept();
	assert_int_equal(rig.handled, 1);
	answer_late(x);
	WAIT_FOR(count("lateHTTP/1.1 200 OK") == 1 && count(ANSWER) == 1);
}

TLS_TEST(a_request_that_comes_during_an_answer_is_answered_after_it)
{
	struct http_exchange *x;

	start_open();
	say(GET("/keep"));
	x = rig_kept();
	/* An incomplete record is no input. */
	tls_peer_write(&peer, HELLO, strlen(HELLO));
	tls_peer_send_some(&peer, 10);
	client_arrives(cl);
	for (int i = 0; i < 3; i++)
		rig_turn();
	assert_false(rig_conn()->input_waits);
	tls_peer_send_some(&peer, SIZE_MAX);
	WAIT_FOR(rig_conn()->input_waits);
	answer_late(x);
	WAIT_FOR(count("lateHTTP/1.1 200 OK") == 1 && count(ANSWER) == 1);
}

TLS_TEST(large_replies_pass_a_small_socket_buffer_complete)
{
	static uint8_t bytes[1000 * 1000];
	static const struct {
		size_t len; /* of each reply */
		const char *requests;
		size_t replies;
	} cases[] = {
	    {sizeof(bytes), GET("/big"), 1}, {sizeof(bytes), GET("/bigcopy"), 1},
	    {20000, GET("/bigcopy") GET("/big"), 2}, /* in one write */
	};

	secret_random(bytes, sizeof(bytes));
	start();
	connect_with(4096);
	WAIT_FOR(is_open());
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t len = cases[i].len;

		rig.big = (struct slice){bytes, len};
		buf_reset(&peer.in);
		say(cases[i].requests);
		WAIT_FOR(rig_conn()->blocked);
		WAIT_FOR((client_acts(),
		    buf_len(&peer.in) > cases[i].replies * len &&
			rig_conn()->state == CONN_IDLE));
		assert_int_equal(count("HTTP/1.1 200 OK\r\n"), cases[i].replies);
		assert_memory_equal(buf_data(&peer.in) + buf_len(&peer.in) - len, bytes, len);
	}
}

/* Whether a line of the log contains this text; the log goes to a file for the duration of run(). */
static bool
logs(void (*run)(void), const char *text)
{
	char line[512] = "";
	FILE *log = tmpfile();
	int before = dup(STDERR_FILENO);
	bool found = false;

	assert_non_null(log);
	assert_int_not_equal(dup2(fileno(log), STDERR_FILENO), -1);
	log_open("test", LOG_DEBUG);
	run();
	rig_loud();
	assert_int_not_equal(dup2(before, STDERR_FILENO), -1);
	close(before);
	rewind(log);
	while (!found && fgets(line, sizeof(line), log) != NULL)
		found = strstr(line, text) != NULL;
	fclose(log);
	return found;
}

static void
send_corrupted_record(void)
{
	char record[512];
	int len;

	tls_peer_write(&peer, HELLO, strlen(HELLO));
	len = BIO_read(peer.to, record, sizeof(record));
	assert_true(len > (int)strlen(HELLO));
	record[len - 1] ^= 1;
	client_send_bytes(cl, record, (size_t)len);
	WAIT_FOR_CONNECTIONS(0);
}

TLS_TEST(a_corrupted_record_drops_the_connection_with_a_reason_in_the_log)
{
	version = TLS1_3_VERSION;
	start_open();
	assert_true(logs(send_corrupted_record,
	    "ev=tls_failed conn=1 why=\"decryption failed or bad record mac\""));
	assert_int_equal(rig.handled, 0);
}

TLS_TEST(a_protocol_error_during_a_reply_drops_the_connection)
{
	start_open();
	say(GET("/keep"));
	rig_kept();
	client_send_bytes(cl, "\x17\x03\x03\x00\x20 this is no ciphertext at all!..", 5 + 32);
	WAIT_FOR_CONNECTIONS(0);
	assert_int_equal(rig.closed, 1);
}

TLS_TEST(a_client_that_left_is_detected_by_writing)
{
	struct http_exchange *x;

	start_open();
	say(GET("/keep"));
	x = rig_kept();
	closefd(&cl->fd);
	stream_begin(x, NULL);
	while (rig.closed == 0) {
		(void)reply_stream_write(x, slice_str("hello?"));
		rig_turn();
	}
	assert_int_equal(http_server_connections(rig.server), 0);
}

TLS_TEST(renegotiation_is_refused)
{
	version = TLS1_2_VERSION;
	start_open();
	assert_int_equal(SSL_renegotiate(peer.ssl), 1);
	(void)SSL_do_handshake(peer.ssl);
	assert_true(tls_peer_waiting(&peer) > 0);
	tls_peer_send_some(&peer, SIZE_MAX);
	WAIT_FOR((client_acts(), failure != 0));
	assert_int_equal(failure, SSL_R_NO_RENEGOTIATION);
}

TLS_TEST(keys_may_be_updated_at_any_time)
{
	version = TLS1_3_VERSION;
	start_open();
	for (int i = 0; i < 5; i++) {
		assert_int_equal(SSL_key_update(peer.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
		assert_int_equal(SSL_do_handshake(peer.ssl), 1);
		tls_peer_send_some(&peer, SIZE_MAX);
		rig_turn();
		assert_false(rig_conn()->io.opening);
		ask();
	}
}

/*
 * The end.
 */

TLS_TEST(a_last_reply_is_followed_by_close_notify)
{
	start_open();
	say("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	WAIT_FOR(is_ended());
	assert_int_equal(count(ANSWER), 1);
	assert_true(got_close_notify());
	close_client();
}

TLS_TEST(a_truncated_reply_without_length_does_not_look_complete)
{
	struct http_exchange *x;

	start_open();
	say(GET10("/keep"));
	x = rig_kept();
	stream_begin(x, "text/plain");
	stream_write(x, "half of");
	WAIT_FOR(count("half of") == 1);
	reply_abort(x);
	WAIT_FOR(is_ended() || peer.reset);
	assert_false(got_close_notify());
}

/* Nor need what it sends be valid: it is discarded. */
TLS_TEST(a_refused_client_that_keeps_sending_reads_the_reply)
{
	struct slice body = rig_text('x', 1000000);

	rig.limits.linger_timeout = WAIT_MS;
	start_open();
	say(POST("/hello", "9999999"));
	for (int i = 0; i < 4; i++) {
		tls_peer_write(&peer, body.p, body.len);
		while (tls_peer_waiting(&peer) > 0) {
			tls_peer_send_some(&peer, 4096);
			rig_turn();
		}
	}
	client_send(cl, "no record");
	WAIT_FOR(is_ended());
	assert_int_equal(count("HTTP/1.1 413 "), 1);
	assert_true(got_close_notify());
	assert_int_equal(http_server_connections(rig.server), 1);
	assert_int_equal(shutdown(cl->fd, SHUT_WR), 0);
	WAIT_FOR_CONNECTIONS(0);
}

/* With and without close_notify. */
TLS_TEST(a_half_closed_client_gets_its_reply)
{
	start();
	for (int notify = 0; notify < 2; notify++) {
		struct http_exchange *x;

		open_client();
		tls_peer_write(&peer, GET("/keep"), strlen(GET("/keep")));
		if (notify)
			(void)SSL_shutdown(peer.ssl);
		tls_peer_send_some(&peer, SIZE_MAX);
		if (!notify)
			assert_int_equal(shutdown(cl->fd, SHUT_WR), 0);
		x = rig_kept();
		WAIT_FOR(rig_conn()->eof);
		answer_late(x);
		WAIT_FOR(is_ended());
		close_client();
	}
}

TLS_TEST(a_drain_ends_idle_connections_with_close_notify)
{
	start_open();
	ask();
	http_server_drain(rig.server);
	WAIT_FOR(is_ended());
	assert_true(got_close_notify());
}

TLS_TEST(a_request_in_the_kernel_when_a_drain_begins_is_answered)
{
	start_open();
	ask();
	say(HELLO);
	client_arrives(cl);
	http_server_drain(rig.server);
	WAIT_FOR(is_ended());
	assert_int_equal(count(ANSWER), 2);
	assert_int_equal(count("\r\nConnection: close\r\n"), 1);
}

/* However long the handshake takes, within handshake_timeout. */
TLS_TEST(a_handshake_in_progress_when_a_drain_begins_gets_its_reply)
{
	rig.limits.linger_timeout = WAIT_MS;
	start_connect();
	send_hello(100);
	http_server_drain(rig.server);
	rig_turn();
	assert_int_equal(rig_conn()->timer_on, TIMER_HANDSHAKE);
	WAIT_FOR(is_open());
	assert_int_equal(rig_conn()->timer_on, TIMER_LINGER);
	say(HELLO);
	WAIT_FOR(is_ended());
	assert_int_equal(count(ANSWER), 1);
}

/*
 * Session tickets and certificates.
 */

/* Connects to a server with a session. Returns whether it was resumed; *session becomes the new one. */
static bool
resumes(struct tls *shared, SSL_SESSION **session)
{
	bool reused;

	http_server_use_tls(rig.server, shared);
	connect_client();
	if (*session != NULL)
		assert_int_equal(SSL_set_session(peer.ssl, *session), 1);
	SSL_SESSION_free(*session);
	WAIT_FOR(is_open());
	ask(); /* in TLS 1.3 tickets come with the first data */
	reused = SSL_session_reused(peer.ssl);
	*session = SSL_get1_session(peer.ssl);
	assert_int_equal(SSL_SESSION_get_max_early_data(*session), 0);
	close_client();
	return reused;
}

TLS_TEST(a_ticket_is_valid_wherever_its_key_is_known)
{
	static const struct {
		uint8_t current, previous; /* the keys of the other server; 0: none */
		bool resumed;
	} cases[] = {{0, 0, false}, {1, 0, true}, {2, 1, true}, {3, 2, false}};
	struct tls *other = shared_new();

	start();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slice previous = {0};
		SSL_SESSION *session = NULL;

		if (cases[i].previous != 0)
			previous = key_of(cases[i].previous);
		if (cases[i].current != 0)
			tls_set_ticket_keys(other, key_of(cases[i].current), previous);
		assert_false(resumes(tls, &session));
		assert_int_equal(resumes(other, &session), cases[i].resumed);
		SSL_SESSION_free(session);
	}
	rig_stop();
	tls_free(other);
}

TLS_TEST(a_ticket_of_the_previous_key_is_replaced_by_one_of_the_current)
{
	struct tls *last = shared_new();
	SSL_SESSION *session = NULL;

	start();
	assert_false(resumes(tls, &session));
	tls_set_ticket_keys(tls, key_of(2), key_of(1));
	assert_true(resumes(tls, &session));
	tls_set_ticket_keys(last, key_of(2), (struct slice){0});
	assert_true(resumes(last, &session));
	SSL_SESSION_free(session);
	rig_stop();
	tls_free(last);
}

static void
assert_client_sees(const char *name)
{
	X509 *x = SSL_get1_peer_certificate(peer.ssl);
	char seen[64];

	assert_non_null(x);
	X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_commonName, seen, sizeof(seen));
	X509_free(x);
	assert_string_equal(seen, name);
}

TLS_TEST(a_new_certificate_applies_to_new_connections)
{
	struct tls_peer old_peer;
	struct client *old;
	struct test_cert next;
	const char *why;

	start_open();
	assert_client_sees("test");
	old = cl;
	old_peer = peer;
	test_cert_make(&next, &(struct test_cert_like){.name = "next", .rsa_bits = 2048});
	assert_int_equal(
	    tls_set_identity(tls, buf_slice(&next.chain), buf_slice(&next.key), &why), 0);
	test_cert_clear(&next);
	connect_client();
	WAIT_FOR((client_acts(), SSL_is_init_finished(peer.ssl)));
	ask();
	assert_client_sees("next");
	tls_peer_clear(&peer);
	cl = old;
	peer = old_peer;
	ask();
}

TLS_TEST(an_invalid_certificate_keeps_the_old_one)
{
	struct test_cert other, weak;
	struct slice junk = slice_str("junk");
	const char *why = NULL;

	test_cert_make(&other, &(struct test_cert_like){0});
	test_cert_make(&weak, &(struct test_cert_like){.rsa_bits = 1024});
	assert_int_equal(tls_set_identity(tls, junk, buf_slice(&other.key), &why), -1);
	assert_string_equal(why, "no start line");
	assert_int_equal(tls_set_identity(tls, buf_slice(&other.chain), junk, &why), -1);
	assert_non_null(why);
	assert_int_equal(
	    tls_set_identity(tls, buf_slice(&other.chain), buf_slice(&cert.key), &why), -1);
	assert_string_equal(why, "key values mismatch");
	assert_int_equal(
	    tls_set_identity(tls, buf_slice(&weak.chain), buf_slice(&weak.key), &why), -1);
	assert_string_equal(why, "ee key too small");
	start_open();
	assert_client_sees("test");
	test_cert_clear(&other);
	test_cert_clear(&weak);
}

int
main(void)
{
	static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
	int failed = 0;

	for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
		run_version = versions[i];
		failed += UNIT_RUN(NULL, NULL);
	}
	return failed;
}
