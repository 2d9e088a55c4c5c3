/*
 * Generated certificates for tests.
 */
#ifndef TESTS_UNIT_TEST_CERT_H
#define TESTS_UNIT_TEST_CERT_H

#include <stdint.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
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

#endif
