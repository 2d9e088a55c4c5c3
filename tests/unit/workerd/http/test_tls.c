/*
 * The TLS transport alone, over a socket pair, against OpenSSL's client. All tests run with TLS 1.2 and
 * with TLS 1.3.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>

#include "proto/base/secrets.h"
#include "proto/ipc/messages.h"
#include "tests/unit/unit.h"
#include "tests/unit/workerd/http/tls_peer.h"
#include "workerd/http/tls.h"

static int run_version; /* of all tests of this run */
static int version;     /* of the next client */
static struct test_cert cert;
static struct tls *tls;
static struct io io;
static struct tls_peer peer;

static struct slice
key_of(uint8_t byte)
{
	static uint8_t keys[256][TICKET_KEY_SIZE];

	memset(keys[byte], byte, TICKET_KEY_SIZE);
	return (struct slice){keys[byte], TICKET_KEY_SIZE};
}

static struct tls *
shared_new(const struct test_cert *c)
{
	struct tls *t = tls_new();
	const char *why;

	assert_int_equal(
	    tls_set_identity(t, buf_slice(&c->chain), buf_slice(&c->key), &why), 0);
	tls_set_ticket_keys(t, key_of(1), (struct slice){0});
	return t;
}

static void
connect_to(struct tls *shared)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	io_init_tls(&io, pair[1], shared);
	tls_peer_init(&peer, pair[0], version);
}

static void
disconnect(void)
{
	io_close(&io);
	closefd(&peer.fd);
	tls_peer_clear(&peer);
}

static int
set_up(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	test_cert_make(&cert, &(struct test_cert_like){0});
	tls = shared_new(&cert);
	io.fd = -1;
	version = run_version;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	if (io.fd != -1)
		disconnect();
	tls_free(tls);
	test_cert_clear(&cert);
	return 0;
}

static void
assert_read_fails(int error)
{
	uint8_t byte;

	assert_int_equal(io_read(&io, &byte, 1), -1);
	assert_int_equal(errno, error);
}

static void
assert_nothing_to_read(void)
{
	assert_int_equal(io_peek(&io), -1);
	assert_int_equal(errno, EAGAIN);
}

/* Lets the server read; only handshake messages may come. */
static void
serve_handshake(void)
{
	assert_read_fails(EAGAIN);
}

/* Runs both sides until the handshake is complete; the client sends pieces of this many bytes. Returns the
 * length of its longest flight. */
static size_t
shake_hands_in_pieces(size_t piece)
{
	size_t longest = 0;

	for (int i = 0; i < 10 && (io.opening || !SSL_is_init_finished(peer.ssl)); i++) {
		assert_int_equal(tls_peer_think(&peer), SSL_ERROR_WANT_READ);
		if (tls_peer_waiting(&peer) > longest)
			longest = tls_peer_waiting(&peer);
		while (tls_peer_waiting(&peer) > 0) {
			tls_peer_send_some(&peer, piece);
			serve_handshake();
		}
		tls_peer_receive(&peer);
	}
	assert_int_equal(tls_peer_think(&peer), SSL_ERROR_WANT_READ);
	assert_false(io.opening);
	assert_true(SSL_is_init_finished(peer.ssl));
	return longest;
}

static void
shake_hands(void)
{
	(void)shake_hands_in_pieces(SIZE_MAX);
}

static void
assert_server_reads(const char *text)
{
	char got[256];

	assert_int_equal(io_read(&io, got, sizeof(got)), (ssize_t)strlen(text));
	assert_memory_equal(got, text, strlen(text));
}

static void
client_says(const char *text)
{
	tls_peer_say(&peer, text);
	assert_server_reads(text);
}

static void
server_writes(const char *text)
{
	char copy[256];
	struct iovec iov = {copy, strlen(text)};

	memcpy(copy, text, iov.iov_len);
	assert_int_equal(io_write(&io, &iov, 1), (ssize_t)iov.iov_len);
}

static void
assert_client_reads(const char *text)
{
	tls_peer_receive(&peer);
	(void)tls_peer_think(&peer);
	assert_int_equal(buf_len(&peer.in), strlen(text));
	assert_memory_equal(buf_data(&peer.in), text, strlen(text));
	buf_reset(&peer.in);
}

static void
server_says(const char *text)
{
	server_writes(text);
	assert_client_reads(text);
}

/* A connection whose handshake is complete. */
static void
open_to(struct tls *shared)
{
	connect_to(shared);
	shake_hands();
}

#define TLS_TEST(name) TEST_WITH(name, set_up, tear_down)

TLS_TEST(a_handshake_may_come_in_pieces_of_any_size)
{
	size_t longest = 1;

	for (size_t piece = 1; piece <= longest; piece++) {
		connect_to(tls);
		assert_true(io.tls && io.opening);
		longest = shake_hands_in_pieces(piece);
		assert_int_equal(SSL_version(peer.ssl), version);
		client_says("question");
		server_says("answer");
		disconnect();
	}
}

TLS_TEST(a_handshake_that_cannot_be_sent_waits_for_room)
{
	const int smallest = 1; /* the kernel doubles it; still less than a certificate */
	uint8_t filler[4096] = {0}, sink[65536];
	struct test_cert big;
	struct tls *shared;

	test_cert_make(&big, &(struct test_cert_like){.rsa_bits = 2048});
	shared = shared_new(&big);
	version = TLS1_2_VERSION;
	connect_to(shared);
	assert_int_equal(
	    setsockopt(io.fd, SOL_SOCKET, SO_SNDBUF, &smallest, sizeof(smallest)), 0);
	while (send(io.fd, filler, sizeof(filler), MSG_DONTWAIT) > 0)
		continue;
	assert_int_equal(tls_peer_think(&peer), SSL_ERROR_WANT_READ);
	tls_peer_send_some(&peer, SIZE_MAX);
	serve_handshake();
	assert_true(io.read_wants_write);
	while (recv(peer.fd, sink, sizeof(sink), MSG_DONTWAIT) > 0)
		continue;
	while (io.read_wants_write) {
		serve_handshake();
		tls_peer_receive(&peer);
	}
	shake_hands();
	disconnect();
	tls_free(shared);
	test_cert_clear(&big);
}

/* The server's side of a handshake that must fail. */
static void
assert_refused(const char *why)
{
	(void)tls_peer_think(&peer);
	tls_peer_send_some(&peer, SIZE_MAX);
	assert_read_fails(EPROTO);
	assert_string_equal(io.why, why);
	assert_true(io.opening);
	disconnect();
}

TLS_TEST(older_versions_are_refused)
{
	const int old[] = {TLS1_VERSION, TLS1_1_VERSION};

	for (size_t i = 0; i < ARRAY_LEN(old); i++) {
		version = old[i];
		connect_to(tls);
		assert_refused("unsupported protocol");
	}
}

TLS_TEST(suites_without_forward_secrecy_or_authentication_are_refused)
{
	const char *const weak[] = {"AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA256",
	    "ECDHE-ECDSA-AES256-SHA", "ECDHE-ECDSA-AES128-CCM8"};

	version = TLS1_2_VERSION;
	for (size_t i = 0; i < ARRAY_LEN(weak); i++) {
		connect_to(tls);
		assert_int_equal(SSL_set_cipher_list(peer.ssl, weak[i]), 1);
		assert_refused("no shared cipher");
	}
}

TLS_TEST(alpn_selects_http_1_only)
{
	const uint8_t *chosen;
	unsigned len;

	connect_to(tls);
	SSL_set_alpn_protos(peer.ssl, (const uint8_t *)"\x02h2\x08http/1.1", 12);
	shake_hands();
	SSL_get0_alpn_selected(peer.ssl, &chosen, &len);
	assert_int_equal(len, 8);
	assert_memory_equal(chosen, "http/1.1", 8);
	disconnect();
	connect_to(tls);
	SSL_set_alpn_protos(peer.ssl, (const uint8_t *)"\x02h2", 3);
	assert_refused("no application protocol");
}

TLS_TEST(input_that_is_not_tls_fails_with_a_reason)
{
	connect_to(tls);
	assert_int_equal(send(peer.fd, "\x16\x03\x01\xff\xff garbage", 13, 0), 13);
	assert_read_fails(EPROTO);
	assert_non_null(io.why);
}

/* Corrupts each byte of the client's first flight in turn: refused, or without effect. */
TLS_TEST(a_corrupted_hello_fails_or_waits_for_more)
{
	uint8_t hello[4096], byte;
	int len = 1;

	for (int at = 0; at < len; at++) {
		connect_to(tls);
		(void)tls_peer_think(&peer);
		len = BIO_read(peer.to, hello, sizeof(hello));
		assert_true(len > at);
		hello[at] ^= 0x41;
		assert_int_equal(send(peer.fd, hello, (size_t)len, 0), len);
		assert_int_equal(io_read(&io, &byte, 1), -1);
		assert_true(errno == EAGAIN || errno == EPROTO);
		assert_true(io.opening);
		disconnect();
	}
}

TLS_TEST(plain_http_is_detected_and_can_be_answered_in_plain)
{
	const char *const methods[] = {"GET ", "POST ", "HEAD ", "PUT "};
	char got[16];

	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		size_t len = strlen(methods[i]);

		connect_to(tls);
		assert_int_equal(send(peer.fd, methods[i], len, 0), (ssize_t)len);
		assert_int_equal(send(peer.fd, "/ HTTP/1.1\r\n", 12, 0), 12);
		assert_read_fails(EPROTOTYPE);
		assert_false(io.tls || io.opening);
		server_writes("no");
		assert_int_equal(recv(peer.fd, got, sizeof(got), 0), 2);
		assert_memory_equal(got, "no", 2);
		disconnect();
	}
}

TLS_TEST(a_client_that_closes_during_the_handshake_is_eof)
{
	uint8_t byte;

	connect_to(tls);
	(void)tls_peer_think(&peer);
	tls_peer_send_some(&peer, 20);
	assert_int_equal(shutdown(peer.fd, SHUT_WR), 0);
	assert_int_equal(io_read(&io, &byte, 1), 0);
}

TLS_TEST(the_rest_of_a_long_record_can_be_read_without_the_socket)
{
	uint8_t sent[10000], got[10000];
	size_t have = 0;

	secret_random(sent, sizeof(sent));
	open_to(tls);
	tls_peer_write(&peer, sent, sizeof(sent));
	tls_peer_send_some(&peer, SIZE_MAX);
	while (have < sizeof(got)) {
		ssize_t n = io_read(&io, got + have, 999);

		assert_int_equal(n, have + 999 <= sizeof(got) ? 999 : sizeof(got) - have);
		have += (size_t)n;
		/* The first read took all of it off the socket. */
		assert_int_equal(recv(io.fd, got + have, 1, MSG_PEEK), -1);
	}
	assert_memory_equal(got, sent, sizeof(sent));
	serve_handshake();
}

TLS_TEST(a_peek_takes_nothing)
{
	open_to(tls);
	assert_nothing_to_read();
	tls_peer_say(&peer, "next");
	assert_int_equal(io_peek(&io), 1);
	assert_int_equal(io_peek(&io), 1);
	assert_server_reads("next");
	assert_int_equal(io_peek(&io), -1);
}

TLS_TEST(an_incomplete_record_gives_no_data)
{
	open_to(tls);
	tls_peer_write(&peer, "whole", 5);
	while (tls_peer_waiting(&peer) > 1) {
		tls_peer_send_some(&peer, 1);
		assert_nothing_to_read();
	}
	tls_peer_send_some(&peer, 1);
	assert_server_reads("whole");
}

TLS_TEST(a_corrupted_record_fails)
{
	uint8_t record[512];
	int len;

	version = TLS1_3_VERSION;
	open_to(tls);
	tls_peer_write(&peer, "trust me", 8);
	len = BIO_read(peer.to, record, sizeof(record));
	assert_true(len > 8);
	record[len - 1] ^= 1;
	assert_int_equal(send(peer.fd, record, (size_t)len, 0), len);
	assert_int_equal(io_peek(&io), -1);
	assert_int_equal(errno, EPROTO);
	assert_string_equal(io.why, "decryption failed or bad record mac");
}

/* As conn.c writes: written bytes leave the front of the queue, and the queue may grow and move
 * before the rest is written again. */
TLS_TEST(a_large_reply_passes_a_small_socket_buffer_complete)
{
	enum { SIZE = 1000 * 1000 };
	const int small = 4096;
	uint8_t *sent = malloc(SIZE);
	size_t done = 0, known = 100, blocked = 0;

	assert_non_null(sent);
	secret_random(sent, SIZE);
	open_to(tls);
	assert_int_equal(setsockopt(io.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
	while (done < SIZE) {
		/* In two vectors, split anywhere, of a fresh copy each time. */
		size_t n = known - done, first = n / 3;
		uint8_t *copy = malloc(n);
		struct iovec iov[] = {{copy, first}, {copy + first, n - first}};
		ssize_t r;

		assert_non_null(copy);
		memcpy(copy, sent + done, n);
		r = io_write(&io, iov, 2);
		free(copy);
		if (r == -1) {
			assert_int_equal(errno, EAGAIN);
			blocked++;
			tls_peer_receive(&peer);
			assert_int_equal(tls_peer_think(&peer), SSL_ERROR_WANT_READ);
		} else {
			assert_true(r > 0 && (size_t)r <= n);
			done += (size_t)r;
		}
		known = known + 12345 < SIZE ? known + 12345 : SIZE;
	}
	assert_true(blocked > 10);
	while (buf_len(&peer.in) < SIZE) {
		tls_peer_receive(&peer);
		assert_int_equal(tls_peer_think(&peer), SSL_ERROR_WANT_READ);
	}
	assert_memory_equal(buf_data(&peer.in), sent, SIZE);
	free(sent);
}

TLS_TEST(writing_to_a_closed_connection_fails_with_epipe)
{
	char text[] = "hello?";
	struct iovec iov = {text, 6};

	open_to(tls);
	closefd(&peer.fd);
	assert_int_equal(io_write(&io, &iov, 1), -1);
	assert_int_equal(errno, EPIPE);
}

TLS_TEST(renegotiation_is_refused)
{
	uint8_t byte;

	version = TLS1_2_VERSION;
	open_to(tls);
	assert_int_equal(SSL_renegotiate(peer.ssl), 1);
	(void)SSL_do_handshake(peer.ssl);
	assert_true(tls_peer_waiting(&peer) > 0);
	tls_peer_send_some(&peer, SIZE_MAX);
	assert_int_equal(io_read(&io, &byte, 1), -1);
	tls_peer_receive(&peer);
	assert_int_equal(tls_peer_think(&peer), SSL_ERROR_SSL);
	assert_int_equal(ERR_GET_REASON(ERR_peek_error()), SSL_R_NO_RENEGOTIATION);
}

TLS_TEST(keys_may_be_updated_at_any_time)
{
	version = TLS1_3_VERSION;
	open_to(tls);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(SSL_key_update(peer.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
		assert_int_equal(SSL_do_handshake(peer.ssl), 1);
		tls_peer_send_some(&peer, SIZE_MAX);
		assert_nothing_to_read();
		assert_false(io.opening);
		client_says("still there?");
		server_says("yes");
	}
}

TLS_TEST(close_and_shutdown_send_close_notify)
{
	void (*const ends[])(struct io *) = {io_close, io_shutdown};

	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		open_to(tls);
		server_writes("bye");
		ends[i](&io);
		assert_client_reads("bye");
		assert_int_equal(tls_peer_think(&peer), SSL_ERROR_ZERO_RETURN);
		tls_peer_receive(&peer);
		assert_true(peer.eof);
		disconnect();
	}
}

TLS_TEST(a_reset_sends_no_close_notify)
{
	open_to(tls);
	server_writes("half of");
	io_reset(&io);
	assert_client_reads("half of");
	assert_int_equal(tls_peer_think(&peer), SSL_ERROR_WANT_READ);
	disconnect();
}

TLS_TEST(input_after_shutdown_can_be_discarded)
{
	uint8_t bytes[256];

	open_to(tls);
	io_shutdown(&io);
	tls_peer_say(&peer, "but");
	assert_true(io_read(&io, bytes, sizeof(bytes)) > 0);
	assert_int_equal(send(peer.fd, "no record", 9, 0), 9);
	assert_true(io_read(&io, bytes, sizeof(bytes)) > 0);
	assert_int_equal(shutdown(peer.fd, SHUT_WR), 0);
	assert_int_equal(io_read(&io, bytes, sizeof(bytes)), 0);
}

/* With and without close_notify: a half-closed client may still wait for its reply. */
TLS_TEST(a_half_closed_client_still_gets_a_reply)
{
	uint8_t byte;

	for (int notify = 0; notify < 2; notify++) {
		open_to(tls);
		tls_peer_write(&peer, "all", 3);
		if (notify)
			(void)SSL_shutdown(peer.ssl);
		tls_peer_send_some(&peer, SIZE_MAX);
		assert_int_equal(shutdown(peer.fd, SHUT_WR), 0);
		assert_server_reads("all");
		assert_int_equal(io_peek(&io), 0);
		assert_int_equal(io_read(&io, &byte, 1), 0);
		server_says("well");
		disconnect();
	}
}

/* Connects to a server with a session. Returns whether it was resumed; *session becomes the new one. */
static bool
resumes(struct tls *shared, SSL_SESSION **session)
{
	bool reused;

	connect_to(shared);
	if (*session != NULL)
		assert_int_equal(SSL_set_session(peer.ssl, *session), 1);
	SSL_SESSION_free(*session);
	shake_hands();
	/* In TLS 1.3 tickets come with the first data. */
	server_says("x");
	client_says("y");
	reused = SSL_session_reused(peer.ssl);
	*session = SSL_get1_session(peer.ssl);
	assert_int_equal(SSL_SESSION_get_max_early_data(*session), 0);
	disconnect();
	return reused;
}

TLS_TEST(a_ticket_is_valid_wherever_its_key_is_known)
{
	static const struct {
		uint8_t current, previous; /* the keys of the other server; 0: none */
		bool resumed;
	} cases[] = {{1, 0, true}, {2, 1, true}, {3, 2, false}};
	struct tls *other = shared_new(&cert);

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slice previous = {0};
		SSL_SESSION *session = NULL;

		if (cases[i].previous != 0)
			previous = key_of(cases[i].previous);
		tls_set_ticket_keys(other, key_of(cases[i].current), previous);
		assert_false(resumes(tls, &session));
		assert_int_equal(resumes(other, &session), cases[i].resumed);
		SSL_SESSION_free(session);
	}
	tls_free(other);
}

TLS_TEST(a_ticket_of_the_previous_key_is_replaced_by_one_of_the_current)
{
	struct tls *last = shared_new(&cert);
	SSL_SESSION *session = NULL;

	assert_false(resumes(tls, &session));
	tls_set_ticket_keys(tls, key_of(2), key_of(1));
	assert_true(resumes(tls, &session));
	tls_set_ticket_keys(last, key_of(2), (struct slice){0});
	assert_true(resumes(last, &session));
	SSL_SESSION_free(session);
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
	struct test_cert next;
	struct io old_io;
	const char *why;

	open_to(tls);
	assert_client_sees("test");
	old_io = io;
	old_peer = peer;
	test_cert_make(&next, &(struct test_cert_like){.name = "next", .rsa_bits = 2048});
	assert_int_equal(
	    tls_set_identity(tls, buf_slice(&next.chain), buf_slice(&next.key), &why), 0);
	open_to(tls);
	assert_client_sees("next");
	disconnect();
	io = old_io;
	peer = old_peer;
	client_says("and me?");
	server_says("goes on");
	test_cert_clear(&next);
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
	open_to(tls);
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
