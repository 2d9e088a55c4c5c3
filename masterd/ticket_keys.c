/*
 * The keys' one place, and their renewal. No key is ever logged.
 */
#include "masterd/ticket_keys.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "proto/base/secrets.h"

/* How long new tickets are sealed with one key; they say themselves that they are good for as long
 * (TICKET_SECONDS in workerd/http/tls.c). */
#define RENEW_MS (8u * 60 * 60 * 1000)

struct keyring {
	struct identity id;
	uint8_t current[TICKET_KEY_SIZE];
	uint8_t previous[TICKET_KEY_SIZE];
	bool has_previous;
	struct event *timer;
	void (*renewed)(void *ctx);
	void *ctx;
};

/* Ticket keys that have nothing to do with those before. */
static void
start_anew(struct keyring *k)
{
	secret_random(k->current, sizeof(k->current));
	explicit_bzero(k->previous, sizeof(k->previous));
	k->has_previous = false;
	loop_after(k->timer, RENEW_MS);
}

void
keyring_renew(struct keyring *k)
{
	memcpy(k->previous, k->current, sizeof(k->previous));
	k->has_previous = true;
	secret_random(k->current, sizeof(k->current));
	loop_after(k->timer, RENEW_MS);
	log_event(LOG_INFO, "ticket_keys_renewed");
	k->renewed(k->ctx);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	keyring_renew(arg);
}

/* Leaves an empty one behind. */
static void
take_over(struct keyring *k, struct identity *id)
{
	k->id = *id;
	buf_init(&id->chain, id->chain.max);
	buf_init(&id->key, id->key.max);
}

bool
keyring_replace(struct keyring *k, struct identity *id)
{
	bool same = identity_equal(&k->id, id);

	must(!identity_is_empty(id));
	identity_clear(&k->id);
	take_over(k, id);
	if (!same)
		start_anew(k);
	return !same;
}

void
keyring_log(const struct keyring *k)
{
	identity_log(&k->id);
}

struct msg_tls_identity
keyring_identity(const struct keyring *k)
{
	return (struct msg_tls_identity){
	    .chain = buf_slice(&k->id.chain),
	    .key = buf_slice(&k->id.key),
	};
}

struct msg_ticket_keys
keyring_tickets(const struct keyring *k)
{
	return (struct msg_ticket_keys){
	    .current = {k->current, sizeof(k->current)},
	    .previous = {k->previous, k->has_previous ? sizeof(k->previous) : 0},
	};
}

struct keyring *
keyring_new(struct event_base *base, struct identity *id, void (*renewed)(void *ctx), void *ctx)
{
	struct keyring *k = xcalloc(1, sizeof(*k));

	must(!identity_is_empty(id));
	take_over(k, id);
	k->timer = loop_timer(base, on_timer, k);
	k->renewed = renewed;
	k->ctx = ctx;
	start_anew(k);
	return k;
}

void
keyring_free(struct keyring *k)
{
	if (k == NULL)
		return;
	loop_free(&k->timer);
	identity_clear(&k->id);
	explicit_bzero(k, sizeof(*k));
	free(k);
}
