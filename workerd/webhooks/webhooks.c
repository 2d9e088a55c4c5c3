/*
 * The lease, and the list of the endpoints. The answer to the lease has the revision of the endpoints: storaged
 * notifies the workers when it changes. Then the list is read again, and endpoints that an owner has changed begin again with what is stored.
 *
 * When the connection to storaged is lost, everything is dropped: another worker may have the lease by then.
 */
#include "workerd/webhooks/webhooks.h"

#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "workerd/webhooks/webhook_body.h"
#include "workerd/webhooks/webhook_endpoint.h"

#define SAVE_CURSORS_MS (10u * 60 * 1000)
#define ASK_AGAIN_MS    1000
#define FEW_MS          10 /* when an endpoint is due, at the earliest */

TAILQ_HEAD(webhook_endpoints, webhook_endpoint);

struct webhooks {
	struct webhook_engine engine;
	struct webhook_endpoints endpoints;
	struct store_call *call; /* for the lease or the list */
	struct event *again, *due, *save;
	bool granted;
	bool listed;  /* the list is that of this revision */
	bool changed; /* ask for the lease again after the answer */
	bool left;    /* after webhooks_stop(): the lease was given back */
	uint64_t revision;
};

static void webhooks_ask_lease(struct webhooks *w);

static void
webhooks_ask_later(struct webhooks *w)
{
	struct timeval in = clock_timeval(ASK_AGAIN_MS);

	evtimer_add(w->again, &in);
}

static void
webhooks_drop(struct webhooks *w, struct webhook_endpoint *e)
{
	TAILQ_REMOVE(&w->endpoints, e, link);
	webhook_endpoint_free(e);
}

/* Another worker delivers, or may do so. */
static void
webhooks_drop_all(struct webhooks *w)
{
	while (!TAILQ_EMPTY(&w->endpoints))
		webhooks_drop(w, TAILQ_FIRST(&w->endpoints));
	metric_set(&w->engine.board->webhooks_standing, 0);
	w->granted = w->listed = false;
}

/* The list. */

static struct webhook_endpoint *
webhooks_find(const struct webhooks *w, const struct id *id)
{
	struct webhook_endpoint *e;

	TAILQ_FOREACH (e, &w->endpoints, link)
		if (id_equal(&e->record.id, id))
			return e;
	return NULL;
}

/* Whether the endpoint is as this worker knows it. */
static bool
webhooks_is_current(const struct webhook_endpoint *e, const struct msg_webhook_record *record)
{
	return e->state != ENDPOINT_BROKEN && e->record.updated_at == record->updated_at &&
	    e->record.requeued == record->requeued;
}

static void
webhooks_take_one(struct webhooks *w, struct slice bytes)
{
	struct msg_webhook_record record;
	struct webhook_endpoint *e;

	must(record_decode(bytes, MSG_WEBHOOK_RECORD, &record) == WIRE_OK);
	e = webhooks_find(w, &record.id);
	if (e != NULL && !webhooks_is_current(e, &record)) {
		webhooks_drop(w, e);
		e = NULL;
	}
	if (e == NULL) {
		e = webhook_endpoint_new(&w->engine, bytes);
		TAILQ_INSERT_TAIL(&w->endpoints, e, link);
	}
	e->listed = true;
}

/* Drops the endpoints that are not in the list any more. */
static void
webhooks_end_list(struct webhooks *w)
{
	struct webhook_endpoint *e, *next;

	for (e = TAILQ_FIRST(&w->endpoints); e != NULL; e = next) {
		next = TAILQ_NEXT(e, link);
		if (!e->listed)
			webhooks_drop(w, e);
	}
	w->listed = true;
	/* Their slots are free. */
	event_active(w->engine.wake, EV_TIMEOUT, 0);
}

static void webhooks_on_list(void *arg, uint16_t type, const union msg *m);

static void
webhooks_ask_list(struct webhooks *w, struct slice cursor)
{
	const struct msg_webhook_list ask = {.cursor = cursor};

	w->call = store_call(
	    w->engine.store, MSG_WEBHOOK_LIST, &ask, STORE_TIMEOUT_MS, webhooks_on_list, w);
	if (w->call == NULL)
		webhooks_ask_later(w);
}

/* A request has its answer. */
static void
webhooks_answered(struct webhooks *w)
{
	w->call = NULL;
	if (w->changed)
		webhooks_ask_lease(w);
}

static void
webhooks_take_list(struct webhooks *w, const struct msg_webhook_page *page)
{
	struct slice list = page->webhooks, item;

	while (wire_list_next(&list, &item))
		webhooks_take_one(w, item);
	if (page->next.len > 0) {
		webhooks_ask_list(w, page->next);
		return;
	}
	webhooks_end_list(w);
	webhooks_answered(w);
}

static void
webhooks_on_list(void *arg, uint16_t type, const union msg *m)
{
	struct webhooks *w = arg;

	w->call = NULL;
	if (type == MSG_WEBHOOK_PAGE)
		webhooks_take_list(w, &m->webhook_page);
	else
		webhooks_ask_later(w);
}

static void
webhooks_begin_list(struct webhooks *w)
{
	struct webhook_endpoint *e;

	TAILQ_FOREACH (e, &w->endpoints, link)
		e->listed = false;
	webhooks_ask_list(w, (struct slice){0});
}

/* The lease. */

static void
webhooks_take_lease(struct webhooks *w, const struct msg_webhook_leased *leased)
{
	if (!leased->granted) {
		webhooks_drop_all(w);
		webhooks_answered(w);
		return;
	}
	if (!w->granted)
		log_event(LOG_INFO, "webhooks_begin");
	w->granted = true;
	if (w->listed && w->revision == leased->revision) {
		webhooks_answered(w);
		return;
	}
	w->revision = leased->revision;
	w->listed = false;
	webhooks_begin_list(w);
}

static void
webhooks_on_leased(void *arg, uint16_t type, const union msg *m)
{
	struct webhooks *w = arg;

	w->call = NULL;
	if (type == MSG_WEBHOOK_LEASED)
		webhooks_take_lease(w, &m->webhook_leased);
	else
		webhooks_ask_later(w);
}

/* While another request waits for its answer, asks behind it. */
static void
webhooks_ask_lease(struct webhooks *w)
{
	const struct msg_webhook_lease ask = {.lease = w->engine.lease};

	if (w->engine.stopping)
		return;
	w->changed = w->call != NULL;
	if (w->changed)
		return;
	w->call = store_call(
	    w->engine.store, MSG_WEBHOOK_LEASE, &ask, STORE_TIMEOUT_MS, webhooks_on_leased, w);
	if (w->call == NULL)
		webhooks_ask_later(w);
}

static void
webhooks_on_again(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	webhooks_ask_lease(arg);
}

static void
webhooks_on_save(evutil_socket_t fd, short what, void *arg)
{
	struct webhooks *w = arg;
	struct webhook_endpoint *e;

	(void)fd;
	(void)what;
	TAILQ_FOREACH (e, &w->endpoints, link)
		webhook_endpoint_save_cursor(e);
}

static void
webhooks_on_connected(void *arg)
{
	webhooks_ask_lease(arg);
}

static void
webhooks_on_notification(void *arg, uint16_t type, const union msg *m)
{
	(void)m;
	if (type == MSG_LIVE_WEBHOOKS)
		webhooks_ask_lease(arg);
}

static void
webhooks_on_lost(void *arg)
{
	struct webhooks *w = arg;

	webhooks_drop_all(w);
	if (w->call != NULL)
		store_call_forget(w->call);
	w->call = NULL;
	w->changed = false;
	evtimer_del(w->again);
	w->engine.lease = id_new();
}

/* The work. */

/* After webhooks_stop(): true when nothing is left to do. */
static bool
webhooks_is_idle(const struct webhooks *w)
{
	const struct webhook_endpoint *e;

	TAILQ_FOREACH (e, &w->endpoints, link)
		if (!webhook_endpoint_is_idle(e))
			return false;
	return true;
}

/* Also without a grant: the answer to a request that is under way may be one. */
static void
webhooks_leave(struct webhooks *w)
{
	const struct msg_webhook_lease leave = {.lease = w->engine.lease, .leave = 1};

	w->left = store_call(w->engine.store, MSG_WEBHOOK_LEASE, &leave, STORE_TIMEOUT_MS, NULL,
		      NULL) != NULL;
	webhooks_drop_all(w);
}

/* Works on each endpoint, and sees to it that a broken one is read again. */
static uint64_t
webhooks_work(struct webhooks *w, uint64_t now)
{
	struct webhook_endpoint *e;
	uint64_t due = 0, standing = 0;

	TAILQ_FOREACH (e, &w->endpoints, link) {
		uint64_t at = webhook_endpoint_work(e, now);

		if (e->state == ENDPOINT_BROKEN && w->listed) {
			w->listed = false;
			webhooks_ask_later(w);
		}
		if (at != 0 && (due == 0 || at < due))
			due = at;
		standing += e->stands;
	}
	metric_set(&w->engine.board->webhooks_standing, standing);
	return due;
}

static void
webhooks_set_due(struct webhooks *w, uint64_t due, uint64_t now)
{
	struct timeval in = clock_timeval(due < now + FEW_MS ? FEW_MS : due - now);

	if (due == 0)
		evtimer_del(w->due);
	else
		evtimer_add(w->due, &in);
}

static void
webhooks_on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct webhooks *w = arg;
	uint64_t now = clock_wall_ms();

	(void)fd;
	(void)what;
	webhooks_set_due(w, webhooks_work(w, now), now);
	/* The first endpoint must not always be the first to send. */
	if (!TAILQ_EMPTY(&w->endpoints)) {
		struct webhook_endpoint *first = TAILQ_FIRST(&w->endpoints);

		TAILQ_REMOVE(&w->endpoints, first, link);
		TAILQ_INSERT_TAIL(&w->endpoints, first, link);
	}
	if (w->engine.stopping && !w->left && webhooks_is_idle(w))
		webhooks_leave(w);
}

void
webhooks_stop(struct webhooks *w)
{
	w->engine.stopping = true;
	if (w->call != NULL)
		store_call_forget(w->call);
	w->call = NULL;
	event_active(w->engine.wake, EV_TIMEOUT, 0);
}

static void
webhooks_start_timers(struct webhooks *w, struct event_base *base)
{
	struct timeval every = clock_timeval(SAVE_CURSORS_MS);

	w->engine.wake = event_new(base, -1, 0, webhooks_on_wake, w);
	w->due = evtimer_new(base, webhooks_on_wake, w);
	w->again = evtimer_new(base, webhooks_on_again, w);
	w->save = event_new(base, -1, EV_PERSIST, webhooks_on_save, w);
	must(w->engine.wake != NULL && w->due != NULL && w->again != NULL && w->save != NULL &&
	    event_add(w->save, &every) == 0);
}

struct webhooks *
webhooks_new(const struct webhooks_config *config)
{
	static const struct store_events events = {
	    .connected = webhooks_on_connected,
	    .lost = webhooks_on_lost,
	    .notification = webhooks_on_notification,
	};
	const struct webhook_poster_config poster = {
	    .base = config->base,
	    .allowed = &config->settings->webhook_allow,
	    .limit_ms = WEBHOOK_POST_MS,
	};
	struct webhooks *w = xcalloc(1, sizeof(*w));

	TAILQ_INIT(&w->endpoints);
	w->engine = (struct webhook_engine){
	    .store = config->store,
	    .feed = config->feed,
	    .board = config->board,
	    .poster = webhook_poster_new(&poster),
	    .in_flight = {.most = WEBHOOK_IN_FLIGHT_MAX},
	    .lease = id_new(),
	};
	webhooks_start_timers(w, config->base);
	store_client_listen(config->store, &events, w);
	return w;
}

void
webhooks_free(struct webhooks *w)
{
	webhooks_drop_all(w);
	event_free(w->engine.wake);
	event_free(w->due);
	event_free(w->again);
	event_free(w->save);
	webhook_poster_free(w->engine.poster);
	free(w);
}

struct webhook_post *
webhooks_test(struct webhooks *w, const struct msg_webhook_record *webhook, webhook_post_fn *fn,
    void *arg)
{
	char delivery[WEBHOOK_DELIVERY_SIZE];
	char *url = slice_strdup(webhook->url);
	struct webhook_request request = {.url = url, .delivery = delivery};
	struct webhook_post *post;
	struct buf body;

	webhook_request_sign(&request, webhook);
	webhook_body_delivery(delivery, &webhook->id, 0);
	buf_init(&body, WEBHOOK_BODY_MAX);
	webhook_body_test(&body, webhook);
	request.body = buf_slice(&body);
	post = webhook_post_start(w->engine.poster, &request, fn, arg);
	buf_clear(&body);
	free(url);
	return post;
}
