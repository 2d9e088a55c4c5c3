/*
 * Checks signatures.
 */
#include "workerd/webhooks/channel_proof.h"

#include <stdio.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/secrets.h"
#include "workerd/webhooks/webhook_signature.h"

#define DIGITS_MAX     12 /* of webhook-timestamp */
#define SIGNATURES_MAX 10 /* that are looked at */

/* Takes the first signature off a list, with spaces between them. */
static struct slice
channel_proof_take(struct slice *list)
{
	const uint8_t *space = list->len == 0 ? NULL : memchr(list->p, ' ', list->len);
	const size_t n = space == NULL ? list->len : (size_t)(space - list->p);
	const struct slice first = {list->p, n};
	const size_t used = n + (space != NULL);

	*list = (struct slice){list->p + used, list->len - used};
	return first;
}

/* Seconds since 1970; 0: it is no number. */
static uint64_t
channel_proof_seconds(struct slice text)
{
	uint64_t n = 0;

	if (text.len == 0 || text.len > DIGITS_MAX)
		return 0;
	for (size_t i = 0; i < text.len; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return 0;
		n = 10 * n + (uint64_t)(text.p[i] - '0');
	}
	return n;
}

/* Whether the list has the signature by this secret. Compares with each. */
static bool
channel_proof_matches(struct slice secret, const struct channel_proof *proof, uint64_t seconds)
{
	char id[WEBHOOK_ID_MAX + 1], expected[WEBHOOK_STANDARD_SIZE];
	struct slice list = proof->signatures;
	bool found = false;

	(void)snprintf(id, sizeof(id), "%.*s", (int)proof->id.len, (const char *)proof->id.p);
	webhook_signature_standard(expected, secret, id, seconds, proof->body);
	for (size_t i = 0; i < SIGNATURES_MAX && list.len > 0; i++)
		found = secret_equal(slice_str(expected), channel_proof_take(&list)) || found;
	return found;
}

const char *
channel_proof_fault(
    const struct msg_webhook_record *channel, const struct channel_proof *proof, uint64_t now)
{
	const uint64_t seconds = channel_proof_seconds(proof->timestamp);
	const uint64_t at = now / 1000;
	bool is_right;

	if (proof->id.len == 0 || proof->id.len > WEBHOOK_ID_MAX ||
	    memchr(proof->id.p, '\0', proof->id.len))
		return "webhook-id must be a header of 1 to 256 bytes";
	if (seconds == 0)
		return "webhook-timestamp must be a header with the seconds since 1970";
	if (seconds + CHANNEL_PROOF_SECONDS < at || seconds > at + CHANNEL_PROOF_SECONDS)
		return "webhook-timestamp must be within 5 minutes of this server's clock";
	is_right = channel_proof_matches(channel->secret, proof, seconds);
	if (channel->old_secret.len > 0 && channel->old_until > now)
		is_right =
		    channel_proof_matches(channel->old_secret, proof, seconds) || is_right;
	return is_right
	    ? NULL
	    : "webhook-signature must have v1, and the base64 of the HMAC-SHA256 of "
	      "webhook-id.webhook-timestamp.body with the channel's secret";
}
