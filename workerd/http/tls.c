/*
 * OpenSSL on a non-blocking socket.
 *
 * A record carries at most 16 KiB and is encrypted as a whole. So writing gathers the output of a
 * turn into as few records as possible; and since a record may hold more than a reader asked for,
 * data may stay in OpenSSL after a read (see io.h).
 *
 * OpenSSL does not read beyond the current record (no read-ahead), so the socket reports everything
 * else.
 */
#include "workerd/http/tls.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

#include "proto/base/basics.h"
#include "proto/ipc/messages.h"

/* Supported by clients of the last ten years. The server's order counts; clients without AES
 * hardware get ChaCha20 (SSL_OP_PRIORITIZE_CHACHA), all others AES. */
#define SUITES_12                                                    \
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:" \
	"ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:" \
	"ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
#define SUITES_13 "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"

/* At most as long as an old ticket key is accepted (masterd/ticket_keys.c). */
#define TICKET_SECONDS (8 * 60 * 60)

#define TICKET_NAME_SIZE 16
#define TICKET_IV_SIZE   16

/* The layout of a ticket key of TICKET_KEY_SIZE bytes. */
struct ticket_key {
	uint8_t name[TICKET_NAME_SIZE]; /* in the ticket, names the key that sealed it */
	uint8_t cipher[32];             /* AES-256-CBC */
	uint8_t mac[32];                /* HMAC-SHA-256 */
};
_Static_assert(sizeof(struct ticket_key) == TICKET_KEY_SIZE, "no padding");

struct tls {
	SSL_CTX *ctx;              /* NULL: no certificate yet */
	struct ticket_key keys[2]; /* current, previous */
	size_t n_keys;
	uint8_t record[SSL3_RT_MAX_PLAIN_LENGTH]; /* output is gathered here */
};

/* The TLS state of a connection. */
struct tls_session {
	SSL *ssl;
	struct tls *tls;
	bool broken; /* after a fatal error: no more output (SSL_get_error(3)) */
	bool shut;   /* our side is shut down */
};

/* 1, or -1. */
static int
tls_set_mac(EVP_MAC_CTX *mac, struct ticket_key *key)
{
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key->mac, sizeof(key->mac)),
	    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
	    OSSL_PARAM_construct_end(),
	};

	return EVP_MAC_CTX_set_params(mac, params) == 1 ? 1 : -1;
}

/* Results of SSL_CTX_set_tlsext_ticket_key_evp_cb(3); 0: no ticket. */
static int
tls_seal_ticket(
    struct tls *tls, uint8_t *name, uint8_t *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac)
{
	struct ticket_key *key = &tls->keys[0];

	if (tls->n_keys == 0)
		return 0;
	memcpy(name, key->name, TICKET_NAME_SIZE);
	if (RAND_bytes(iv, TICKET_IV_SIZE) != 1 ||
	    EVP_EncryptInit_ex2(cipher, EVP_aes_256_cbc(), key->cipher, iv, NULL) != 1)
		return -1;
	return tls_set_mac(mac, key);
}

/* 0: unknown key, full handshake; 2: valid, but renew the ticket. */
static int
tls_open_ticket(struct tls *tls, const uint8_t *name, const uint8_t *iv, EVP_CIPHER_CTX *cipher,
    EVP_MAC_CTX *mac)
{
	for (size_t i = 0; i < tls->n_keys; i++) {
		struct ticket_key *key = &tls->keys[i];

		if (memcmp(name, key->name, TICKET_NAME_SIZE) != 0)
			continue;
		if (EVP_DecryptInit_ex2(cipher, EVP_aes_256_cbc(), key->cipher, iv, NULL) !=
			1 ||
		    tls_set_mac(mac, key) != 1)
			return -1;
		return i == 0 ? 1 : 2;
	}
	return 0;
}

static int
tls_on_ticket(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
    EVP_MAC_CTX *mac, int sealing)
{
	struct tls *tls = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

	if (sealing)
		return tls_seal_ticket(tls, name, iv, cipher, mac);
	return tls_open_ticket(tls, name, iv, cipher, mac);
}

void
tls_set_ticket_keys(struct tls *tls, struct slice current, struct slice previous)
{
	must(current.len == TICKET_KEY_SIZE &&
	    (previous.len == 0 || previous.len == TICKET_KEY_SIZE));
	OPENSSL_cleanse(tls->keys, sizeof(tls->keys));
	must(slice_copy(current, &tls->keys[0], sizeof(tls->keys[0])));
	must(slice_copy(previous, &tls->keys[1], sizeof(tls->keys[1])));
	tls->n_keys = previous.len > 0 ? 2 : 1;
}

/* A client that offers protocols must offer one of ours (RFC 7301). */
static int
tls_on_alpn(SSL *ssl, const unsigned char **chosen, unsigned char *chosen_len,
    const unsigned char *offered, unsigned int offered_len, void *arg)
{
	static const unsigned char ours[] = "\x08http/1.1\x08http/1.0";
	unsigned char *out;

	(void)ssl;
	(void)arg;
	if (SSL_select_next_proto(&out, chosen_len, ours, sizeof(ours) - 1, offered,
		offered_len) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*chosen = out;
	return SSL_TLSEXT_ERR_OK;
}

/*
 * A context with everything except the certificate.
 *
 * IGNORE_UNEXPECTED_EOF: many clients close without close_notify. A request contains its length, so
 * a truncated one is never taken for complete. AUTO_RETRY is off, so that a client cannot keep us
 * in one call by sending records without data.
 */
static SSL_CTX *
tls_context_new(struct tls *tls)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	char groups[] = "X25519:P-256";

	must(ctx != NULL);
	SSL_CTX_set_options(ctx,
	    SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
		SSL_OP_PRIORITIZE_CHACHA | SSL_OP_IGNORE_UNEXPECTED_EOF |
		SSL_OP_CLEANSE_PLAINTEXT);
	SSL_CTX_set_mode(ctx,
	    SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
		SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
	SSL_CTX_clear_mode(ctx, SSL_MODE_AUTO_RETRY);
	SSL_CTX_set_security_level(ctx, 2);
	must(SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 &&
	    SSL_CTX_set_max_proto_version(ctx, 0) == 1 &&
	    SSL_CTX_set_cipher_list(ctx, SUITES_12) == 1 &&
	    SSL_CTX_set_ciphersuites(ctx, SUITES_13) == 1 &&
	    SSL_CTX_set1_groups_list(ctx, groups) == 1 &&
	    SSL_CTX_set_max_early_data(ctx, 0) == 1);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_timeout(ctx, TICKET_SECONDS);
	SSL_CTX_set_alpn_select_cb(ctx, tls_on_alpn, NULL);
	SSL_CTX_set_app_data(ctx, tls);
	must(SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, tls_on_ticket) == 1);
	return ctx;
}

/* There is no user to enter a passphrase. */
static int
tls_no_passphrase(char *buf, int size, int writing, void *arg)
{
	(void)buf, (void)size, (void)writing, (void)arg;
	return -1;
}

static BIO *
tls_bio_new(struct slice text)
{
	BIO *bio;

	must(text.len <= INT_MAX);
	bio = BIO_new_mem_buf(text.p, (int)text.len);
	must(bio != NULL);
	return bio;
}

/* 1, or 0 with the reason in OpenSSL's error queue; also tls_use_key(). */
static int
tls_use_chain(SSL_CTX *ctx, struct slice pem)
{
	BIO *bio = tls_bio_new(pem);
	X509 *cert = PEM_read_bio_X509(bio, NULL, tls_no_passphrase, NULL);
	int ok = cert != NULL && SSL_CTX_use_certificate(ctx, cert) == 1;

	X509_free(cert);
	while (ok && (cert = PEM_read_bio_X509(bio, NULL, tls_no_passphrase, NULL)) != NULL) {
		ok = SSL_CTX_add1_chain_cert(ctx, cert) == 1;
		X509_free(cert);
	}
	/* The end of the input leaves an error in the queue. */
	if (ok)
		ERR_clear_error();
	BIO_free(bio);
	return ok;
}

static int
tls_use_key(SSL_CTX *ctx, struct slice pem)
{
	BIO *bio = tls_bio_new(pem);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, tls_no_passphrase, NULL);
	int ok = key != NULL && SSL_CTX_use_PrivateKey(ctx, key) == 1;

	EVP_PKEY_free(key);
	BIO_free(bio);
	return ok;
}

int
tls_set_identity(struct tls *tls, struct slice chain, struct slice key, const char **why)
{
	SSL_CTX *ctx = tls_context_new(tls);

	ERR_clear_error();
	if (tls_use_chain(ctx, chain) && tls_use_key(ctx, key) &&
	    SSL_CTX_check_private_key(ctx)) {
		/* Open connections keep a reference to the old one. */
		SSL_CTX_free(tls->ctx);
		tls->ctx = ctx;
		return 0;
	}
	*why = ERR_reason_error_string(ERR_peek_error());
	ERR_clear_error();
	SSL_CTX_free(ctx);
	return -1;
}

struct tls *
tls_new(void)
{
	return xcalloc(1, sizeof(struct tls));
}

void
tls_free(struct tls *tls)
{
	if (tls == NULL)
		return;
	SSL_CTX_free(tls->ctx);
	OPENSSL_cleanse(tls, sizeof(*tls));
	free(tls);
}

/* Reports a protocol error or an alert of the peer. */
static ssize_t
tls_fail(struct io *io)
{
	struct tls_session *s = io->state;

	s->broken = true;
	io->why = ERR_reason_error_string(ERR_peek_error());
	ERR_clear_error();
	errno = EPROTO;
	return -1;
}

/* The client sent plain HTTP instead of a handshake: becomes plain, so that it can get an error. */
static ssize_t
tls_become_plain(struct io *io)
{
	struct tls_session *s = io->state;

	ERR_clear_error();
	SSL_free(s->ssl);
	free(s);
	io_init_plain(io, io->fd);
	errno = EPROTOTYPE;
	return -1;
}

/* Converts the result r <= 0 of an OpenSSL call to that of the io function; errno is still that of
 * the call. */
static ssize_t
tls_no_progress(struct io *io, int r, int *wants)
{
	struct tls_session *s = io->state;
	int error = errno;
	unsigned long reason = ERR_peek_error();

	*wants = SSL_get_error(s->ssl, r);
	switch (*wants) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		errno = EAGAIN;
		return -1;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	case SSL_ERROR_SYSCALL:
		s->broken = true;
		errno = error != 0 && error != EAGAIN ? error : ECONNRESET;
		return -1;
	default:
		if (ERR_GET_LIB(reason) == ERR_LIB_SSL &&
		    ERR_GET_REASON(reason) == SSL_R_HTTP_REQUEST)
			return tls_become_plain(io);
		return tls_fail(io);
	}
}

/* Converts the result r of an OpenSSL call; *other says whether it waits for this readiness, the
 * opposite of its own. Every call may complete the handshake. */
static ssize_t
tls_result(struct io *io, int r, int readiness, bool *other)
{
	struct tls_session *s = io->state;
	int wants = SSL_ERROR_NONE;
	ssize_t result = r > 0 ? r : tls_no_progress(io, r, &wants);

	*other = wants == readiness;
	if (io->opening && SSL_is_init_finished(s->ssl))
		io->opening = false;
	return result;
}

static ssize_t
tls_read_result(struct io *io, int r)
{
	return tls_result(io, r, SSL_ERROR_WANT_WRITE, &io->read_wants_write);
}

static ssize_t
tls_read(struct io *io, void *p, size_t n)
{
	struct tls_session *s = io->state;

	/* To be discarded: decrypting it would be useless work, and could fail. */
	if (s->shut)
		return recv(io->fd, p, n, 0);
	ERR_clear_error();
	errno = 0;
	return tls_read_result(io, SSL_read(s->ssl, p, n < INT_MAX ? (int)n : INT_MAX));
}

static int
tls_peek(struct io *io)
{
	struct tls_session *s = io->state;
	uint8_t byte;

	ERR_clear_error();
	errno = 0;
	return (int)tls_read_result(io, SSL_peek(s->ssl, &byte, 1));
}

/* The first bytes of n vectors, at most a record, as one slice. */
static struct slice
tls_gather(struct tls *tls, const struct iovec *iov, int n)
{
	struct slice run = {iov[0].iov_base, iov[0].iov_len};

	if (n > 1 && run.len < sizeof(tls->record)) {
		size_t len = 0;

		for (int i = 0; i < n && len < sizeof(tls->record); i++) {
			size_t room = sizeof(tls->record) - len;
			size_t piece = iov[i].iov_len < room ? iov[i].iov_len : room;

			memcpy(tls->record + len, iov[i].iov_base, piece);
			len += piece;
		}
		run = (struct slice){tls->record, len};
	}
	if (run.len > sizeof(tls->record))
		run.len = sizeof(tls->record);
	return run;
}

/*
 * Writes one record, or the rest of one: after EAGAIN OpenSSL holds it encrypted and wants the same
 * bytes again, at any address and possibly with more behind them. The caller's queue starts with
 * them, because only accepted bytes are removed.
 */
static ssize_t
tls_write(struct io *io, struct iovec *iov, int n)
{
	struct tls_session *s = io->state;
	struct slice run = tls_gather(s->tls, iov, n);
	ssize_t result;

	ERR_clear_error();
	errno = 0;
	result = tls_result(io, SSL_write(s->ssl, run.p, (int)run.len), SSL_ERROR_WANT_READ,
	    &io->write_wants_read);
	/* A rejected client that speaks plain HTTP gets its reply in plain HTTP. */
	if (!io->tls)
		return io->ops->write(io, iov, n);
	if (result != 0)
		return result;
	/* The client left during the handshake. */
	errno = EPIPE;
	return -1;
}

/* Sends close_notify if that does not block. */
static void
tls_send_close_notify(struct io *io)
{
	struct tls_session *s = io->state;

	if (s->broken || s->shut || io->opening)
		return;
	ERR_clear_error();
	(void)SSL_shutdown(s->ssl);
	ERR_clear_error();
}

static void
tls_shutdown(struct io *io)
{
	struct tls_session *s = io->state;

	tls_send_close_notify(io);
	s->shut = true;
	/* ENOTCONN: the peer has reset the connection; the next read reports it. */
	(void)shutdown(io->fd, SHUT_WR);
}

static void
tls_close(struct io *io, bool cut)
{
	struct tls_session *s = io->state;

	/* A truncated reply must not look complete: no close_notify then. */
	if (!cut)
		tls_send_close_notify(io);
	SSL_free(s->ssl);
	free(s);
	io->state = NULL;
	closefd(&io->fd);
}

static const struct io_ops tls_ops = {
    .read = tls_read,
    .peek = tls_peek,
    .write = tls_write,
    .shutdown = tls_shutdown,
    .close = tls_close,
};

void
io_init_tls(struct io *io, int fd, struct tls *tls)
{
	struct tls_session *s = xcalloc(1, sizeof(*s));

	must(tls->ctx != NULL);
	s->tls = tls;
	s->ssl = SSL_new(tls->ctx);
	must(s->ssl != NULL && SSL_set_fd(s->ssl, fd) == 1);
	SSL_set_accept_state(s->ssl);
	*io = (struct io){.ops = &tls_ops, .fd = fd, .state = s, .tls = true, .opening = true};
}
