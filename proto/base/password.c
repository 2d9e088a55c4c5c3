/*
 * scrypt by OpenSSL's libcrypto (EVP_PBE_scrypt(3)), and its text form.
 */
#include "proto/base/password.h"

#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "proto/base/basics.h"
#include "proto/base/secrets.h"
#include "proto/base/utf8.h"

#define LN         16 /* N = 2^16 */
#define R          8
#define P          1
#define SALT_BYTES 16
#define HASH_BYTES 32
#define SALT_MIN   8
#define SALT_MAX   48
#define BASE64_MAX 64 /* characters of SALT_MAX bytes */

/* Limits of the parameters in a text. */
#define LN_MAX     20
#define R_MAX      32
#define P_MAX      8
#define MEMORY_MAX ((uint64_t)256 << 20)
/* Overhead of OpenSSL itself. */
#define MEMORY_MORE ((uint64_t)1 << 20)

/* A hash of zeros; no password with this hash is known. */
const char password_dummy_hash[] = "$scrypt$ln=16,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
				   "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

struct parameters {
	unsigned ln, r, p;
};

struct hashed {
	struct parameters with;
	size_t salt_len;
	uint8_t salt[SALT_MAX];
	uint8_t hash[HASH_BYTES];
};

const char *
password_problem(struct slice password)
{
	if (!utf8_valid(password))
		return "must be text in UTF-8";
	if (password.len > PASSWORD_MAX)
		return "must have at most 1024 bytes";
	if (utf8_utf16_len(password) < PASSWORD_NEW_MIN)
		return "must have at least 10 characters";
	return NULL;
}

/* RFC 7914, section 2: 128 r N bytes, plus 128 r p. */
static uint64_t
password_memory(const struct parameters *with)
{
	return 128ull * with->r * ((1ull << with->ln) + with->p);
}

static int
password_scrypt(struct slice password, const struct hashed *h, uint8_t out[HASH_BYTES])
{
	int ok = EVP_PBE_scrypt((const char *)password.p, password.len, h->salt, h->salt_len,
	    1ull << h->with.ln, h->with.r, h->with.p, password_memory(&h->with) + MEMORY_MORE,
	    out, HASH_BYTES);

	return ok == 1 ? 0 : -1;
}

static void
password_base64(const uint8_t *bytes, size_t n, char out[BASE64_MAX + 1])
{
	must(n <= SALT_MAX);
	(void)EVP_EncodeBlock((uint8_t *)out, bytes, (int)n);
	out[strcspn(out, "=")] = '\0';
}

static bool
password_take_text(struct slice *s, const char *text)
{
	size_t n = strlen(text);

	if (s->len < n || memcmp(s->p, text, n) != 0)
		return false;
	*s = (struct slice){s->p + n, s->len - n};
	return true;
}

/* Reads a number from 1 to max, at most two digits. */
static bool
password_take_number(struct slice *s, unsigned max, unsigned *n)
{
	*n = 0;
	for (size_t i = 0; i < 2 && s->len > 0 && *s->p >= '0' && *s->p <= '9'; i++) {
		*n = *n * 10 + (unsigned)(*s->p - '0');
		*s = (struct slice){s->p + 1, s->len - 1};
	}
	return *n >= 1 && *n <= max;
}

/* Decodes base64 up to the next '$' or the end. Encoding the bytes again must give the same text,
 * so that each hash has one spelling. */
static bool
password_take_base64(struct slice *s, uint8_t bytes[SALT_MAX], size_t *n)
{
	char padded[BASE64_MAX + 1], again[BASE64_MAX + 1];
	const uint8_t *end = s->len == 0 ? NULL : memchr(s->p, '$', s->len);
	size_t len = end == NULL ? s->len : (size_t)(end - s->p);
	size_t whole = (len + 3) / 4 * 4;

	if (len == 0 || len > BASE64_MAX)
		return false;
	memset(padded, '=', whole);
	must(slice_copy((struct slice){s->p, len}, padded, sizeof(padded)));
	if (EVP_DecodeBlock(bytes, (const uint8_t *)padded, (int)whole) == -1)
		return false;
	*n = len * 3 / 4;
	password_base64(bytes, *n, again);
	if (!slice_eq_str((struct slice){s->p, len}, again))
		return false;
	*s = (struct slice){s->p + len, s->len - len};
	return true;
}

static bool
password_take_parameters(struct slice *s, struct parameters *with)
{
	return password_take_text(s, "ln=") && password_take_number(s, LN_MAX, &with->ln) &&
	    password_take_text(s, ",r=") && password_take_number(s, R_MAX, &with->r) &&
	    password_take_text(s, ",p=") && password_take_number(s, P_MAX, &with->p) &&
	    password_memory(with) <= MEMORY_MAX;
}

static bool
password_take_hash(struct slice *s, uint8_t hash[HASH_BYTES])
{
	uint8_t bytes[SALT_MAX];
	size_t n;

	if (!password_take_base64(s, bytes, &n) || n != HASH_BYTES)
		return false;
	memcpy(hash, bytes, HASH_BYTES);
	return true;
}

static bool
password_parse(struct slice s, struct hashed *h)
{
	return password_take_text(&s, "$scrypt$") && password_take_parameters(&s, &h->with) &&
	    password_take_text(&s, "$") && password_take_base64(&s, h->salt, &h->salt_len) &&
	    h->salt_len >= SALT_MIN && password_take_text(&s, "$") &&
	    password_take_hash(&s, h->hash) && s.len == 0;
}

static void
password_format(const struct hashed *h, char text[PASSWORD_TEXT_SIZE])
{
	char salt[BASE64_MAX + 1], hash[BASE64_MAX + 1];
	int n;

	password_base64(h->salt, h->salt_len, salt);
	password_base64(h->hash, HASH_BYTES, hash);
	n = snprintf(text, PASSWORD_TEXT_SIZE, "$scrypt$ln=%u,r=%u,p=%u$%s$%s", h->with.ln,
	    h->with.r, h->with.p, salt, hash);
	must(n > 0 && n < PASSWORD_TEXT_SIZE);
}

int
password_hash(struct slice password, char text[PASSWORD_TEXT_SIZE])
{
	struct hashed h = {.with = {LN, R, P}, .salt_len = SALT_BYTES};

	secret_random(h.salt, h.salt_len);
	if (password_scrypt(password, &h, h.hash) == -1)
		return -1;
	password_format(&h, text);
	return 0;
}

enum password_verdict
password_verify(struct slice password, struct slice text)
{
	uint8_t given[HASH_BYTES];
	struct hashed h;
	bool same;

	if (!password_parse(text, &h) || password_scrypt(password, &h, given) == -1)
		return PASSWORD_ERROR;
	same = CRYPTO_memcmp(given, h.hash, HASH_BYTES) == 0;
	OPENSSL_cleanse(given, sizeof(given));
	return same ? PASSWORD_CORRECT : PASSWORD_WRONG;
}
