/*
 * Randomness, hashes and comparisons for keys, passwords and tokens, all by OpenSSL's libcrypto.
 * Nothing here ever logs what it is given.
 */
#ifndef PROTO_BASE_SECRETS_H
#define PROTO_BASE_SECRETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/buf.h"

#define SECRET_TOKEN_BYTES 32
#define SECRET_TOKEN_TEXT  43 /* base64url of 32 bytes, without padding */

/* A widget's public id: "wid_" and 22 of base62, some 131 bits. */
#define SECRET_PUBLIC_ID_TEXT 26

struct hash256 {
	uint8_t b[32];
};

/* n random bytes from the kernel-seeded generator (RAND_bytes); aborts if there is none. */
void secret_random(void *out, size_t n);

/* A fresh random token of 256 bits, as text with its NUL: what a cookie carries. */
void secret_token(char out[SECRET_TOKEN_TEXT + 1]);

/* n random characters of 0-9, A-Z and a-z, each as likely as any other, and a NUL. */
void secret_base62(char *out, size_t n);

/* A fresh public id for a widget, with its NUL. */
void secret_public_id(char out[SECRET_PUBLIC_ID_TEXT + 1]);

/* SHA-256: how tokens are stored, so that a stolen store signs nobody in. */
struct hash256 secret_hash(struct slice data);

/* Of hashes that are no secret, such as those of tokens. */
bool hash_equal(const struct hash256 *a, const struct hash256 *b);
bool hash_is_zero(const struct hash256 *a);

/* HMAC-SHA-256(key, data). */
struct hash256 secret_mac(struct slice key, struct slice data);

/* The first 64 bits of that with a key of 32 bytes: for tables that a client must not be able to
 * aim at. */
uint64_t secret_keyed_hash(const uint8_t key[32], struct slice data);

/*
 * Whether a and b are the same, in a time that depends on neither's content nor on where they
 * differ: both are hashed first, so that not even the length shows (CRYPTO_memcmp on digests).
 */
bool secret_equal(struct slice a, struct slice b);

#endif
