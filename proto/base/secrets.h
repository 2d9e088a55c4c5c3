/*
 * Random numbers, hashes and constant-time comparison for keys, passwords and tokens, by OpenSSL's
 * libcrypto. Nothing here logs its arguments.
 */
#ifndef PROTO_BASE_SECRETS_H
#define PROTO_BASE_SECRETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/buf.h"

#define SECRET_TOKEN_TEXT 43 /* base64url of 32 bytes, without padding */

struct hash256 {
	uint8_t b[32];
};

/* n random bytes from OpenSSL's generator, which the kernel seeds (RAND_bytes); aborts on
 * failure. */
void secret_random(void *out, size_t n);

/* A new random token of 256 bits as text with its NUL, for a cookie. */
void secret_token(char out[SECRET_TOKEN_TEXT + 1]);

/* n uniformly random characters of 0-9, A-Z and a-z, and a NUL. */
void secret_base62(char *out, size_t n);

/* SHA-256. The store keeps only hashes of tokens, so that a stolen store lets nobody log in. */
struct hash256 secret_hash(struct slice data);

/* Comparisons in variable time: for hashes that are not secret, such as those of tokens. */
bool hash_equal(const struct hash256 *a, const struct hash256 *b);
bool hash_is_zero(const struct hash256 *a);

/* Writes the hash as base64url with a NUL. */
void hash_format(const struct hash256 *hash, char out[SECRET_TOKEN_TEXT + 1]);

/* The same as hexadecimal digits, and back; false: the text is none. */
#define HASH_HEX_LEN 64
void hash_format_hex(const struct hash256 *hash, char out[HASH_HEX_LEN + 1]);
[[gnu::warn_unused_result]] bool hash_read_hex(struct slice text, struct hash256 *hash);

/* HMAC-SHA-256(key, data). */
struct hash256 secret_mac(struct slice key, struct slice data);

/* The first 64 bits of HMAC-SHA-256 with a 32-byte key: for hash tables in which a client must not
 * be able to cause collisions. */
uint64_t secret_keyed_hash(const uint8_t key[32], struct slice data);

/* Whether a and b are equal, in a time that does not depend on their content: both are hashed
 * first, which also hides the length (CRYPTO_memcmp on digests). */
bool secret_equal(struct slice a, struct slice b);

#endif
