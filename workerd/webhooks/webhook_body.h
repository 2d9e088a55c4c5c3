/*
 * The bodies of deliveries. JSON has the event with its ids, as the change feed shows it; slack and discord have a line
 * for a chat.
 */
#ifndef WORKERD_WEBHOOKS_WEBHOOK_BODY_H
#define WORKERD_WEBHOOKS_WEBHOOK_BODY_H

#include "proto/ipc/messages.h"

#define WEBHOOK_BODY_MAX 16384

/* The id of a delivery, which is the same each time that it is sent: "<webhook>-<number>". */
#define WEBHOOK_DELIVERY_SIZE (ID_TEXT_LEN + 24)
void webhook_body_delivery(
    char out[WEBHOOK_DELIVERY_SIZE], const struct id *webhook, uint64_t n);

void webhook_body_event(struct buf *out, const struct msg_webhook_record *webhook,
    const struct msg_delivery_record *d);

/* For the adapter of a channel: a message to the person with the channel's name `to`, or, without a message, the new state of the
 * conversation. */
void webhook_body_channel(struct buf *out, const struct msg_webhook_record *webhook,
    const struct msg_delivery_record *d, const struct msg_conversation_record *conversation,
    struct slice to, const struct msg_message_record *message);
#define WEBHOOK_CHANNEL_BODY_MAX (4u << 20) /* an escaped text, and the rest */

/* A visitor waits for a person. */
void webhook_body_waiting(struct buf *out, enum webhook_format format,
    const struct msg_conversation_record *conversation);

/* A delivery that an owner asks for, to try the endpoint. */
void webhook_body_test(struct buf *out, const struct msg_webhook_record *webhook);

#endif
