/*
 * For tests of TLS: generated certificates, and a client whose records pass through the test, which
 * can delay, split, count or corrupt them.
 */
#ifndef TESTS_UNIT_WORKERD_HTTP_TLS_PEER_H
#define TESTS_UNIT_WORKERD_HTTP_TLS_PEER_H

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "proto/base/basics.h"
#include "proto/base/buf.h"

struct test_cert {
	struct buf chain, key; /* PEM */
};

/* Its properties; zero is valid. */
struct test_cert_like {
	const char *name;     /* NULL: "test" */
	const char *curve;    /* NULL: P-256 */
	unsigned rsa_bits;    /* not 0: RSA with so many bits */
	long from_days;       /* days from today to its notBefore */
	long until_days;      /* 0: 30 */
	const EVP_MD *digest; /* NULL: SHA-256 */
	EVP_PKEY *signer;     /* NULL: self-signed */
};

static inline void
test_take_pem(BIO *bio, struct buf *out)
{
	char *text;
	long n = BIO_get_mem_data(bio, &text);

	must(n > 0 && buf_append(out, text, (size_t)n) == 0);
	BIO_free(bio);
}

static inline EVP_PKEY *
test_key_new(const struct test_cert_like *like)
{
	EVP_PKEY *key = like->rsa_bits != 0
	    ? EVP_RSA_gen(like->rsa_bits)
	    : EVP_EC_gen(like->curve == NULL ? "P-256" : like->curve);

	must(key != NULL);
	return key;
}

static inline void
test_cert_make(struct test_cert *c, const struct test_cert_like *like)
{
	const char *name = like->name == NULL ? "test" : like->name;
	const EVP_MD *digest = like->digest == NULL ? EVP_sha256() : like->digest;
	EVP_PKEY *key = test_key_new(like);
	X509 *x = X509_new();
	X509_NAME *subject = X509_NAME_new(), *issuer = X509_NAME_new();
	BIO *bio;

	must(x != NULL && subject != NULL && issuer != NULL);
	must(X509_NAME_add_entry_by_txt(
		 subject, "CN", MBSTRING_UTF8, (const uint8_t *)name, -1, -1, 0) == 1);
	must(X509_NAME_add_entry_by_txt(
		 issuer, "CN", MBSTRING_UTF8, (const uint8_t *)"authority", -1, -1, 0) == 1);
	must(X509_set_version(x, X509_VERSION_3) == 1 && X509_set_pubkey(x, key) == 1);
	must(X509_set_subject_name(x, subject) == 1);
	must(X509_set_issuer_name(x, like->signer == NULL ? subject : issuer) == 1);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	must(X509_gmtime_adj(X509_getm_notBefore(x), like->from_days * 86400L) != NULL);
	must(X509_gmtime_adj(X509_getm_notAfter(x),
		 (like->until_days == 0 ? 30 : like->until_days) * 86400L) != NULL);
	must(X509_sign(x, like->signer == NULL ? key : like->signer, digest) > 0);
	buf_init(&c->chain, 65536);
	buf_init(&c->key, 65536);
	bio = BIO_new(BIO_s_mem());
	must(PEM_write_bio_X509(bio, x) == 1);
	test_take_pem(bio, &c->chain);
	bio = BIO_new(BIO_s_mem());
	must(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1);
	test_take_pem(bio, &c->key);
	X509_NAME_free(issuer);
	X509_NAME_free(subject);
	X509_free(x);
	EVP_PKEY_free(key);
}

static inline void
test_cert_clear(struct test_cert *c)
{
	buf_clear(&c->chain);
	buf_clear(&c->key);
}

struct tls_peer {
	SSL_CTX *ctx;
	SSL *ssl;
	BIO *from, *to; /* received bytes, bytes to send */
	int fd;
	bool eof;
	bool reset;
	struct buf in;   /* decrypted input */
	size_t records;  /* records of application data received */
	struct buf wire; /* received and not yet counted */
};

/* A client on fd, which the caller closes; version TLS1_2_VERSION or similar. */
static inline void
tls_peer_init(struct tls_peer *p, int fd, int version)
{
	*p = (struct tls_peer){.fd = fd};
	buf_init(&p->in, 64u * 1024 * 1024);
	buf_init(&p->wire, 64u * 1024 * 1024);
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
}

static inline void
tls_peer_clear(struct tls_peer *p)
{
	/* Otherwise the session cannot be resumed (SSL_free(3)). */
	SSL_set_shutdown(p->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(p->ssl);
	SSL_CTX_free(p->ctx);
	buf_clear(&p->in);
	buf_clear(&p->wire);
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

/* Counts complete records (RFC 8446, section 5.1: type, version, length). In TLS 1.3 tickets come
 * as application data too. */
static inline void
tls_peer_count(struct tls_peer *p)
{
	while (buf_len(&p->wire) >= 5) {
		const uint8_t *h = buf_data(&p->wire);
		size_t len = 5 + ((size_t)h[3] << 8 | h[4]);

		if (buf_len(&p->wire) < len)
			return;
		p->records += h[0] == 23;
		buf_consume(&p->wire, len);
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
	if (n > 0) {
		must(BIO_write(p->from, bytes, (int)n) == n);
		must(buf_append(&p->wire, bytes, (size_t)n) == 0);
		tls_peer_count(p);
	} else if (n == 0) {
		p->eof = true;
	} else if (errno == ECONNRESET) {
		p->reset = true;
	}
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
