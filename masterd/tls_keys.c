/*
 * No key is ever logged.
 */
#include "masterd/tls_keys.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "proto/base/secrets.h"

/* How long one key seals new tickets. Tickets have the same lifetime (TICKET_SECONDS in
 * workerd/http/tls.c). */
#define RENEW_MS (8u * 60 * 60 * 1000)

struct tls_keys {
	struct certificate id;
	uint8_t current[TICKET_KEY_SIZE];
	uint8_t previous[TICKET_KEY_SIZE];
	bool has_previous;
	struct event *timer;
	void (*renewed)(void *ctx);
	void *ctx;
};

/* Generates ticket keys and drops the previous ones. */
static void
tls_keys_reset_tickets(struct tls_keys *k)
{
	secret_random(k->current, sizeof(k->current));
	explicit_bzero(k->previous, sizeof(k->previous));
	k->has_previous = false;
	loop_after(k->timer, RENEW_MS);
}

void
tls_keys_renew(struct tls_keys *k)
{
	memcpy(k->previous, k->current, sizeof(k->previous));
	k->has_previous = true;
	secret_random(k->current, sizeof(k->current));
	loop_after(k->timer, RENEW_MS);
	log_event(LOG_INFO, "ticket_keys_renewed");
	k->renewed(k->ctx);
}

static void
tls_keys_on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	tls_keys_renew(arg);
}

/* Leaves an empty certificate behind. */
static void
tls_keys_take(struct tls_keys *k, struct certificate *id)
{
	k->id = *id;
	buf_init(&id->chain, id->chain.max);
	buf_init(&id->key, id->key.max);
}

bool
tls_keys_replace(struct tls_keys *k, struct certificate *id)
{
	bool same = certificate_equal(&k->id, id);

	must(!certificate_is_empty(id));
	certificate_clear(&k->id);
	tls_keys_take(k, id);
	if (!same)
		tls_keys_reset_tickets(k);
	return !same;
}

void
tls_keys_log(const struct tls_keys *k)
{
	certificate_log(&k->id);
}

struct msg_tls_certificate
tls_keys_certificate(const struct tls_keys *k)
{
	return (struct msg_tls_certificate){
	    .chain = buf_slice(&k->id.chain),
	    .key = buf_slice(&k->id.key),
	};
}

struct msg_ticket_keys
tls_keys_tickets(const struct tls_keys *k)
{
	return (struct msg_ticket_keys){
	    .current = {k->current, sizeof(k->current)},
	    .previous = {k->previous, k->has_previous ? sizeof(k->previous) : 0},
	};
}

struct tls_keys *
tls_keys_new(
    struct event_base *base, struct certificate *id, void (*renewed)(void *ctx), void *ctx)
{
	struct tls_keys *k = xcalloc(1, sizeof(*k));

	must(!certificate_is_empty(id));
	tls_keys_take(k, id);
	k->timer = loop_timer(base, tls_keys_on_timer, k);
	k->renewed = renewed;
	k->ctx = ctx;
	tls_keys_reset_tickets(k);
	return k;
}

void
tls_keys_free(struct tls_keys *k)
{
	if (k == NULL)
		return;
	loop_free(&k->timer);
	certificate_clear(&k->id);
	explicit_bzero(k, sizeof(*k));
	free(k);
}
