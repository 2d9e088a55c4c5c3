/*
 * A TLS client whose records pass through the test, which can delay, split, count or corrupt them.
 */
#ifndef TESTS_UNIT_WORKERD_HTTP_TLS_PEER_H
#define TESTS_UNIT_WORKERD_HTTP_TLS_PEER_H

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "proto/base/basics.h"
#include "proto/base/buf.h"

struct tls_peer {
	SSL_CTX *ctx;
	SSL *ssl;
	BIO *from, *to; /* received bytes, bytes to send */
	int fd;
	bool eof;
	bool reset;
	struct buf in; /* decrypted input */
	size_t
	    records; /* records of application data received; in TLS 1.3 also those of tickets */
};

/* SSL_set_msg_callback(3) */
static inline void
tls_peer_on_message(
    int sent, int version, int type, const void *bytes, size_t len, SSL *ssl, void *arg)
{
	struct tls_peer *p = arg;
	const uint8_t *head = bytes;

	(void)version, (void)len, (void)ssl;
	p->records += !sent && type == SSL3_RT_HEADER && head[0] == SSL3_RT_APPLICATION_DATA;
}

/* A client on fd, which the caller closes; version TLS1_2_VERSION or similar. */
static inline void
tls_peer_init(struct tls_peer *p, int fd, int version)
{
	*p = (struct tls_peer){.fd = fd};
	buf_init(&p->in, 64u * 1024 * 1024);
	p->ctx = SSL_CTX_new(TLS_client_method());
	must(p->ctx != NULL);
	SSL_CTX_set_security_level(p->ctx, 0);
	must(SSL_CTX_set_min_proto_version(p->ctx, version) == 1 &&
	    SSL_CTX_set_max_proto_version(p->ctx, version) == 1);
	p->ssl = SSL_new(p->ctx);
	p->from = BIO_new(BIO_s_mem());
	p->to = BIO_new(BIO_s_mem());
	must(p->ssl != NULL && p->from != NULL && p->to != NULL);
	SSL_set_bio(p->ssl, p->from, p->to);
	SSL_set_connect_state(p->ssl);
	SSL_set_msg_callback(p->ssl, tls_peer_on_message);
	SSL_set_msg_callback_arg(p->ssl, p);
}

static inline void
tls_peer_clear(struct tls_peer *p)
{
	/* Otherwise the session cannot be resumed (SSL_free(3)). */
	SSL_set_shutdown(p->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(p->ssl);
	SSL_CTX_free(p->ctx);
	buf_clear(&p->in);
}

/* Bytes to send. */
static inline size_t
tls_peer_waiting(const struct tls_peer *p)
{
	return BIO_ctrl_pending(p->to);
}

/* Sends up to n bytes. */
static inline void
tls_peer_send_some(struct tls_peer *p, size_t n)
{
	uint8_t bytes[4096];

	while (n > 0 && tls_peer_waiting(p) > 0) {
		int got =
		    BIO_read(p->to, bytes, n < sizeof(bytes) ? (int)n : (int)sizeof(bytes));

		must(got > 0 && send(p->fd, bytes, (size_t)got, MSG_NOSIGNAL) == got);
		n -= (size_t)got;
	}
}

/* Reads the socket. */
static inline void
tls_peer_receive(struct tls_peer *p)
{
	uint8_t bytes[65536];
	ssize_t n;

	if (p->eof || p->reset)
		return;
	n = recv(p->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	if (n > 0)
		must(BIO_write(p->from, bytes, (int)n) == n);
	else if (n == 0)
		p->eof = true;
	else if (errno == ECONNRESET)
		p->reset = true;
}

/* Runs OpenSSL on the input: handshake, and data into `in`. Returns its SSL_get_error(). */
static inline int
tls_peer_think(struct tls_peer *p)
{
	uint8_t bytes[65536];
	int n;

	ERR_clear_error();
	while ((n = SSL_read(p->ssl, bytes, sizeof(bytes))) > 0)
		must(buf_append(&p->in, bytes, (size_t)n) == 0);
	return SSL_get_error(p->ssl, n);
}

static inline void
tls_peer_write(struct tls_peer *p, const void *bytes, size_t n)
{
	ERR_clear_error();
	must(n <= INT_MAX && SSL_write(p->ssl, bytes, (int)n) == (int)n);
}

/* Writes and sends. */
static inline void
tls_peer_say(struct tls_peer *p, const char *text)
{
	tls_peer_write(p, text, strlen(text));
	tls_peer_send_some(p, SIZE_MAX);
}

#endif
