/*
 * Reads PEM files and checks that a worker can use them: a certificate and its own private key,
 * both strong enough for OpenSSL's security level 2, which the workers require
 * (SSL_CTX_set_security_level(3)).
 */
#include "masterd/certificate.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "proto/ipc/messages.h"

/* The strength of 2048-bit RSA keys and of SHA-224; less is level 1. */
#define SECURITY_BITS 112

/* How long before expiry to warn: an automatic renewal is overdue then, and there is still time to
 * find out why. */
#define RENEWAL_SECONDS (14L * 24 * 60 * 60)

/* One check of both files; n counts the problems. */
struct check {
	const struct settings *settings;
	FILE *problems, *warnings;
	size_t n;
};

static void
certificate_report_cert(struct check *ck, const char *what)
{
	fprintf(ck->problems, "  TLS_CERT=%s: %s\n", ck->settings->tls_cert, what);
	ck->n++;
}

static void
certificate_report_key(struct check *ck, const char *what)
{
	fprintf(ck->problems, "  TLS_KEY=%s: %s\n", ck->settings->tls_key, what);
	ck->n++;
}

/* Reads to the end of the file, at most buf_room(out) bytes. 0, or -1 with errno: EFBIG if the file
 * is larger. */
static int
certificate_read_fd(int fd, struct buf *out)
{
	uint8_t *p = buf_reserve(out, buf_room(out));
	size_t room = buf_room(out), len = 0;
	ssize_t n = 1;

	if (p == NULL)
		return -1;
	while (len < room && n > 0) {
		n = read(fd, p + len, room - len);
		if (n == -1 && errno == EINTR)
			n = 1;
		else if (n > 0)
			len += (size_t)n;
	}
	buf_commit(out, len);
	if (n > 0)
		errno = EFBIG;
	return n == 0 ? 0 : -1;
}

/* O_NONBLOCK: opening a FIFO without a writer must not block the start. */
static int
certificate_read_file(const char *path, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int r;

	if (fd == -1)
		return -1;
	r = certificate_read_fd(fd, out);
	closefd(&fd);
	return r;
}

static BIO *
certificate_bio(const struct buf *b)
{
	BIO *bio = BIO_new_mem_buf(buf_data(b), (int)buf_len(b));

	must(bio != NULL);
	return bio;
}

/* Refuses to ask for a passphrase; *arg is set to true. */
static int
certificate_no_passphrase(char *buf, int size, int writing, void *arg)
{
	bool *asked = arg;

	(void)buf, (void)size, (void)writing;
	*asked = true;
	return -1;
}

/* The next certificate of the file, or NULL; then *at_end is true if the file has no more. */
static X509 *
certificate_next(BIO *bio, bool *at_end)
{
	bool asked = false;
	X509 *cert = PEM_read_bio_X509(bio, NULL, certificate_no_passphrase, &asked);

	*at_end = cert == NULL && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
	ERR_clear_error();
	return cert;
}

/* Why browsers or OpenSSL would refuse this key, or NULL. */
static const char *
certificate_key_weakness(EVP_PKEY *key)
{
	static const char *const curves[] = {"prime256v1", "secp384r1", "secp521r1"};
	char curve[32];

	if (EVP_PKEY_get_security_bits(key) < SECURITY_BITS)
		return "its key is too weak: RSA needs 2048 bits";
	if (EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "RSA-PSS") ||
	    EVP_PKEY_is_a(key, "ED25519"))
		return NULL;
	if (EVP_PKEY_is_a(key, "EC") &&
	    EVP_PKEY_get_group_name(key, curve, sizeof(curve), NULL) == 1)
		for (size_t i = 0; i < ARRAY_LEN(curves); i++)
			if (strcmp(curve, curves[i]) == 0)
				return NULL;
	return "its key must be RSA, EC (P-256, P-384 or P-521) or Ed25519";
}

/* Why a certificate of the file cannot be used, or NULL. The signature of a self-signed certificate
 * proves nothing and is not checked. */
static const char *
certificate_weakness(X509 *cert)
{
	EVP_PKEY *key = X509_get0_pubkey(cert);
	int bits = 0;

	if (key == NULL)
		return "its key type is unknown";
	if (X509_self_signed(cert, 0) != 1 &&
	    (X509_get_signature_info(cert, NULL, NULL, &bits, NULL) != 1 ||
		bits < SECURITY_BITS))
		return "its signature uses a weak hash such as SHA-1";
	return certificate_key_weakness(key);
}

static void
certificate_warn(struct check *ck, const char *what)
{
	fprintf(ck->warnings, "  TLS_CERT=%s: %s\n", ck->settings->tls_cert, what);
}

/* X509_cmp_time() returns -1 for an earlier time, 1 for a later one. */
static void
certificate_check_dates(struct check *ck, const X509 *cert)
{
	const ASN1_TIME *from = X509_get0_notBefore(cert), *until = X509_get0_notAfter(cert);
	time_t soon = time(NULL) + RENEWAL_SECONDS;
	struct tm tm;

	if (ASN1_TIME_to_tm(until, &tm) != 1 || ASN1_TIME_to_tm(from, &tm) != 1)
		certificate_report_cert(ck, "its dates cannot be read");
	else if (X509_cmp_current_time(until) < 0)
		certificate_warn(ck, "has expired");
	else if (X509_cmp_current_time(from) > 0)
		certificate_warn(ck, "is not valid yet");
	else if (X509_cmp_time(until, &soon) < 0)
		certificate_warn(ck, "expires within two weeks");
}

/* Returns the server's own certificate, which is first in the file, or NULL (reported). Refuses a
 * file with an unreadable certificate after it, such as one that is still being written: a worker
 * would use the chain only up to there, and many clients need the rest. */
static X509 *
certificate_check_chain(struct check *ck, const struct buf *chain)
{
	BIO *bio = certificate_bio(chain);
	bool at_end;
	X509 *own = certificate_next(bio, &at_end), *cert = own;

	if (own == NULL)
		certificate_report_cert(ck, "holds no PEM certificate");
	else
		certificate_check_dates(ck, own);
	while (cert != NULL) {
		const char *weakness = certificate_weakness(cert);

		if (weakness != NULL)
			certificate_report_cert(ck, weakness);
		if (cert != own)
			X509_free(cert);
		cert = certificate_next(bio, &at_end);
	}
	if (own != NULL && !at_end)
		certificate_report_cert(ck, "a certificate after the first cannot be read");
	BIO_free(bio);
	return own;
}

static void
certificate_check_key(struct check *ck, const struct buf *pem, const X509 *own)
{
	BIO *bio = certificate_bio(pem);
	bool asked = false;
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, certificate_no_passphrase, &asked);

	if (asked)
		certificate_report_key(ck, "has a passphrase; remove it with `openssl pkey`");
	else if (key == NULL)
		certificate_report_key(ck, "holds no PEM private key");
	else if (own != NULL && X509_check_private_key(own, key) != 1)
		certificate_report_key(
		    ck, "is not the key of the first certificate in TLS_CERT");
	ERR_clear_error();
	EVP_PKEY_free(key);
	BIO_free(bio);
}

size_t
certificate_read(
    struct certificate *id, const struct settings *s, FILE *problems, FILE *warnings)
{
	struct check ck = {.settings = s, .problems = problems, .warnings = warnings};
	bool has_chain, has_key;
	X509 *own = NULL;

	buf_init(&id->chain, TLS_CHAIN_MAX);
	buf_init(&id->key, TLS_KEY_MAX);
	if (s->tls_cert == NULL || s->tls_key == NULL)
		return 0;
	has_chain = certificate_read_file(s->tls_cert, &id->chain) == 0;
	if (!has_chain)
		certificate_report_cert(&ck, strerror(errno));
	has_key = certificate_read_file(s->tls_key, &id->key) == 0;
	if (!has_key)
		certificate_report_key(&ck, strerror(errno));
	if (has_chain)
		own = certificate_check_chain(&ck, &id->chain);
	if (has_key)
		certificate_check_key(&ck, &id->key, own);
	X509_free(own);
	return ck.n;
}

void
certificate_clear(struct certificate *id)
{
	buf_wipe(&id->chain);
	buf_wipe(&id->key);
}

bool
certificate_is_empty(const struct certificate *id)
{
	return buf_len(&id->key) == 0;
}

bool
certificate_equal(const struct certificate *a, const struct certificate *b)
{
	return slice_eq(buf_slice(&a->chain), buf_slice(&b->chain)) &&
	    slice_eq(buf_slice(&a->key), buf_slice(&b->key));
}

void
certificate_log(const struct certificate *id)
{
	BIO *bio = certificate_bio(&id->chain);
	bool at_end;
	X509 *own = certificate_next(bio, &at_end);
	char subject[256], until[32];
	struct tm tm;

	must(own != NULL && ASN1_TIME_to_tm(X509_get0_notAfter(own), &tm) == 1);
	X509_NAME_oneline(X509_get_subject_name(own), subject, sizeof(subject));
	strftime(until, sizeof(until), "%Y-%m-%dT%H:%M:%SZ", &tm);
	log_event(
	    LOG_NOTICE, "tls_certificate", L_STR("subject", subject), L_STR("until", until));
	X509_free(own);
	BIO_free(bio);
}
