/*
 * TLS to the model server, by OpenSSL: the certificate's chain and name, ALPN, resumed sessions.
 *
 * OpenSSL reads from what upstream_io.c has received, and writes to what it will send, not to the socket: many
 * records cost one system call, nothing but an incomplete record stays behind, and writing never waits.
 */
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "workerd/model/upstream_internal.h"

static int
upstream_tls_bio_read(BIO *bio, char *out, size_t size, size_t *n)
{
	struct upstream_conn *c = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	*n = c->in.len < size ? c->in.len : size;
	if (*n == 0) {
		BIO_set_retry_read(bio);
		return 0;
	}
	memcpy(out, c->in.p, *n);
	c->in = (struct slice){c->in.p + *n, c->in.len - *n};
	return 1;
}

static int
upstream_tls_bio_write(BIO *bio, const char *p, size_t size, size_t *n)
{
	struct upstream_conn *c = BIO_get_data(bio);

	*n = size;
	return buf_append(&c->out, p, size) == 0;
}

static long
upstream_tls_bio_control(BIO *bio, int command, long number, void *pointer)
{
	(void)bio;
	(void)number;
	(void)pointer;
	return command == BIO_CTRL_FLUSH;
}

/* One for the process, never freed. */
static const BIO_METHOD *
upstream_tls_bio_method(void)
{
	static BIO_METHOD *method;

	if (method != NULL)
		return method;
	method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "connection");
	must(method != NULL && BIO_meth_set_read_ex(method, upstream_tls_bio_read) == 1 &&
	    BIO_meth_set_write_ex(method, upstream_tls_bio_write) == 1 &&
	    BIO_meth_set_ctrl(method, upstream_tls_bio_control) == 1);
	return method;
}

/* The newest session is kept for the next connection. */
static int
upstream_tls_on_session(SSL *tls, SSL_SESSION *session)
{
	struct upstream *u = SSL_CTX_get_app_data(SSL_get_SSL_CTX(tls));

	SSL_SESSION_free(u->session);
	u->session = session;
	return 1;
}

static bool
upstream_tls_load_authorities(SSL_CTX *ctx, const char *ca_bundle)
{
	if (ca_bundle == NULL)
		return SSL_CTX_set_default_verify_paths(ctx) == 1;
	return SSL_CTX_load_verify_file(ctx, ca_bundle) == 1;
}

SSL_CTX *
upstream_tls_new(struct upstream *u, const char *ca_bundle)
{
	static const uint8_t alpn[] = "\x02h2\x08http/1.1";
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	must(ctx != NULL && SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 &&
	    SSL_CTX_set_alpn_protos(ctx, alpn, sizeof(alpn) - 1) == 0);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(ctx, upstream_tls_on_session);
	SSL_CTX_set_app_data(ctx, u);
	if (!upstream_tls_load_authorities(ctx, ca_bundle)) {
		log_event(LOG_ERROR, "model_authorities_unreadable", L_STR("file", ca_bundle),
		    L_STR("error", ERR_reason_error_string(ERR_peek_last_error())));
		SSL_CTX_free(ctx);
		return NULL;
	}
	return ctx;
}

void
upstream_tls_free(struct upstream *u)
{
	SSL_SESSION_free(u->session);
	SSL_CTX_free(u->tls);
}

/* RFC 6066, section 3: an address is not sent as the server's name. */
static void
upstream_tls_expect_name(SSL *tls, const struct upstream_target *target)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(tls);

	if (upstream_target_is_address(target)) {
		must(X509_VERIFY_PARAM_set1_ip_asc(param, target->host) == 1);
		return;
	}
	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	must(X509_VERIFY_PARAM_set1_host(param, target->host, 0) == 1 &&
	    SSL_set_tlsext_host_name(tls, target->host) == 1);
}

void
upstream_tls_start(struct upstream_conn *c)
{
	struct upstream *u = c->upstream;
	BIO *bio = BIO_new(upstream_tls_bio_method());

	c->tls = SSL_new(u->tls);
	must(c->tls != NULL && bio != NULL);
	BIO_set_data(bio, c);
	BIO_set_init(bio, 1);
	SSL_set_bio(c->tls, bio, bio);
	SSL_set_connect_state(c->tls);
	upstream_tls_expect_name(c->tls, &u->target);
	if (u->session != NULL)
		must(SSL_set_session(c->tls, u->session) == 1);
}

void
upstream_tls_end(struct upstream_conn *c)
{
	if (SSL_is_init_finished(c->tls))
		(void)SSL_shutdown(c->tls);
}

void
upstream_tls_clear(struct upstream_conn *c)
{
	SSL_free(c->tls);
}

static enum upstream_tls_result
upstream_tls_fault(struct upstream_conn *c)
{
	struct upstream *u = c->upstream;
	long verified = SSL_get_verify_result(c->tls);
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	if (verified != X509_V_OK)
		snprintf(u->fault, sizeof(u->fault), "the server's certificate is refused: %s",
		    X509_verify_cert_error_string(verified));
	else
		snprintf(u->fault, sizeof(u->fault), "the server does not agree on TLS: %s",
		    reason == NULL ? "unknown reason" : reason);
	/* It may be the reason. */
	SSL_SESSION_free(u->session);
	u->session = NULL;
	return TLS_FAILED;
}

static enum upstream_tls_result
upstream_tls_result(struct upstream_conn *c, int result)
{
	int error = SSL_get_error(c->tls, result);

	if (error == SSL_ERROR_WANT_READ)
		return TLS_WAIT;
	return error == SSL_ERROR_ZERO_RETURN ? TLS_END : upstream_tls_fault(c);
}

enum upstream_tls_result
upstream_tls_handshake(struct upstream_conn *c)
{
	int result;

	ERR_clear_error();
	result = SSL_do_handshake(c->tls);
	return result == 1 ? TLS_DONE : upstream_tls_result(c, result);
}

enum upstream_tls_result
upstream_tls_read(struct upstream_conn *c, struct slice *record)
{
	struct upstream *u = c->upstream;
	int n;

	ERR_clear_error();
	n = SSL_read(c->tls, u->record, sizeof(u->record));
	if (n <= 0)
		return upstream_tls_result(c, n);
	*record = (struct slice){u->record, (size_t)n};
	return TLS_DONE;
}

bool
upstream_tls_write(struct upstream_conn *c, const void *p, size_t n)
{
	ERR_clear_error();
	return SSL_write(c->tls, p, (int)n) == (int)n;
}

bool
upstream_tls_chose_http2(const struct upstream_conn *c)
{
	const uint8_t *name;
	unsigned len;

	SSL_get0_alpn_selected(c->tls, &name, &len);
	return len == 2 && memcmp(name, "h2", 2) == 0;
}

void
upstream_tls_keep_buffers(struct upstream_conn *c)
{
	SSL_clear_mode(c->tls, SSL_MODE_RELEASE_BUFFERS);
}
