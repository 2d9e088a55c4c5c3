/*
 * Settings, circuit breaker, and the only place where transfers end.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "workerd/model/upstream.h"
#include "workerd/model/upstream_internal.h"

bool
upstream_admits(const struct upstream *u, unsigned *wait_ms)
{
	return breaker_admits(&u->breaker, clock_mono_ms(), wait_ms);
}

struct upstream_transfer *
upstream_post(struct upstream *u, struct buf *body, unsigned total_ms,
    const struct upstream_events *events, void *arg)
{
	struct upstream_transfer *t;

	must(!u->inside);
	t = upstream_transfer_new(u, body, total_ms);
	t->events = events;
	t->arg = arg;
	t->probe = breaker_ask(&u->breaker);
	u->transfers++;
	if (u->plain != NULL)
		upstream_plain_send(u->plain, t);
	else
		upstream_engine_add(upstream_engine_for_transfer(u), t);
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
	upstream_backlog_clear(t);
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
}

static void
upstream_add_header(struct upstream *u, const char *line)
{
	struct curl_slist *grown = curl_slist_append(u->headers, line);

	must(grown != NULL);
	u->headers = grown;
}

static void
upstream_add_authorization(struct upstream *u, const char *key)
{
	struct buf line;

	buf_init(&line, 8192);
	must(buf_printf(&line, "Authorization: Bearer %s", key) == 0 &&
	    buf_append(&line, "", 1) == 0);
	upstream_add_header(u, (const char *)buf_data(&line));
	buf_clear(&line);
}

static void
upstream_add_headers(struct upstream *u, const char *key)
{
	upstream_add_header(u, "Content-Type: application/json");
	upstream_add_header(u, "Accept: text/event-stream");
	/* No "Expect: 100-continue": it costs a round trip for long requests. */
	upstream_add_header(u, "Expect:");
	if (key != NULL)
		upstream_add_authorization(u, key);
}

static char *
upstream_copy_or_null(const char *s)
{
	return s == NULL ? NULL : xstrdup(s);
}

struct upstream *
upstream_new(const struct upstream_config *config)
{
	struct upstream *u = xcalloc(1, sizeof(*u));

	must(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
	u->base = config->base;
	u->name = upstream_copy_or_null(config->name);
	u->url = xstrdup(config->url);
	u->tls = strncmp(config->url, "https:", 6) == 0;
	u->ca_bundle = upstream_copy_or_null(config->ca_bundle);
	u->proxy = upstream_copy_or_null(config->proxy);
	u->connect_ms = config->connect_ms;
	u->first_byte_ms = config->first_byte_ms;
	u->idle_ms = config->idle_ms;
	u->rest_ms = config->rest_ms;
	breaker_init(&u->breaker, u->name, config->breaker_failures, config->breaker_open_ms,
	    config->board);
	LIST_INIT(&u->engines);
	TAILQ_INIT(&u->waiting);
	TAILQ_INIT(&u->ended);
	u->next_iteration = evtimer_new(u->base, upstream_backlog_on_iteration, u);
	must(u->next_iteration != NULL);
	upstream_add_headers(u, config->key);
	u->plain = upstream_plain_new(u, u->url, config->key);
	if (u->plain == NULL)
		upstream_sockets_init(u);
	return u;
}

void
upstream_free(struct upstream *u)
{
	if (u == NULL)
		return;
	must(u->transfers == 0);
	while (!LIST_EMPTY(&u->engines))
		upstream_engine_free(LIST_FIRST(&u->engines));
	upstream_plain_free(u->plain);
	if (u->epoll_ready != NULL)
		upstream_sockets_clear(u);
	event_free(u->next_iteration);
	curl_slist_free_all(u->headers);
	free(u->name);
	free(u->url);
	free(u->ca_bundle);
	free(u->proxy);
	free(u);
	curl_global_cleanup();
}
