/*
 * Every failure in here means a broken library or no memory. Continuing without random numbers or a
 * hash would be unsafe, so all of them abort.
 */
#include "proto/base/secrets.h"

#include <limits.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "proto/base/basics.h"
#include "proto/base/hex.h"

static EVP_MD *sha256_method;

static void
secret_fetch_sha256(void)
{
	sha256_method = EVP_MD_fetch(NULL, "SHA256", NULL);
}

/* SHA-256, fetched once: the lookup costs as much as hashing a token (EVP_MD_fetch(3)).
 * Thread-safe, since passwords are hashed on a separate thread. */
static const EVP_MD *
secret_sha256(void)
{
	static CRYPTO_ONCE once = CRYPTO_ONCE_STATIC_INIT;

	must(CRYPTO_THREAD_run_once(&once, secret_fetch_sha256) == 1 && sha256_method != NULL);
	return sha256_method;
}

void
secret_random(void *out, size_t n)
{
	must(n <= INT_MAX);
	must(RAND_bytes(out, (int)n) == 1);
}

/* Maps the base64 alphabet to base64url (RFC 4648, section 5). */
static char
secret_url_safe(uint8_t c)
{
	if (c == '+')
		return '-';
	if (c == '/')
		return '_';
	return (char)c;
}

/* EVP_EncodeBlock() writes plain base64: 43 characters, one '=' and a NUL. */
void
hash_format(const struct hash256 *hash, char out[SECRET_TOKEN_TEXT + 1])
{
	uint8_t text[SECRET_TOKEN_TEXT + 2];

	must(EVP_EncodeBlock(text, hash->b, sizeof(hash->b)) == SECRET_TOKEN_TEXT + 1);
	for (size_t i = 0; i < SECRET_TOKEN_TEXT; i++)
		out[i] = secret_url_safe(text[i]);
	out[SECRET_TOKEN_TEXT] = '\0';
	OPENSSL_cleanse(text, sizeof(text));
}

void
secret_token(char out[SECRET_TOKEN_TEXT + 1])
{
	struct hash256 raw;

	secret_random(raw.b, sizeof(raw.b));
	hash_format(&raw, out);
	OPENSSL_cleanse(&raw, sizeof(raw));
}

/* Bytes from 248 are discarded: 256 is not a multiple of 62, and the first characters would be more
 * likely than the others. */
void
secret_base62(char *out, size_t n)
{
	static const char alphabet[] =
	    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	const unsigned fair = 248;
	uint8_t raw[64];
	size_t used = sizeof(raw);

	for (size_t i = 0; i < n;) {
		if (used == sizeof(raw)) {
			secret_random(raw, sizeof(raw));
			used = 0;
		}
		if (raw[used++] < fair)
			out[i++] = alphabet[raw[used - 1] % 62];
	}
	out[n] = '\0';
	OPENSSL_cleanse(raw, sizeof(raw));
}

struct hash256
secret_hash(struct slice data)
{
	struct hash256 h;

	must(EVP_Digest(data.p, data.len, h.b, NULL, secret_sha256(), NULL) == 1);
	return h;
}

bool
hash_equal(const struct hash256 *a, const struct hash256 *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

bool
hash_is_zero(const struct hash256 *a)
{
	return hash_equal(a, &(struct hash256){0});
}

void
hash_format_hex(const struct hash256 *hash, char out[HASH_HEX_LEN + 1])
{
	hex_write(hash->b, sizeof(hash->b), out);
	out[HASH_HEX_LEN] = '\0';
}

bool
hash_read_hex(struct slice text, struct hash256 *hash)
{
	if (text.p == NULL || text.len != HASH_HEX_LEN)
		return false;
	for (size_t i = 0; i < sizeof(hash->b); i++) {
		const int value = hex_value2(text.p + 2 * i);

		if (value == -1)
			return false;
		hash->b[i] = (uint8_t)value;
	}
	return true;
}

struct hash256
secret_mac(struct slice key, struct slice data)
{
	struct hash256 mac;

	must(key.len <= INT_MAX);
	must(HMAC(secret_sha256(), key.p, (int)key.len, data.p, data.len, mac.b, NULL) != NULL);
	return mac;
}

uint64_t
secret_keyed_hash(const uint8_t key[32], struct slice data)
{
	struct hash256 mac = secret_mac((struct slice){key, 32}, data);
	uint64_t first = 0;

	for (size_t i = 0; i < sizeof(first); i++)
		first = first << 8 | mac.b[i];
	return first;
}

bool
secret_equal(struct slice a, struct slice b)
{
	struct hash256 ha = secret_hash(a), hb = secret_hash(b);

	return CRYPTO_memcmp(ha.b, hb.b, sizeof(ha.b)) == 0;
}
