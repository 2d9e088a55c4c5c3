/* OpenSSL 3 declares the functions with a visible state obsolete, without another way to keep one. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "storaged/files/file_digest.h"

#include <endian.h>
#include <openssl/sha.h>
#include <string.h>

#include "proto/base/basics.h"

#define WORDS (sizeof(struct hash256) / sizeof(uint32_t))

void
file_digest_add(struct hash256 *state, uint32_t offset, struct slice piece, bool last)
{
	uint32_t words[WORDS];
	SHA256_CTX sha;

	must(offset % SHA256_CBLOCK == 0 && (last || piece.len % SHA256_CBLOCK == 0));
	must(SHA256_Init(&sha) == 1);
	if (offset > 0) {
		memcpy(words, state->b, sizeof(words));
		for (size_t i = 0; i < WORDS; i++)
			sha.h[i] = be32toh(words[i]);
		sha.Nl = offset << 3;
		sha.Nh = offset >> 29;
	}
	must(SHA256_Update(&sha, piece.p, piece.len) == 1);
	if (last) {
		must(SHA256_Final(state->b, &sha) == 1);
		return;
	}
	for (size_t i = 0; i < WORDS; i++)
		words[i] = htobe32(sha.h[i]);
	memcpy(state->b, words, sizeof(words));
}
