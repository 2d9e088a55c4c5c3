/*
 * Settings, circuit breaker, and the only place where transfers end.
 */
#include "workerd/model/upstream.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "workerd/model/upstream_internal.h"

#define AGE_MS 3600000 /* a connection's, unless the settings say otherwise */

bool
upstream_admits(const struct upstream *u, unsigned *wait_ms)
{
	return breaker_admits(&u->breaker, clock_mono_ms(), wait_ms);
}

struct upstream_transfer *
upstream_post(struct upstream *u, const char *path, struct buf *body, unsigned total_ms,
    const struct upstream_events *events, void *arg)
{
	struct upstream_transfer *t;

	must(!u->inside && buf_len(body) > 0);
	t = upstream_transfer_new(u, body, total_ms);
	t->path = path != NULL ? path : u->target.path;
	t->events = events;
	t->arg = arg;
	t->probe = breaker_ask(&u->breaker);
	u->transfers++;
	upstream_pool_add_pending(t);
	upstream_pool_dispatch(u);
	return t;
}

void
upstream_add_ended(struct upstream_transfer *t)
{
	must(t->queue == QUEUE_NONE);
	t->queue = QUEUE_ENDED;
	TAILQ_INSERT_TAIL(&t->upstream->ended, t, link);
}

void
upstream_cancel(struct upstream_transfer *t)
{
	struct upstream *u = t->upstream;

	t->cancelled = true;
	upstream_transfer_abandon(t);
	if (t->queue == QUEUE_PENDING)
		upstream_pool_remove_pending(t);
	if (t->queue == QUEUE_NONE)
		upstream_add_ended(t);
	if (!u->inside)
		upstream_settle(u);
}

static void
upstream_end_transfer(struct upstream_transfer *t)
{
	const struct upstream_events *events = t->events;
	void *arg = t->arg;
	enum upstream_end how = t->how;
	const char *detail = t->detail;
	bool cancelled = t->cancelled;

	t->upstream->transfers--;
	upstream_transfer_free(t);
	if (!cancelled)
		events->end(arg, how, detail);
}

/* An end callback may cancel other transfers, which calls this function again: so each transfer
 * is removed from the list first. */
void
upstream_settle(struct upstream *u)
{
	struct upstream_transfer *t;

	while ((t = TAILQ_FIRST(&u->ended)) != NULL) {
		TAILQ_REMOVE(&u->ended, t, link);
		t->queue = QUEUE_NONE;
		upstream_end_transfer(t);
	}
	while (!LIST_EMPTY(&u->closed))
		upstream_conn_free(LIST_FIRST(&u->closed));
	upstream_pool_dispatch(u);
}

static char *
upstream_copy_or_null(const char *s)
{
	return s == NULL ? NULL : xstrdup(s);
}

static char *
upstream_lower(const char *name)
{
	char *lower = xstrdup(name);

	for (char *c = lower; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	return lower;
}

static void
upstream_set_headers(struct upstream *u, const struct model_header *headers, size_t n)
{
	must(n <= MODEL_HEADERS_MAX);
	for (size_t i = 0; i < n; i++)
		u->headers[i] = (struct upstream_header){.name = xstrdup(headers[i].name),
		    .value = xstrdup(headers[i].value),
		    .lower = upstream_lower(headers[i].name)};
	u->headers_n = n;
}

static void
upstream_clear_headers(struct upstream *u)
{
	for (size_t i = 0; i < u->headers_n; i++) {
		free(u->headers[i].name);
		free(u->headers[i].value);
		free(u->headers[i].lower);
	}
}

static void
upstream_set_key(struct upstream *u, const struct upstream_config *config)
{
	if (config->key != NULL)
		must(asprintf(&u->authorization, "Bearer %s", config->key) != -1);
	else if (!settings_servers_authorize(config->headers, config->headers_n))
		u->authorization = upstream_copy_or_null(u->target.authorization);
}

struct upstream *
upstream_new(const struct upstream_config *config)
{
	struct upstream *u = xcalloc(1, sizeof(*u));

	u->base = config->base;
	u->name = upstream_copy_or_null(config->name);
	u->ca_bundle = upstream_copy_or_null(config->ca_bundle);
	u->connect_ms = config->connect_ms;
	u->first_byte_ms = config->first_byte_ms;
	u->idle_ms = config->idle_ms;
	u->rest_ms = config->rest_ms;
	u->after_event = config->after_event;
	u->after_event_arg = config->after_event_arg;
	u->age_ms = config->age_ms == 0 ? AGE_MS : config->age_ms;
	breaker_init(&u->breaker, u->name, config->breaker_failures, config->breaker_open_ms,
	    config->board);
	LIST_INIT(&u->busy);
	LIST_INIT(&u->ready);
	LIST_INIT(&u->closed);
	TAILQ_INIT(&u->pending);
	TAILQ_INIT(&u->ended);
	upstream_target_init(&u->target, config->url, config->proxy);
	upstream_set_key(u, config);
	upstream_set_headers(u, config->headers, config->headers_n);
	u->expected = u->target.tls ? UPSTREAM_STREAMS_MAX : 1;
	if (u->target.tls)
		u->tls = upstream_tls_new(u, config->ca_bundle);
	u->dialer = upstream_dialer_new(u);
	return u;
}

static void
upstream_close_all(struct upstream_conns *conns)
{
	while (!LIST_EMPTY(conns))
		upstream_conn_close(LIST_FIRST(conns));
}

void
upstream_free(struct upstream *u)
{
	if (u == NULL)
		return;
	must(u->transfers == 0);
	upstream_close_all(&u->busy);
	upstream_close_all(&u->ready);
	upstream_settle(u);
	upstream_dialer_free(u->dialer);
	upstream_tls_free(u);
	upstream_target_clear(&u->target);
	upstream_clear_headers(u);
	free(u->authorization);
	free(u->ca_bundle);
	free(u->name);
	free(u);
}
