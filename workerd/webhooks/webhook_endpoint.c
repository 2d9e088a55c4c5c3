/*
 * An endpoint's state is what storaged has, and what its queue knows beyond that.
 */
#include "workerd/webhooks/webhook_endpoint.h"

#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "workerd/webhooks/webhook_notice.h"

#define STORE_AGAIN_MS 1000
#define LIST_MAX       786432

/* The numbers of the change feed are milliseconds times this (storaged/changes). */
#define NUMBERS_PER_MS 1024

void
webhook_endpoint_wake(struct webhook_endpoint *e)
{
	event_active(e->engine->wake, EV_TIMEOUT, 0);
}

static void
webhook_endpoint_break(struct webhook_endpoint *e)
{
	e->state = ENDPOINT_BROKEN;
	webhook_endpoint_wake(e);
}

/* The feed. */

static struct webhook_endpoint *
webhook_endpoint_of(struct event_reader *r)
{
	return (struct webhook_endpoint *)r;
}

static void
webhook_endpoint_on_begun(struct event_reader *r)
{
	(void)r;
}

#define KIND(kind) (UINT32_C(1) << (kind))

/* Which kinds an endpoint reads; its format may want only some of their events (webhook_endpoint_wants()). */
static uint32_t
webhook_endpoint_kinds(const struct msg_webhook_record *r)
{
	if (r->format == WEBHOOK_JSON)
		return r->kinds;
	if (r->format == WEBHOOK_CHANNEL)
		return KIND(CHANGE_CONVERSATION) | KIND(CHANGE_MESSAGE) | KIND(CHANGE_REPLY);
	return KIND(CHANGE_CONVERSATION);
}

/* Chats hear only of visitors who wait; adapters of channels also of what was written. */
static bool
webhook_endpoint_wants(const struct webhook_endpoint *e, const struct msg_change_record *row)
{
	if (e->record.format == WEBHOOK_JSON)
		return true;
	if (row->kind == CHANGE_CONVERSATION)
		return row->what == CHANGE_STATE;
	if (row->kind == CHANGE_MESSAGE)
		return row->what == CHANGE_CREATED;
	return row->what == CHANGE_COMPLETE || row->what == CHANGE_STOPPED ||
	    row->what == CHANGE_INTERRUPTED;
}

static void
webhook_endpoint_on_row(struct event_reader *r, const struct msg_change_record *row)
{
	struct webhook_endpoint *e = webhook_endpoint_of(r);
	const struct msg_delivery_record delivery = {
	    .v = RECORD_VERSION,
	    .n = row->seq,
	    .kind = row->kind,
	    .change = row->what,
	    .object = row->id,
	    .conversation = row->conversation,
	    .at = row->seq / NUMBERS_PER_MS,
	};

	if (e->missed || !webhook_endpoint_wants(e, row))
		return;
	e->missed = !webhook_queue_has_room(&e->queue);
	if (e->missed)
		return;
	webhook_queue_add(&e->queue, &delivery);
	webhook_endpoint_wake(e);
}

static bool
webhook_endpoint_has_room(const struct event_reader *r)
{
	const struct webhook_endpoint *e = (const struct webhook_endpoint *)r;

	return e->missed || webhook_queue_has_room(&e->queue);
}

/* The cursor's row was removed: those that are kept are newer, so some may be lost. */
static void
webhook_endpoint_on_gone(struct event_reader *r, uint64_t newest)
{
	struct webhook_endpoint *e = webhook_endpoint_of(r);

	log_event(LOG_ERROR, "webhook_events_lost", L_ID("org", &e->record.org),
	    L_ID("webhook", &e->record.id));
	e->reads = false;
	e->missed = true;
	e->queue.read_to = newest;
	e->notice = webhook_notice_text(WEBHOOK_NOTICE_LOST);
	webhook_endpoint_wake(e);
}

static void
webhook_endpoint_on_failed(struct event_reader *r, uint16_t type, const union msg *m)
{
	(void)type;
	(void)m;
	webhook_endpoint_of(r)->reads = false;
	/* A worker that drains ends all readers; it still stores what it has sent. */
	if (!webhook_endpoint_of(r)->engine->stopping)
		webhook_endpoint_break(webhook_endpoint_of(r));
}

static void
webhook_endpoint_on_ended(struct event_reader *r)
{
	webhook_endpoint_on_failed(r, 0, NULL);
}

static const struct event_reader_ops reader_ops = {
    .begun = webhook_endpoint_on_begun,
    .row = webhook_endpoint_on_row,
    .has_room = webhook_endpoint_has_room,
    .gone = webhook_endpoint_on_gone,
    .failed = webhook_endpoint_on_failed,
    .ended = webhook_endpoint_on_ended,
};

static void
webhook_endpoint_join(struct webhook_endpoint *e)
{
	e->reader = (struct event_reader){
	    .ops = &reader_ops,
	    .org = e->record.org,
	    .kinds = webhook_endpoint_kinds(&e->record),
	    .resumes = true,
	    .at = e->queue.read_to,
	};
	e->missed = false;
	e->reads = true;
	event_feed_join(e->engine->feed, &e->reader);
}

/* Reads again, from the first event that it has missed, when there is room. */
static void
webhook_endpoint_resume(struct webhook_endpoint *e)
{
	if (!e->missed || !webhook_queue_has_room(&e->queue))
		return;
	if (e->reads)
		event_feed_leave(&e->reader);
	webhook_endpoint_join(e);
}

/* The store. */

static void
webhook_endpoint_restore(struct webhook_endpoint *e, struct slice list)
{
	struct msg_delivery_record r;
	struct slice item;

	while (wire_list_next(&list, &item)) {
		must(record_decode(item, MSG_DELIVERY_RECORD, &r) == WIRE_OK);
		webhook_queue_restore(&e->queue, &r);
	}
}

static void webhook_endpoint_ask_queue(struct webhook_endpoint *e, uint64_t after);

static void
webhook_endpoint_on_queue(void *arg, uint16_t type, const union msg *m)
{
	struct webhook_endpoint *e = arg;

	e->call = NULL;
	if (type != MSG_DELIVERY_PAGE) {
		webhook_endpoint_break(e);
		return;
	}
	webhook_endpoint_restore(e, m->delivery_page.deliveries);
	if (m->delivery_page.next != 0) {
		webhook_endpoint_ask_queue(e, m->delivery_page.next);
		return;
	}
	e->state = ENDPOINT_RUNS;
	webhook_endpoint_join(e);
	webhook_endpoint_wake(e);
}

static void
webhook_endpoint_ask_queue(struct webhook_endpoint *e, uint64_t after)
{
	const struct msg_webhook_queue ask = {e->record.org, e->record.id, after};

	e->call = store_call(e->engine->store, MSG_WEBHOOK_QUEUE, &ask, STORE_TIMEOUT_MS,
	    webhook_endpoint_on_queue, e);
	if (e->call == NULL)
		webhook_endpoint_break(e);
}

static void
webhook_endpoint_has_stored_notice(struct webhook_endpoint *e)
{
	if (e->clear_notice || e->notice != NULL)
		e->noted = e->notice == webhook_notice_text(WEBHOOK_NOTICE_STANDS);
	e->clear_notice = false;
	e->notice = NULL;
}

/* What is refused for another reason than a change of the endpoint is stored later. Until then nothing more is sent,
 * as its result might be lost. */
static void
webhook_endpoint_on_stored(void *arg, uint16_t type, const union msg *m)
{
	struct webhook_endpoint *e = arg;
	bool is_stored = type == MSG_OK;

	e->call = NULL;
	webhook_queue_stored(&e->queue, is_stored);
	if (store_refused(type, m, STORE_TAKEN) || store_refused(type, m, STORE_STALE) ||
	    store_refused(type, m, STORE_NOT_FOUND) || (is_stored && e->given_up)) {
		webhook_endpoint_break(e);
		return;
	}
	e->retry_at = is_stored ? 0 : clock_wall_ms() + STORE_AGAIN_MS;
	if (is_stored) {
		e->stored_cursor = e->cursor;
		webhook_endpoint_has_stored_notice(e);
	}
	webhook_endpoint_wake(e);
}

static void
webhook_endpoint_ask_store(struct webhook_endpoint *e, struct slice deliveries)
{
	const struct msg_webhook_results results = {
	    .lease = e->engine->lease,
	    .org = e->record.org,
	    .webhook = e->record.id,
	    .updated_at = e->record.updated_at,
	    .cursor = e->cursor,
	    .deliveries = deliveries,
	    .notice = slice_str(e->notice == NULL ? "" : e->notice),
	    .disable = e->given_up,
	    .clear_notice = e->clear_notice,
	};

	e->call = store_call(e->engine->store, MSG_WEBHOOK_RESULTS, &results, STORE_TIMEOUT_MS,
	    webhook_endpoint_on_stored, e);
	if (e->call == NULL)
		webhook_endpoint_on_stored(e, 0, NULL);
}

/* Stores what has changed. The cursor alone is not worth a write. */
static void
webhook_endpoint_store(struct webhook_endpoint *e, uint64_t now)
{
	struct buf list;

	if (e->call != NULL || now < e->retry_at)
		return;
	buf_init(&list, LIST_MAX);
	e->cursor = webhook_queue_collect(&e->queue, &list);
	if (buf_len(&list) > 0 || e->notice != NULL || e->clear_notice)
		webhook_endpoint_ask_store(e, buf_slice(&list));
	buf_clear(&list);
}

void
webhook_endpoint_save_cursor(struct webhook_endpoint *e)
{
	if (e->state != ENDPOINT_RUNS || !e->reads || e->missed || e->call != NULL ||
	    webhook_queue_oldest_ahead(&e->queue) != 0)
		return;
	e->cursor = e->queue.read_to = event_feed_position(&e->reader);
	if (e->cursor != e->stored_cursor)
		webhook_endpoint_ask_store(e, (struct slice){0});
}

/* Deliveries. */

static void
webhook_endpoint_log(const struct webhook_endpoint *e, const char *event, const char *error)
{
	log_event(LOG_WARN, event, L_ID("org", &e->record.org), L_ID("webhook", &e->record.id),
	    L_STR("error", error));
}

void
webhook_endpoint_sent(
    struct webhook_endpoint *e, struct webhook_delivery *d, const struct webhook_result *result)
{
	bool was_well = e->queue.failures == 0, ended;
	enum webhook_outcome outcome =
	    webhook_queue_result(&e->queue, d, result, clock_wall_ms());

	fair_slots_give(&e->engine->in_flight, &e->record.org);
	if (outcome == WEBHOOK_DELIVERED) {
		metric_add(&e->engine->board->webhooks[METRIC_WEBHOOK_DELIVERED], 1);
	} else if (outcome != WEBHOOK_SKIPPED) {
		metric_add(&e->engine->board->webhooks[METRIC_WEBHOOK_FAILED], 1);
		if (was_well)
			webhook_endpoint_log(e, "webhook_fails", result->error);
	}
	/* A receiver ends its subscription by this status (resthooks.org). */
	ended = outcome == WEBHOOK_TRY_AGAIN && result->status == 410;
	if (ended || outcome == WEBHOOK_GIVEN_UP) {
		e->given_up = true;
		e->notice =
		    webhook_notice_text(ended ? WEBHOOK_NOTICE_ENDED : WEBHOOK_NOTICE_GIVEN_UP);
		webhook_endpoint_log(e, "webhook_disabled", result->error);
	}
	webhook_endpoint_wake(e);
}

/* Whether its cursor stands still is known when nothing has changed for WEBHOOK_STANDS_MS. */
static bool
webhook_endpoint_stands(struct webhook_endpoint *e)
{
	const bool ahead = e->missed || webhook_queue_oldest_ahead(&e->queue) != 0;
	const bool moved = e->stood_at != e->stored_cursor;
	const uint64_t now = clock_mono_ms();

	if (moved || ahead != e->ahead)
		e->since_ms = now;
	e->stood_at = e->stored_cursor;
	e->ahead = ahead;
	if (moved)
		return false;
	return now - e->since_ms >= WEBHOOK_STANDS_MS ? ahead : e->stands;
}

/* Reports a cursor that stands still, and one that moves again. Another notice stays. */
static void
webhook_endpoint_watch(struct webhook_endpoint *e)
{
	const bool stood = e->stands;

	e->stands = webhook_endpoint_stands(e);
	if (e->stands == stood)
		return;
	webhook_endpoint_log(e, e->stands ? "webhook_stands" : "webhook_moves", "");
	if (!e->stands)
		e->clear_notice = e->noted;
	else if (e->record.notice.len == 0 || e->noted)
		e->notice = webhook_notice_text(WEBHOOK_NOTICE_STANDS);
}

static bool
webhook_endpoint_may_send(const struct webhook_endpoint *e)
{
	return !e->engine->stopping && !e->given_up && e->retry_at == 0 &&
	    fair_slots_has(&e->engine->in_flight, &e->record.org);
}

/* When to look again whether the cursor stands still; 0: nothing may change by time alone. */
static uint64_t
webhook_endpoint_watch_at(const struct webhook_endpoint *e, uint64_t now)
{
	const uint64_t at = e->since_ms + WEBHOOK_STANDS_MS, mono = clock_mono_ms();

	if (e->ahead == e->stands)
		return 0;
	return now + (at > mono ? at - mono : 1);
}

uint64_t
webhook_endpoint_work(struct webhook_endpoint *e, uint64_t now)
{
	struct webhook_delivery *d;
	uint64_t due, watch_at;

	if (e->state != ENDPOINT_RUNS)
		return 0;
	while (webhook_endpoint_may_send(e) && (d = webhook_queue_next(&e->queue, now)) != NULL)
		webhook_send(e, d);
	webhook_endpoint_watch(e);
	webhook_endpoint_store(e, now);
	if (!e->engine->stopping)
		webhook_endpoint_resume(e);
	due = e->retry_at;
	/* The end of each delivery wakes the endpoints that wait for a slot. */
	if (due == 0 && fair_slots_has(&e->engine->in_flight, &e->record.org))
		due = webhook_queue_due(&e->queue);
	watch_at = webhook_endpoint_watch_at(e, now);
	return due == 0 || (watch_at != 0 && watch_at < due) ? watch_at : due;
}

bool
webhook_endpoint_is_idle(const struct webhook_endpoint *e)
{
	return e->state != ENDPOINT_RUNS || (e->queue.in_flight == 0 && e->call == NULL);
}

struct webhook_endpoint *
webhook_endpoint_new(struct webhook_engine *engine, struct slice record)
{
	struct webhook_endpoint *e = xcalloc(1, sizeof(*e));

	e->engine = engine;
	buf_init(&e->bytes, record.len);
	must(buf_append(&e->bytes, record.p, record.len) == 0);
	must(record_decode(buf_slice(&e->bytes), MSG_WEBHOOK_RECORD, &e->record) == WIRE_OK);
	e->url = slice_strdup(e->record.url);
	webhook_queue_init(&e->queue, e->record.cursor);
	e->stored_cursor = e->record.cursor;
	e->since_ms = clock_mono_ms();
	e->stood_at = e->stored_cursor;
	e->noted = e->stands =
	    slice_eq_str(e->record.notice, webhook_notice_text(WEBHOOK_NOTICE_STANDS));
	webhook_endpoint_ask_queue(e, 0);
	return e;
}

void
webhook_endpoint_free(struct webhook_endpoint *e)
{
	struct webhook_delivery *d;

	TAILQ_FOREACH (d, &e->queue.list, link)
		webhook_send_cancel(d);
	if (e->call != NULL)
		store_call_forget(e->call);
	if (e->reads)
		event_feed_leave(&e->reader);
	webhook_queue_clear(&e->queue);
	buf_clear(&e->bytes);
	free(e->url);
	free(e);
}
