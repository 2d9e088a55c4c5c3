/*
 * What every worker must have to speak TLS: the certificate with its private key, and the keys of
 * session tickets, which are made here so that a client may come back to any worker.
 *
 * Ticket keys are renewed every eight hours, and the one before is still accepted for as long: who
 * steals a key can open only what was sealed with it. Another certificate brings fresh ticket
 * keys at once, for it may have been changed because its key was stolen.
 */
#ifndef MASTERD_TLS_KEYS_H
#define MASTERD_TLS_KEYS_H

#include "masterd/certificate.h"
#include "masterd/loop.h"
#include "proto/ipc/messages.h"

struct tls_keys;

/* Takes over what the certificate holds, which must not be empty. From time to time renewed(ctx) is
 * called: there are other ticket keys, for all workers. */
struct tls_keys *tls_keys_new(
    struct event_base *base, struct certificate *id, void (*renewed)(void *ctx), void *ctx);

/* Overwrites what it holds. NULL is legal. */
void tls_keys_free(struct tls_keys *k);

/* Takes over what another certificate holds. Whether it differs from the one before: then there are
 * other ticket keys too, and all workers must get both. */
bool tls_keys_replace(struct tls_keys *k, struct certificate *id);

/* Fresh ticket keys now, as the timer makes them; calls renewed(). */
void tls_keys_renew(struct tls_keys *k);

/* Logs whose certificate it is and until when. */
void tls_keys_log(const struct tls_keys *k);

/* What to send to workers; valid until the tls_keys changes. */
struct msg_tls_certificate tls_keys_certificate(const struct tls_keys *k);
struct msg_ticket_keys tls_keys_tickets(const struct tls_keys *k);

#endif
