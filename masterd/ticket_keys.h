/*
 * What every worker must have to speak TLS: the certificate with its private key, and the keys of
 * session tickets, which are made here so that a client may come back to any worker.
 *
 * Ticket keys are renewed every eight hours, and the one before is still accepted for as long: who
 * steals a key can open only what was sealed with it. Another certificate brings fresh ticket
 * keys at once, for it may have been changed because its key was stolen.
 */
#ifndef MASTERD_TICKET_KEYS_H
#define MASTERD_TICKET_KEYS_H

#include "masterd/certificate.h"
#include "masterd/loop.h"
#include "proto/ipc/messages.h"

struct keyring;

/* Takes over what the identity holds, which must not be empty. From time to time renewed(ctx) is
 * called: there are other ticket keys, for all workers. */
struct keyring *keyring_new(
    struct event_base *base, struct identity *id, void (*renewed)(void *ctx), void *ctx);

/* Overwrites what it holds. NULL is legal. */
void keyring_free(struct keyring *k);

/* Takes over what another identity holds. Whether it differs from the one before: then there are
 * other ticket keys too, and all workers must get both. */
bool keyring_replace(struct keyring *k, struct identity *id);

/* Fresh ticket keys now, as the timer makes them; calls renewed(). */
void keyring_renew(struct keyring *k);

/* Logs whose certificate it is and until when. */
void keyring_log(const struct keyring *k);

/* What to send to workers; valid until the keyring changes. */
struct msg_tls_identity keyring_identity(const struct keyring *k);
struct msg_ticket_keys keyring_tickets(const struct keyring *k);

#endif
