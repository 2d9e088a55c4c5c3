/*
 * A timestamp that is signed lets a receiver refuse a body that somebody recorded and sends again.
 */
#include "workerd/webhooks/webhook_signature.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "proto/base/basics.h"
#include "proto/base/secrets.h"
#include "workerd/webhooks/webhook_secret.h"

#define PREFIX_SIZE (WEBHOOK_ID_MAX + 24) /* an id, seconds, two dots */
#define KEY_SIZE    64

/* The MAC of the body behind this text. */
static struct hash256
webhook_signature_mac(struct slice key, const char *prefix, struct slice body)
{
	struct hash256 mac;
	struct buf text;

	buf_init(&text, body.len + PREFIX_SIZE);
	must(buf_append_str(&text, prefix) == 0 && buf_append(&text, body.p, body.len) == 0);
	mac = secret_mac(key, buf_slice(&text));
	buf_clear(&text);
	return mac;
}

void
webhook_signature(
    char out[WEBHOOK_SIGNATURE_SIZE], struct slice secret, uint64_t seconds, struct slice body)
{
	char prefix[PREFIX_SIZE];
	struct hash256 mac;
	int n = snprintf(out, WEBHOOK_SIGNATURE_SIZE, "t=%" PRIu64 ",v1=", seconds);

	(void)snprintf(prefix, sizeof(prefix), "%" PRIu64 ".", seconds);
	mac = webhook_signature_mac(secret, prefix, body);
	for (size_t i = 0; i < sizeof(mac.b); i++)
		n += snprintf(out + n, WEBHOOK_SIGNATURE_SIZE - (size_t)n, "%02x", mac.b[i]);
}

/* The bytes that base64 or base64url stands for. Returns their number, 0: it is neither. */
static size_t
webhook_signature_decode(struct slice text, uint8_t key[KEY_SIZE])
{
	uint8_t standard[KEY_SIZE];
	size_t n, padding;
	int len;

	while (text.len > 0 && text.p[text.len - 1] == '=')
		text.len--;
	n = (text.len + 3) / 4 * 4;
	padding = n - text.len;
	if (text.len == 0 || n > sizeof(standard) || padding == 3)
		return 0;
	for (size_t i = 0; i < n; i++)
		standard[i] = i >= text.len ? '='
		    : text.p[i] == '-'      ? '+'
		    : text.p[i] == '_'      ? '/'
					    : text.p[i];
	len = EVP_DecodeBlock(key, standard, (int)n);
	explicit_bzero(standard, sizeof(standard));
	return len < 0 ? 0 : (size_t)len - padding;
}

void
webhook_signature_standard(char out[WEBHOOK_STANDARD_SIZE], struct slice secret,
    const char *delivery, uint64_t seconds, struct slice body)
{
	const size_t prefix_len = strlen(WEBHOOK_SECRET_PREFIX);
	char prefix[PREFIX_SIZE];
	uint8_t bytes[KEY_SIZE];
	struct slice key = secret;
	struct hash256 mac;

	if (secret.len > prefix_len &&
	    memcmp(secret.p, WEBHOOK_SECRET_PREFIX, prefix_len) == 0) {
		key = (struct slice){secret.p + prefix_len, secret.len - prefix_len};
		key = (struct slice){bytes, webhook_signature_decode(key, bytes)};
	}
	if (key.len == 0)
		key = secret;
	(void)snprintf(prefix, sizeof(prefix), "%s.%" PRIu64 ".", delivery, seconds);
	mac = webhook_signature_mac(key, prefix, body);
	explicit_bzero(bytes, sizeof(bytes));
	memcpy(out, "v1,", 3);
	(void)EVP_EncodeBlock((uint8_t *)out + 3, mac.b, sizeof(mac.b));
}
