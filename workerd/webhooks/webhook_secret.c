/*
 * Verifiers read only base64, not base64url.
 */
#include "workerd/webhooks/webhook_secret.h"

#include <stdint.h>
#include <string.h>

#include <openssl/evp.h>

#include "proto/base/secrets.h"

#define BYTES 32

void
webhook_secret(char out[WEBHOOK_SECRET_SIZE])
{
	const size_t prefix = strlen(WEBHOOK_SECRET_PREFIX);
	uint8_t bytes[BYTES];

	secret_random(bytes, sizeof(bytes));
	memcpy(out, WEBHOOK_SECRET_PREFIX, prefix);
	(void)EVP_EncodeBlock((uint8_t *)out + prefix, bytes, sizeof(bytes));
	explicit_bzero(bytes, sizeof(bytes));
}
