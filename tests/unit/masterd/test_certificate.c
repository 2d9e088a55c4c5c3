/*
 * Certificate and key files: what is refused with which message, what causes a warning, and what is
 * kept; and struct tls_keys.
 */
#include <sys/stat.h>

#include "masterd/certificate.h"
#include "masterd/tls_keys.h"
#include "tests/unit/test_cert.h"
#include "tests/unit/unit.h"

static char dir[] = "/tmp/banter-certificate-XXXXXX";
static char cert_path[64], key_path[64];
static char *problems, *warnings;
static struct certificate id; /* what look() has read */

static void
write_file(const char *path, struct slice text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text.p, 1, text.len, f), text.len);
	assert_int_equal(fclose(f), 0);
}

static void
write_cert(const struct test_cert *c)
{
	write_file(cert_path, buf_slice(&c->chain));
	write_file(key_path, buf_slice(&c->key));
}

static void
write_like(const struct test_cert_like *like)
{
	struct test_cert c;

	test_cert_make(&c, like);
	write_cert(&c);
	test_cert_clear(&c);
}

/* Reads both files into id; returns the number of problems. */
static size_t
look(void)
{
	const struct settings s = {.tls_cert = cert_path, .tls_key = key_path};
	size_t len, n;
	FILE *p, *w;

	free(problems);
	free(warnings);
	certificate_clear(&id);
	p = open_memstream(&problems, &len);
	w = open_memstream(&warnings, &len);
	n = certificate_read(&id, &s, p, w);
	fclose(p);
	fclose(w);
	return n;
}

FIXTURE(set_up)
{
	write_like(&(struct test_cert_like){0});
}

FIXTURE(set_up_all)
{
	assert_non_null(mkdtemp(dir));
	snprintf(cert_path, sizeof(cert_path), "%s/cert.pem", dir);
	snprintf(key_path, sizeof(key_path), "%s/key.pem", dir);
}

static int
tear_down_all(void **state)
{
	(void)state;
	unlink(cert_path);
	unlink(key_path);
	free(problems);
	free(warnings);
	certificate_clear(&id);
	return rmdir(dir);
}

/* Expects exactly this problem with this file. */
static void
assert_problem(const char *setting, const char *what)
{
	const char *path = strcmp(setting, "TLS_CERT") == 0 ? cert_path : key_path;
	char line[256];

	assert_int_equal(look(), 1);
	snprintf(line, sizeof(line), "  %s=%s: %s\n", setting, path, what);
	assert_string_equal(problems, line);
}

/* Expects a valid pair, with exactly this warning; NULL: without. */
static void
assert_warning(const char *what)
{
	char line[256] = "";

	if (what != NULL)
		snprintf(line, sizeof(line), "  TLS_CERT=%s: %s\n", cert_path, what);
	assert_int_equal(look(), 0);
	assert_string_equal(problems, "");
	assert_string_equal(warnings, line);
}

#define CERTIFICATE_TEST(name) TEST_WITH(name, set_up, NULL)

CERTIFICATE_TEST(a_valid_pair_is_kept_unchanged)
{
	const struct test_cert_like likes[] = {
	    {.curve = "P-256"}, {.curve = "P-384"}, {.curve = "P-521"}, {.rsa_bits = 2048}};

	for (size_t i = 0; i < ARRAY_LEN(likes); i++) {
		struct test_cert c;

		test_cert_make(&c, &likes[i]);
		write_cert(&c);
		assert_warning(NULL);
		assert_true(slice_eq(buf_slice(&id.chain), buf_slice(&c.chain)));
		assert_true(slice_eq(buf_slice(&id.key), buf_slice(&c.key)));
		assert_false(certificate_is_empty(&id));
		certificate_clear(&id);
		assert_true(certificate_is_empty(&id));
		test_cert_clear(&c);
	}
}

CERTIFICATE_TEST(without_the_settings_there_is_no_certificate)
{
	const struct settings none = {0};

	assert_int_equal(certificate_read(&id, &none, stderr, stderr), 0);
	assert_true(certificate_is_empty(&id));
}

/* A fifo without a writer does not block. */
CERTIFICATE_TEST(a_file_that_cannot_be_read_is_named)
{
	static const uint8_t zeros[1000000];

	unlink(cert_path);
	assert_problem("TLS_CERT", "No such file or directory");
	write_file(cert_path, (struct slice){zeros, sizeof(zeros)});
	assert_problem("TLS_CERT", "File too large");
	set_up(NULL);
	unlink(key_path);
	assert_problem("TLS_KEY", "No such file or directory");
	assert_int_equal(mkdir(key_path, 0700), 0);
	assert_problem("TLS_KEY", "Is a directory");
	assert_int_equal(rmdir(key_path) | mkfifo(key_path, 0600), 0);
	assert_problem("TLS_KEY", "holds no PEM private key");
	unlink(key_path);
}

CERTIFICATE_TEST(both_files_are_checked)
{
	write_file(cert_path, slice_str("nonsense"));
	write_file(key_path, slice_str(""));
	assert_int_equal(look(), 2);
	assert_non_null(strstr(problems, "holds no PEM certificate"));
	assert_non_null(strstr(problems, "holds no PEM private key"));
}

CERTIFICATE_TEST(the_key_of_another_certificate_is_refused)
{
	struct test_cert other;

	test_cert_make(&other, &(struct test_cert_like){0});
	write_file(key_path, buf_slice(&other.key));
	assert_problem("TLS_KEY", "is not the key of the first certificate in TLS_CERT");
	test_cert_clear(&other);
}

CERTIFICATE_TEST(a_key_with_a_passphrase_is_refused)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	BIO *bio = BIO_new(BIO_s_mem());
	struct buf pem;

	assert_int_equal(
	    PEM_write_bio_PKCS8PrivateKey(bio, key, EVP_aes_256_cbc(), "secret", 6, NULL, NULL),
	    1);
	buf_init(&pem, 65536);
	test_take_pem(bio, &pem);
	write_file(key_path, buf_slice(&pem));
	assert_problem("TLS_KEY", "has a passphrase; remove it with `openssl pkey`");
	buf_clear(&pem);
	EVP_PKEY_free(key);
}

/* The signature of a self-signed certificate proves nothing and is not checked. Dates only cause
 * warnings. */
CERTIFICATE_TEST(certificates_that_workers_would_refuse_are_refused)
{
	EVP_PKEY *authority = EVP_EC_gen("P-256");
	const struct {
		struct test_cert_like like;
		const char *problem, *warning;
	} cases[] = {
	    {{.rsa_bits = 1024}, "its key is too weak: RSA needs 2048 bits", NULL},
	    {{.curve = "secp256k1"},
		"its key must be RSA, EC (P-256, P-384 or P-521) or Ed25519", NULL},
	    {{.digest = EVP_sha1(), .signer = authority},
		"its signature uses a weak hash such as SHA-1", NULL},
	    {{.digest = EVP_sha1()}, NULL, NULL},
	    {{.from_days = -10, .until_days = -1}, NULL, "has expired"},
	    {{.from_days = 1}, NULL, "is not valid yet"},
	    {{.until_days = 13}, NULL, "expires within two weeks"},
	    {{.until_days = 15}, NULL, NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		write_like(&cases[i].like);
		if (cases[i].problem != NULL)
			assert_problem("TLS_CERT", cases[i].problem);
		else
			assert_warning(cases[i].warning);
	}
	EVP_PKEY_free(authority);
}

CERTIFICATE_TEST(certificates_after_the_first_are_checked_and_other_text_is_ignored)
{
	struct test_cert own, weak, next;
	struct slice half;
	size_t len;

	test_cert_make(&own, &(struct test_cert_like){0});
	test_cert_make(&weak, &(struct test_cert_like){.rsa_bits = 1024});
	test_cert_make(&next, &(struct test_cert_like){.name = "authority"});
	len = buf_len(&own.chain);
	half = (struct slice){buf_data(&next.chain), buf_len(&next.chain) / 2};
	const struct {
		struct slice rest; /* of the file */
		const char *problem;
	} cases[] = {
	    {buf_slice(&next.chain), NULL},
	    {buf_slice(&weak.chain), "its key is too weak: RSA needs 2048 bits"},
	    /* As on disk while another process is still writing it. */
	    {half, "a certificate after the first cannot be read"},
	    /* Certificate files often contain other text, or the key. */
	    {slice_str("\nIssuer: CN=authority\n"), NULL},
	    {buf_slice(&own.key), NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		buf_truncate(&own.chain, len);
		assert_int_equal(buf_append(&own.chain, cases[i].rest.p, cases[i].rest.len), 0);
		write_cert(&own);
		if (cases[i].problem != NULL)
			assert_problem("TLS_CERT", cases[i].problem);
		else
			assert_warning(NULL);
	}
	test_cert_clear(&own);
	test_cert_clear(&weak);
	test_cert_clear(&next);
}

/* Its expiry date is unreadable. */
CERTIFICATE_TEST(invalid_dates_are_refused)
{
	BIO *bio = BIO_new(BIO_s_mem());
	struct test_cert c;
	ASN1_TIME *end;
	X509 *x;

	test_cert_make(&c, &(struct test_cert_like){0});
	must(BIO_write(bio, buf_data(&c.chain), (int)buf_len(&c.chain)) > 0);
	x = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	assert_non_null(x);
	end = X509_getm_notAfter(x);
	assert_int_equal(ASN1_STRING_set(end, "991332000000Z", -1), 1);
	/* Otherwise OpenSSL would write the cached encoding. */
	must(i2d_re_X509_tbs(x, NULL) > 0);
	assert_int_equal(PEM_write_bio_X509(bio, x), 1);
	buf_reset(&c.chain);
	test_take_pem(bio, &c.chain);
	write_cert(&c);
	assert_problem("TLS_CERT", "its dates cannot be read");
	X509_free(x);
	test_cert_clear(&c);
}

static unsigned renewals;
static struct event_base *base;
static struct tls_keys *tls_keys;
static uint8_t first[TICKET_KEY_SIZE]; /* the first ticket key */

static void
on_renewed(void *ctx)
{
	assert_ptr_equal(ctx, &renewals);
	renewals++;
}

static int
set_up_keys(void **state)
{
	set_up(state);
	base = loop_new();
	assert_int_equal(look(), 0);
	tls_keys = tls_keys_new(base, &id, on_renewed, &renewals);
	assert_true(certificate_is_empty(&id));
	memcpy(first, tls_keys_tickets(tls_keys).current.p, sizeof(first));
	return 0;
}

FIXTURE(tear_down_keys)
{
	tls_keys_free(tls_keys);
	event_base_free(base);
}

#define KEYS_TEST(name) TEST_WITH(name, set_up_keys, tear_down_keys)

KEYS_TEST(renewed_ticket_keys_keep_the_previous_ones)
{
	struct msg_ticket_keys keys = tls_keys_tickets(tls_keys);
	uint8_t second[TICKET_KEY_SIZE];

	assert_int_equal(keys.current.len, TICKET_KEY_SIZE);
	assert_int_equal(keys.previous.len, 0);
	tls_keys_renew(tls_keys);
	assert_int_equal(renewals, 1);
	keys = tls_keys_tickets(tls_keys);
	memcpy(second, keys.current.p, sizeof(second));
	assert_memory_not_equal(second, first, sizeof(second));
	assert_true(slice_eq(keys.previous, (struct slice){first, sizeof(first)}));
	tls_keys_renew(tls_keys);
	keys = tls_keys_tickets(tls_keys);
	assert_true(slice_eq(keys.previous, (struct slice){second, sizeof(second)}));
}

KEYS_TEST(another_certificate_replaces_the_ticket_keys)
{
	struct msg_ticket_keys keys;
	struct test_cert other;

	assert_int_equal(look(), 0);
	assert_false(tls_keys_replace(tls_keys, &id));
	keys = tls_keys_tickets(tls_keys);
	assert_true(slice_eq(keys.current, (struct slice){first, sizeof(first)}));
	test_cert_make(&other, &(struct test_cert_like){0});
	write_cert(&other);
	assert_int_equal(look(), 0);
	assert_true(tls_keys_replace(tls_keys, &id));
	assert_true(slice_eq(tls_keys_certificate(tls_keys).key, buf_slice(&other.key)));
	assert_true(slice_eq(tls_keys_certificate(tls_keys).chain, buf_slice(&other.chain)));
	keys = tls_keys_tickets(tls_keys);
	assert_memory_not_equal(keys.current.p, first, sizeof(first));
	assert_int_equal(keys.previous.len, 0);
	test_cert_clear(&other);
}

TEST_MAIN(set_up_all, tear_down_all)
