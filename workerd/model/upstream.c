/*
 * The upstream as a whole: what all transfers share, the breaker before them, and the one place
 * where they end.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "workerd/model/upstream.h"
#include "workerd/model/upstream_plain.h"

/* -- transfers --------------------------------------------------------------------------- */

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
	t = transfer_new(u, body, total_ms);
	t->events = events;
	t->arg = arg;
	t->probe = breaker_ask(&u->breaker);
	u->transfers++;
	if (u->plain != NULL)
		plain_ask(u->plain, t);
	else
		engine_add(engine_for_transfer(u), t);
	return t;
}

void
upstream_over(struct upstream_transfer *t)
{
	must(t->queue == QUEUE_NONE);
	t->queue = QUEUE_OVER;
	TAILQ_INSERT_TAIL(&t->upstream->over, t, link);
}

void
upstream_cancel(struct upstream_transfer *t)
{
	struct upstream *u = t->upstream;

	t->cancelled = true;
	transfer_not_judged(t);
	backlog_clear(t);
	if (t->queue == QUEUE_NONE)
		upstream_over(t);
	if (!u->inside)
		upstream_settle(u);
}

static void
transfer_end(struct upstream_transfer *t)
{
	const struct upstream_events *events = t->events;
	void *arg = t->arg;
	enum upstream_end how = t->how;
	const char *detail = t->detail;
	bool cancelled = t->cancelled;

	t->upstream->transfers--;
	transfer_free(t);
	if (!cancelled)
		events->end(arg, how, detail);
}

/* An end may cancel other transfers, which brings it back here: each is taken out first. */
void
upstream_settle(struct upstream *u)
{
	struct upstream_transfer *t;

	while ((t = TAILQ_FIRST(&u->over)) != NULL) {
		TAILQ_REMOVE(&u->over, t, link);
		t->queue = QUEUE_NONE;
		transfer_end(t);
	}
}

/* -- the whole --------------------------------------------------------------------------- */

static void
add_header(struct upstream *u, const char *line)
{
	struct curl_slist *grown = curl_slist_append(u->headers, line);

	must(grown != NULL);
	u->headers = grown;
}

static void
add_authorization(struct upstream *u, const char *key)
{
	struct buf line;

	buf_init(&line, 8192);
	must(buf_printf(&line, "Authorization: Bearer %s", key) == 0 &&
	    buf_append(&line, "", 1) == 0);
	add_header(u, (const char *)buf_data(&line));
	buf_clear(&line);
}

static void
add_headers(struct upstream *u, const char *key)
{
	add_header(u, "Content-Type: application/json");
	add_header(u, "Accept: text/event-stream");
	/* No "Expect: 100-continue": it would cost a round trip for long questions. */
	add_header(u, "Expect:");
	if (key != NULL)
		add_authorization(u, key);
}

static char *
copy_or_null(const char *s)
{
	return s == NULL ? NULL : xstrdup(s);
}

static struct watches *
watches_use(struct watches *w)
{
	if (w == NULL)
		w = xcalloc(1, sizeof(*w));
	w->users++;
	return w;
}

static void
watches_leave(struct watches *w)
{
	if (--w->users > 0)
		return;
	free(w->at);
	free(w);
}

struct upstream *
upstream_new(const struct upstream_config *config)
{
	struct upstream *u = xcalloc(1, sizeof(*u));

	must(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
	u->base = config->base;
	u->watches = watches_use(config->beside == NULL ? NULL : config->beside->watches);
	u->name = copy_or_null(config->name);
	u->url = xstrdup(config->url);
	u->tls = strncmp(config->url, "https:", 6) == 0;
	u->ca_bundle = copy_or_null(config->ca_bundle);
	u->proxy = copy_or_null(config->proxy);
	u->connect_ms = config->connect_ms;
	u->first_byte_ms = config->first_byte_ms;
	u->idle_ms = config->idle_ms;
	u->rest_ms = config->rest_ms;
	breaker_init(&u->breaker, u->name, config->breaker_failures, config->breaker_open_ms,
	    config->board);
	LIST_INIT(&u->engines);
	TAILQ_INIT(&u->behind);
	TAILQ_INIT(&u->over);
	u->next_turn = evtimer_new(u->base, backlog_on_turn, u);
	must(u->next_turn != NULL);
	add_headers(u, config->key);
	u->plain = plain_new(u, u->url, config->key);
	return u;
}

void
upstream_free(struct upstream *u)
{
	if (u == NULL)
		return;
	must(u->transfers == 0);
	while (!LIST_EMPTY(&u->engines))
		engine_free(LIST_FIRST(&u->engines));
	plain_free(u->plain);
	watches_leave(u->watches);
	event_free(u->next_turn);
	curl_slist_free_all(u->headers);
	free(u->name);
	free(u->url);
	free(u->ca_bundle);
	free(u->proxy);
	free(u);
	curl_global_cleanup();
}
