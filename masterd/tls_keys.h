/*
 * The keys that workers need for TLS: the certificate with its private key, and the keys of session
 * tickets, which masterd generates so that a client can resume a session at any worker.
 *
 * Ticket keys are replaced every eight hours, and the previous one is accepted for as long again: a
 * stolen key opens only what was sealed with it. A new certificate replaces the ticket keys at
 * once, because it may have been changed after its key was stolen.
 */
#ifndef MASTERD_TLS_KEYS_H
#define MASTERD_TLS_KEYS_H

#include "masterd/certificate.h"
#include "masterd/loop.h"
#include "proto/ipc/messages.h"

struct tls_keys;

/* Takes over the content of the certificate, which must not be empty. Calls renewed(ctx) whenever
 * the timer has replaced the ticket keys. */
struct tls_keys *tls_keys_new(
    struct event_base *base, struct certificate *id, void (*renewed)(void *ctx), void *ctx);

/* Overwrites the keys. NULL is legal. */
void tls_keys_free(struct tls_keys *k);

/* Takes over the content of another certificate. Returns whether it differs from the previous one:
 * then the ticket keys are replaced, too, and all workers must get both. */
bool tls_keys_replace(struct tls_keys *k, struct certificate *id);

/* Replaces the ticket keys now, like the timer, and calls renewed(). */
void tls_keys_renew(struct tls_keys *k);

/* Logs the certificate's subject and expiry date. */
void tls_keys_log(const struct tls_keys *k);

/* The messages for workers; valid until the keys change. */
struct msg_tls_certificate tls_keys_certificate(const struct tls_keys *k);
struct msg_ticket_keys tls_keys_tickets(const struct tls_keys *k);

#endif
