/*
 * The proof that a request comes from a channel's adapter: the headers of Standard Webhooks
 * (github.com/standard-webhooks/standard-webhooks, "Verifying webhook signatures"), made with the channel's secret.
 */
#ifndef WORKERD_WEBHOOKS_CHANNEL_PROOF_H
#define WORKERD_WEBHOOKS_CHANNEL_PROOF_H

#include "proto/ipc/messages.h"

/* How far the adapter's clock may be off. */
#define CHANNEL_PROOF_SECONDS 300u

struct channel_proof {
	struct slice id, timestamp, signatures; /* the three headers; p NULL: not sent */
	struct slice body;
};

/*
 * NULL: one of the signatures is right, with the secret or with the one before it while that is valid. Else a static sentence
 * that says what would be. now: ms since 1970. Takes the same time for each wrong signature.
 */
[[gnu::warn_unused_result]] const char *channel_proof_fault(
    const struct msg_webhook_record *channel, const struct channel_proof *proof, uint64_t now);

#endif
