/*
 * The clients' side of TLS. Their records pass through here, so that steps can delay, split, count or
 * corrupt them.
 *
 *	CLIENT connects [OPTION ...]     and sends its hello:
 *		plain=1                  without TLS
 *		version=TLSv1.2 suites=LIST alpn=LIST
 *		session=1                with the session that a client has kept
 *		sends=N                  only the first N bytes of the hello until its next step
 *		pieces=N                 everything in pieces of N bytes, with turns of the loop between
 *		corrupt=N                changes byte N of the hello
 *	CLIENT opens                     waits for the end of the handshake
 *	CLIENT is_refused REASON         waits for a failure; REASON is OpenSSL's
 *	CLIENT sends_part N WORD ...     the first N bytes of a record; its next step sends the rest
 *	CLIENT sends_corrupted WORD ...  a record whose last byte is changed
 *	CLIENT sends_raw WORD ...        without TLS
 *	CLIENT sends_close_notify
 *	CLIENT keeps_session, CLIENT sees_certificate NAME, CLIENT speaks PROTOCOL
 *	CLIENT updates_key, CLIENT renegotiates
 */
#include <limits.h>

#include <openssl/err.h>

#include "tests/unit/workerd/http/steps/http_world.h"

const char *http_tls_version;

/* SSL_set_msg_callback(3) */
static void
on_message(int sent, int version, int type, const void *bytes, size_t len, SSL *ssl, void *arg)
{
	struct client *c = arg;
	const uint8_t *head = bytes;

	(void)version, (void)len, (void)ssl;
	c->records += !sent && type == SSL3_RT_HEADER && head[0] == SSL3_RT_APPLICATION_DATA;
}

/* Runs OpenSSL on the input. */
static void
think(struct client *c)
{
	uint8_t bytes[65536];
	int n;

	ERR_clear_error();
	while ((n = SSL_read(c->ssl, bytes, sizeof(bytes))) > 0)
		assert_int_equal(buf_append(&c->in, bytes, (size_t)n), 0);
	if (SSL_get_error(c->ssl, n) == SSL_ERROR_SSL && c->failed == NULL)
		c->failed = ERR_reason_error_string(ERR_peek_error());
}

void
client_send_encrypted(struct client *c, size_t n)
{
	uint8_t bytes[4096];

	while (n > 0 && BIO_ctrl_pending(c->to) > 0) {
		int got = BIO_read(c->to, bytes, (int)(n < sizeof(bytes) ? n : sizeof(bytes)));

		client_send_raw(c, (struct slice){bytes, (size_t)got});
		n -= (size_t)got;
	}
}

/* See SSL_CONF_cmd(3). */
static void
configure(struct client *c, const char *version, const char *suites)
{
	SSL_CONF_CTX *conf = SSL_CONF_CTX_new();

	SSL_CONF_CTX_set_flags(conf, SSL_CONF_FLAG_FILE | SSL_CONF_FLAG_CLIENT);
	SSL_CONF_CTX_set_ssl_ctx(conf, c->ctx);
	SSL_CTX_set_security_level(c->ctx, 0);
	version = version == NULL ? http_tls_version : version;
	must(SSL_CONF_cmd(conf, "MinProtocol", version) == 2);
	must(SSL_CONF_cmd(conf, "MaxProtocol", version) == 2);
	must(suites == NULL || SSL_CONF_cmd(conf, "CipherString", suites) == 2);
	SSL_CONF_CTX_free(conf);
}

/* "h2,http/1.1", each with its length in front. */
static void
set_protocols(struct client *c, const char *list)
{
	uint8_t protocols[64];
	unsigned n = 0;

	while (*list != '\0') {
		size_t len = strcspn(list, ",");

		protocols[n++] = (uint8_t)len;
		memcpy(protocols + n, list, len);
		n += (unsigned)len;
		list += len + (list[len] == ',');
	}
	must(SSL_set_alpn_protos(c->ssl, protocols, n) == 0);
}

static const char *
option(const struct words *step, const char *name)
{
	return step == NULL ? NULL : step_option(step, name);
}

void
client_begin_tls(struct client *c, const struct words *step)
{
	const char *alpn = option(step, "alpn"), *corrupt = option(step, "corrupt"),
		   *sends = option(step, "sends"), *pieces = option(step, "pieces");
	char *hello;
	long len;

	c->ctx = SSL_CTX_new(TLS_client_method());
	must(c->ctx != NULL);
	configure(c, option(step, "version"), option(step, "suites"));
	c->ssl = SSL_new(c->ctx);
	c->from = BIO_new(BIO_s_mem());
	c->to = BIO_new(BIO_s_mem());
	SSL_set_bio(c->ssl, c->from, c->to);
	SSL_set_connect_state(c->ssl);
	SSL_set_msg_callback(c->ssl, on_message);
	SSL_set_msg_callback_arg(c->ssl, c);
	if (alpn != NULL)
		set_protocols(c, alpn);
	if (option(step, "session") != NULL)
		must(SSL_set_session(c->ssl, world.session) == 1);
	c->piece = pieces == NULL ? 0 : strtoul(pieces, NULL, 10);
	think(c);
	len = BIO_get_mem_data(c->to, &hello);
	if (corrupt != NULL && strtol(corrupt, NULL, 10) < len)
		hello[strtol(corrupt, NULL, 10)] ^= 0x41;
	client_send_encrypted(c,
	    sends != NULL      ? strtoul(sends, NULL, 10)
		: c->piece > 0 ? c->piece
			       : SIZE_MAX);
}

void
client_end_tls(struct client *c)
{
	if (c->ssl == NULL)
		return;
	/* Otherwise the session cannot be resumed (SSL_free(3)). */
	SSL_set_shutdown(c->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(c->ssl);
	SSL_CTX_free(c->ctx);
	c->ssl = NULL;
}

void
client_decrypt(struct client *c, const uint8_t *bytes, size_t n)
{
	if (n > 0)
		must(BIO_write(c->from, bytes, (int)n) == (int)n);
	think(c);
	client_send_encrypted(c, c->piece > 0 ? c->piece : SIZE_MAX);
}

/* The handshake is over at both ends. */
static bool
is_open(struct client *c)
{
	const struct http_conn *conn = client_conn(c);

	client_read(c);
	return SSL_is_init_finished(c->ssl) && (conn == NULL || !conn->io.opening);
}

static void
write_record(struct client *c, struct slice bytes)
{
	UNTIL(is_open(c));
	ERR_clear_error();
	must(SSL_write(c->ssl, bytes.p, (int)bytes.len) == (int)bytes.len);
}

void
client_encrypt(struct client *c, struct slice bytes)
{
	write_record(c, bytes);
	while (c->piece > 0 && BIO_ctrl_pending(c->to) > 0) {
		client_send_encrypted(c, c->piece);
		world_turn();
	}
	client_send_encrypted(c, SIZE_MAX);
}

static void
send_corrupted(struct client *c, struct slice bytes)
{
	char *record;
	long len;

	write_record(c, bytes);
	len = BIO_get_mem_data(c->to, &record);
	record[len - 1] ^= 1;
	client_send_encrypted(c, SIZE_MAX);
}

static void
keep_session(struct client *c)
{
	SSL_SESSION_free(world.session);
	world.session = SSL_get1_session(c->ssl);
	assert_int_equal(SSL_SESSION_get_max_early_data(world.session), 0);
}

static void
expect_certificate(struct client *c, const char *name)
{
	X509 *x = SSL_get1_peer_certificate(c->ssl);
	char seen[64];

	assert_non_null(x);
	X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_commonName, seen, sizeof(seen));
	X509_free(x);
	assert_string_equal(seen, name);
}

static void
expect_protocol(struct client *c, const char *name)
{
	const uint8_t *chosen;
	unsigned len;

	SSL_get0_alpn_selected(c->ssl, &chosen, &len);
	assert_true(slice_eq_str((struct slice){chosen, len}, name));
}

static void
update_key(struct client *c)
{
	must(SSL_key_update(c->ssl, SSL_KEY_UPDATE_REQUESTED) == 1 &&
	    SSL_do_handshake(c->ssl) == 1);
	client_send_encrypted(c, SIZE_MAX);
	world_turn();
	assert_false(client_conn(c)->io.opening);
}

static void
renegotiate(struct client *c)
{
	assert_int_equal(SSL_renegotiate(c->ssl), 1);
	(void)SSL_do_handshake(c->ssl);
	assert_true(BIO_ctrl_pending(c->to) > 0);
	client_send_encrypted(c, SIZE_MAX);
}

static bool
session_step(struct client *c, const struct words *step)
{
	const char *verb = step->word[1], *word = step->n > 2 ? step->word[2] : "";

	if (strcmp(verb, "keeps_session") == 0)
		keep_session(c);
	else if (strcmp(verb, "sees_certificate") == 0)
		expect_certificate(c, word);
	else if (strcmp(verb, "speaks") == 0)
		expect_protocol(c, word);
	else if (strcmp(verb, "updates_key") == 0)
		update_key(c);
	else if (strcmp(verb, "renegotiates") == 0)
		renegotiate(c);
	else
		return false;
	return true;
}

bool
tls_client_step(struct client *c, const struct words *step)
{
	const char *verb = step->word[1];

	if (strcmp(verb, "opens") == 0) {
		UNTIL(is_open(c));
	} else if (strcmp(verb, "is_refused") == 0) {
		UNTIL((client_read(c), c->failed != NULL));
		assert_true(slice_eq_str(values_bytes(world.values, step->word[2]), c->failed));
	} else if (strcmp(verb, "sends_part") == 0) {
		write_record(c, words_together(step, 3, true));
		client_send_encrypted(c, strtoul(step->word[2], NULL, 10));
	} else if (strcmp(verb, "sends_corrupted") == 0) {
		send_corrupted(c, words_together(step, 2, true));
	} else if (strcmp(verb, "sends_raw") == 0) {
		client_send_raw(c, words_together(step, 2, true));
	} else if (strcmp(verb, "sends_close_notify") == 0) {
		(void)SSL_shutdown(c->ssl);
		client_send_encrypted(c, SIZE_MAX);
	} else {
		return session_step(c, step);
	}
	return true;
}
