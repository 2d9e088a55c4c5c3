/*
 * A timestamp that is signed lets a receiver refuse a body that somebody recorded and sends again.
 */
#include "workerd/webhooks/webhook_signature.h"

#include <inttypes.h>
#include <stdio.h>

#include "proto/base/basics.h"
#include "proto/base/secrets.h"

#define SECONDS_TEXT 24

static struct hash256
webhook_signature_mac(struct slice secret, uint64_t seconds, struct slice body)
{
	struct hash256 mac;
	struct buf text;

	buf_init(&text, body.len + SECONDS_TEXT);
	must(buf_printf(&text, "%" PRIu64 ".", seconds) == 0 &&
	    buf_append(&text, body.p, body.len) == 0);
	mac = secret_mac(secret, buf_slice(&text));
	buf_clear(&text);
	return mac;
}

void
webhook_signature(
    char out[WEBHOOK_SIGNATURE_SIZE], struct slice secret, uint64_t seconds, struct slice body)
{
	struct hash256 mac = webhook_signature_mac(secret, seconds, body);
	int n = snprintf(out, WEBHOOK_SIGNATURE_SIZE, "t=%" PRIu64 ",v1=", seconds);

	for (size_t i = 0; i < sizeof(mac.b); i++)
		n += snprintf(out + n, WEBHOOK_SIGNATURE_SIZE - (size_t)n, "%02x", mac.b[i]);
}
