/*
 * The feed's own request (feed->call) asks for the rows behind feed->at. When it has them all, storaged
 * notifies the worker of later ones (LIVE_CHANGES), and the feed asks again.
 *
 * A reader that resumes is live once it has read as far as the feed.
 */
#include "workerd/api/events/event_feed.h"

#include <stdlib.h>

#include <event2/event.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"

/* Rows of a page for all readers, and for one that resumes: about 30 KB of its stream. */
#define FEED_ROWS   1000u
#define RESUME_ROWS 200u

/* ms after which a request that failed is made again. */
#define RETRY_MS 1000

TAILQ_HEAD(event_readers, event_reader);

struct event_feed {
	struct store_client *store;
	struct event_readers readers;
	struct event *retry;
	struct store_call *call;
	bool on;     /* its position is known */
	bool waits;  /* a reader may wait for room */
	bool again;  /* ask once more after the answer */
	bool due;    /* the store's queue had no room: ask at the end of a turn */
	uint64_t at; /* number of the last row that was given to the readers */
};

static void event_feed_ask(struct event_feed *feed);
static void event_feed_resume(struct event_reader *r);

uint64_t
event_feed_position(const struct event_reader *r)
{
	bool is_live = r->state == READER_LIVE && r->feed->at > r->at;

	return is_live ? r->feed->at : r->at;
}

static bool
event_feed_wants(const struct event_reader *r, const struct msg_change_record *row)
{
	return row->seq > r->at && id_equal(&row->org, &r->org) &&
	    (r->kinds == 0 || (row->kind < 32 && (r->kinds & UINT32_C(1) << row->kind) != 0));
}

static void
event_feed_give(struct event_reader *r, const struct msg_change_record *row)
{
	if (!event_feed_wants(r, row))
		return;
	r->at = row->seq;
	r->ops->row(r, row);
}

static void
event_feed_begin_reader(struct event_reader *r)
{
	if (!r->has_begun)
		r->ops->begun(r);
	r->has_begun = true;
}

/* Takes a reader out of the feed. */
static void
event_feed_remove(struct event_reader *r)
{
	TAILQ_REMOVE(&r->feed->readers, r, link);
	if (r->call != NULL)
		store_call_forget(r->call);
	r->call = NULL;
}

/* Nobody reads any more. */
static void
event_feed_turn_off(struct event_feed *feed)
{
	if (feed->call != NULL)
		store_call_forget(feed->call);
	feed->call = NULL;
	feed->on = feed->again = feed->due = false;
	evtimer_del(feed->retry);
}

static void
event_feed_turn_off_if_empty(struct event_feed *feed)
{
	if (TAILQ_EMPTY(&feed->readers))
		event_feed_turn_off(feed);
}

void
event_feed_leave(struct event_reader *r)
{
	event_feed_remove(r);
	event_feed_turn_off_if_empty(r->feed);
}

static void
event_feed_end_reader(struct event_reader *r)
{
	event_feed_leave(r);
	r->ops->ended(r);
}

void
event_feed_end(struct event_feed *feed)
{
	while (!TAILQ_EMPTY(&feed->readers))
		event_feed_end_reader(TAILQ_FIRST(&feed->readers));
}

static void
event_feed_fail_reader(struct event_reader *r, uint16_t type, const union msg *m)
{
	event_feed_leave(r);
	if (r->has_begun)
		r->ops->ended(r);
	else
		r->ops->failed(r, type, m);
}

static void
event_feed_reader_is_gone(struct event_reader *r, uint64_t newest)
{
	event_feed_leave(r);
	if (r->has_begun)
		r->ops->ended(r);
	else
		r->ops->gone(r, newest);
}

/* The rows of a page; one that does not decode violates messages.def. */
static bool
event_feed_next_row(struct slice *rows, struct msg_change_record *row)
{
	struct slice record;

	if (!wire_list_next(rows, &record))
		return false;
	must(record_decode(record, MSG_CHANGE_RECORD, row) == WIRE_OK);
	return true;
}

/* The feed's position is known, or the reader has read on. */
static void
event_feed_continue_reader(struct event_reader *r)
{
	if (r->resumes && r->at < r->feed->at) {
		event_feed_resume(r);
		return;
	}
	if (!r->resumes)
		r->at = r->feed->at;
	r->state = READER_LIVE;
	event_feed_begin_reader(r);
}

/* Gives a page to a reader that resumes. */
static void
event_feed_take_resumed(struct event_reader *r, const struct msg_changes_page *page)
{
	struct slice rows = page->changes;
	struct msg_change_record row;

	event_feed_begin_reader(r);
	while (event_feed_next_row(&rows, &row))
		event_feed_give(r, &row);
	r->at = page->next;
	if (page->more)
		event_feed_resume(r);
	else
		event_feed_continue_reader(r);
}

static void
event_feed_on_resumed(void *arg, uint16_t type, const union msg *m)
{
	struct event_reader *r = arg;

	r->call = NULL;
	if (type != MSG_CHANGES_PAGE)
		event_feed_fail_reader(r, type, m);
	else if (m->changes_page.gone)
		event_feed_reader_is_gone(r, m->changes_page.newest);
	else
		event_feed_take_resumed(r, &m->changes_page);
}

/* Asks for the next page of what a reader has missed, when its client has taken most of the one before. */
static void
event_feed_resume(struct event_reader *r)
{
	const struct msg_changes_read ask = {
	    .after = r->at, .kinds = r->kinds, .org = r->org, .limit = RESUME_ROWS};

	r->state = READER_WAITS_ROOM;
	if (r->has_begun && !r->ops->has_room(r)) {
		r->feed->waits = true;
		return;
	}
	r->call = store_call(
	    r->feed->store, MSG_CHANGES_READ, &ask, STORE_TIMEOUT_MS, event_feed_on_resumed, r);
	if (r->call != NULL)
		r->state = READER_RESUMES;
	else
		r->feed->waits = true;
}

/* Gives a row to all live readers. */
static void
event_feed_give_all(struct event_feed *feed, const struct msg_change_record *row)
{
	struct event_reader *r;

	TAILQ_FOREACH (r, &feed->readers, link)
		if (r->state == READER_LIVE)
			event_feed_give(r, row);
}

/* The feed's position is known: readers that wait for it go on. */
static void
event_feed_start_readers(struct event_feed *feed)
{
	struct event_reader *r, *next;

	for (r = TAILQ_FIRST(&feed->readers); r != NULL; r = next) {
		next = TAILQ_NEXT(r, link);
		if (r->state != READER_STARTS)
			continue;
		/* Its position may be of another store, so it asks in any case. */
		if (r->resumes)
			event_feed_resume(r);
		else
			event_feed_continue_reader(r);
	}
}

static void
event_feed_take_page(struct event_feed *feed, const struct msg_changes_page *page)
{
	struct slice rows = page->changes;
	struct msg_change_record row;

	while (event_feed_next_row(&rows, &row))
		event_feed_give_all(feed, &row);
	feed->at = page->next;
	if (!feed->on) {
		feed->on = true;
		event_feed_start_readers(feed);
	}
	if (page->more || feed->again)
		event_feed_ask(feed);
}

/* The store cannot answer: waiting readers get an error; live ones wait, too. */
static void
event_feed_take_failure(struct event_feed *feed, uint16_t type, const union msg *m)
{
	struct timeval in = clock_timeval(RETRY_MS);
	struct event_reader *r, *next;

	for (r = TAILQ_FIRST(&feed->readers); r != NULL; r = next) {
		next = TAILQ_NEXT(r, link);
		if (r->state == READER_STARTS)
			event_feed_fail_reader(r, type, m);
	}
	if (!TAILQ_EMPTY(&feed->readers))
		must(evtimer_add(feed->retry, &in) == 0);
}

static void
event_feed_on_page(void *arg, uint16_t type, const union msg *m)
{
	struct event_feed *feed = arg;

	feed->call = NULL;
	if (type != MSG_CHANGES_PAGE)
		event_feed_take_failure(feed, type, m);
	else if (m->changes_page.gone)
		event_feed_end(feed);
	else
		event_feed_take_page(feed, &m->changes_page);
}

/* Asks for the rows behind the feed's position, or for that. */
static void
event_feed_ask(struct event_feed *feed)
{
	const struct msg_changes_read ask = {
	    .after = feed->at, .newest = !feed->on, .follow = true, .limit = FEED_ROWS};

	feed->again = feed->call != NULL;
	if (feed->again)
		return;
	feed->call = store_call(
	    feed->store, MSG_CHANGES_READ, &ask, STORE_TIMEOUT_MS, event_feed_on_page, feed);
	feed->due = feed->call == NULL;
}

static void
event_feed_on_retry(evutil_socket_t fd, short what, void *arg)
{
	struct event_feed *feed = arg;

	(void)fd;
	(void)what;
	if (feed->call == NULL && !TAILQ_EMPTY(&feed->readers))
		event_feed_ask(feed);
}

/* storaged forgets who waits when the connection is lost. */
static void
event_feed_on_connected(void *arg)
{
	struct event_feed *feed = arg;

	if (feed->on)
		event_feed_ask(feed);
}

static void
event_feed_on_notification(void *arg, uint16_t type, const union msg *m)
{
	struct event_feed *feed = arg;

	if (type == MSG_LIVE_CHANGES && feed->on && m->live_changes.newest > feed->at)
		event_feed_ask(feed);
}

/* What waited for room: the feed in the store's queue, readers at their clients. */
static void
event_feed_on_turn_end(void *arg)
{
	struct event_feed *feed = arg;
	struct event_reader *r;

	if (feed->due)
		event_feed_ask(feed);
	if (!feed->waits)
		return;
	feed->waits = false;
	TAILQ_FOREACH (r, &feed->readers, link)
		if (r->state == READER_WAITS_ROOM)
			event_feed_resume(r);
}

static const struct store_events store_events = {
    .connected = event_feed_on_connected,
    .notification = event_feed_on_notification,
    .turn_end = event_feed_on_turn_end,
};

struct event_feed *
event_feed_new(struct event_base *base, struct store_client *store)
{
	struct event_feed *feed = xcalloc(1, sizeof(*feed));

	feed->store = store;
	TAILQ_INIT(&feed->readers);
	feed->retry = evtimer_new(base, event_feed_on_retry, feed);
	must(feed->retry != NULL);
	store_client_listen(store, &store_events, feed);
	return feed;
}

void
event_feed_free(struct event_feed *feed)
{
	must(TAILQ_EMPTY(&feed->readers));
	event_free(feed->retry);
	free(feed);
}

void
event_feed_join(struct event_feed *feed, struct event_reader *r)
{
	r->feed = feed;
	r->state = READER_STARTS;
	r->has_begun = false;
	r->call = NULL;
	TAILQ_INSERT_TAIL(&feed->readers, r, link);
	if (!feed->on) {
		if (feed->call == NULL)
			event_feed_ask(feed);
	} else if (r->resumes) {
		event_feed_resume(r);
	} else {
		event_feed_continue_reader(r);
	}
}
