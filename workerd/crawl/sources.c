/*
 * The list is read again, page by page, whenever the store says that something has changed, and after each crawl and
 * each connection. A crawl whose source has changed meanwhile is cancelled and starts again; if the source is disabled
 * now, it only ends.
 *
 * Sites that answer slowly, or ask for long pauses, must keep nobody waiting. So uploads have their own crawls; and while
 * sources wait, each crawl that has run for CRAWL_TURN_MS is paused, and continues when the others had their turn.
 */
#include "workerd/crawl/sources.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "workerd/crawl/source/page_set.h"
#include "workerd/net/fair_slots.h"

#define CURSOR_MAX  32
#define WAIT_MIN_MS 20u
#define WAIT_MAX_MS 3600000u
#define RETRY_MS    10000u /* after a crawl that the store has refused */

/* While the records of all crawls have more bytes, no other one starts. 16 sources of 10,000 pages with usual addresses have
 * so many. */
#define HELD_MAX ((size_t)112 << 20)

struct known_source {
	struct sources *all;
	struct id id, org;
	struct buf record; /* SOURCE_RECORD, encoded */
	struct buf state;  /* SOURCE_STATE_RECORD, encoded */
	struct crawl *crawl;
	uint64_t not_before; /* on the wall clock */
	uint64_t due;        /* likewise, as of the last sources_run() */
	uint64_t turn;       /* number of its last crawl: the lowest one comes next */
	uint64_t began_ms;   /* of its crawl, on the monotonic clock */
	bool uploads;        /* its pages are uploaded */
	bool seen;           /* in the reading that runs */
	LIST_ENTRY(known_source) link;
};

struct sources {
	struct crawl_tools tools;
	LIST_HEAD(, known_source) list; /* in the store's order */
	struct known_source *last;      /* that was read; NULL: none */
	size_t n;
	struct fair_slots crawls[2]; /* of sites and pages; of uploads */
	uint64_t turns;
	struct store_call *call;
	uint8_t cursor[CURSOR_MAX];
	size_t cursor_len;
	bool again; /* read the list once more when it is read */
	bool ready; /* it was read once */
	struct event *timer;
};

static void sources_read(struct sources *s);
static void sources_run(struct sources *s);

/* Its crawl has ended. */
static void
sources_end_crawl(struct known_source *k)
{
	k->crawl = NULL;
	fair_slots_give(&k->all->crawls[k->uploads], &k->org);
}

static void
sources_cancel(struct known_source *k)
{
	if (k->crawl == NULL)
		return;
	crawl_cancel(k->crawl);
	sources_end_crawl(k);
}

static void
sources_forget(struct known_source *k)
{
	sources_cancel(k);
	if (k->all->last == k)
		k->all->last = NULL;
	LIST_REMOVE(k, link);
	k->all->n--;
	buf_clear(&k->record);
	buf_clear(&k->state);
	free(k);
}

static void
sources_records(const struct known_source *k, struct msg_source_record *source,
    struct msg_source_state_record *state)
{
	must(record_decode(buf_slice(&k->record), MSG_SOURCE_RECORD, source) == WIRE_OK);
	must(record_decode(buf_slice(&k->state), MSG_SOURCE_STATE_RECORD, state) == WIRE_OK);
}

static struct known_source *
sources_find(struct sources *s, const struct id *id)
{
	struct known_source *k = s->last == NULL ? NULL : LIST_NEXT(s->last, link);

	/* Mostly the next one. */
	if (k != NULL && id_equal(&k->id, id))
		return k;
	LIST_FOREACH (k, &s->list, link)
		if (id_equal(&k->id, id))
			return k;
	k = xcalloc(1, sizeof(*k));
	k->all = s;
	k->id = *id;
	buf_init(&k->record, WIRE_FRAME_MAX);
	buf_init(&k->state, WIRE_FRAME_MAX);
	if (s->last == NULL)
		LIST_INSERT_HEAD(&s->list, k, link);
	else
		LIST_INSERT_AFTER(s->last, k, link);
	s->n++;
	return k;
}

static void
sources_replace(struct buf *to, struct slice bytes)
{
	buf_reset(to);
	must(buf_append(to, bytes.p, bytes.len) == 0);
}

static void
sources_take(struct sources *s, const struct msg_crawl_source *item)
{
	struct msg_source_record source;
	struct msg_source_state_record state;
	struct known_source *k;

	if (record_decode(item->source, MSG_SOURCE_RECORD, &source) != WIRE_OK ||
	    record_decode(item->state, MSG_SOURCE_STATE_RECORD, &state) != WIRE_OK)
		return;
	k = sources_find(s, &source.id);
	k->seen = true;
	s->last = k;
	if (!slice_eq(buf_slice(&k->record), item->source))
		sources_cancel(k);
	k->org = source.org;
	k->uploads = source.kind == SOURCE_FILES || source.kind == SOURCE_PUSHED;
	sources_replace(&k->record, item->source);
	sources_replace(&k->state, item->state);
}

/* All sources are read: the others do not exist any more. */
static void
sources_sweep(struct sources *s)
{
	struct known_source *k, *next;

	for (k = LIST_FIRST(&s->list); k != NULL; k = next) {
		next = LIST_NEXT(k, link);
		if (!k->seen)
			sources_forget(k);
		else
			k->seen = false;
	}
	s->ready = true;
}

static void
sources_on_page(void *arg, uint16_t type, const union msg *m)
{
	struct sources *s = arg;
	struct slice list, item;
	struct timeval in;

	s->call = NULL;
	if (type != MSG_CRAWL_PAGE) {
		if (type == MSG_ERROR)
			log_event(LOG_ERROR, "store_refused", L_SLICE("why", m->error.detail));
		/* From its start, later. */
		s->cursor_len = 0;
		s->again = true;
		in = clock_timeval(RETRY_MS);
		must(event_add(s->timer, &in) == 0);
		return;
	}
	list = m->crawl_page.sources;
	while (wire_list_next(&list, &item)) {
		struct msg_crawl_source source;

		if (record_decode(item, MSG_CRAWL_SOURCE, &source) == WIRE_OK)
			sources_take(s, &source);
	}
	s->cursor_len = m->crawl_page.next.len;
	must(slice_copy(m->crawl_page.next, s->cursor, sizeof(s->cursor)));
	if (s->cursor_len > 0) {
		sources_read(s);
		return;
	}
	sources_sweep(s);
	if (s->again)
		sources_read(s);
	else
		sources_run(s);
}

/* Reads the next page of the list. */
static void
sources_read(struct sources *s)
{
	struct known_source *k;

	if (s->cursor_len == 0) {
		s->again = false;
		s->last = NULL;
		LIST_FOREACH (k, &s->list, link)
			k->seen = false;
	}
	s->call = store_call(s->tools.store, MSG_CRAWL_READ,
	    &(struct msg_crawl_read){
		.cursor = {s->cursor, s->cursor_len}, .follow = s->cursor_len == 0},
	    0, sources_on_page, s);
}

/* Reads the list once more from its start. */
static void
sources_read_again(struct sources *s)
{
	s->again = true;
	if (s->call == NULL)
		sources_read(s);
}

/* When the source is due, on the wall clock; UINT64_MAX: never by itself. */
static uint64_t
sources_due(const struct known_source *k)
{
	struct msg_source_record source;
	struct msg_source_state_record state;
	uint64_t due, not_before = k->not_before, most = clock_wall_ms() + RETRY_MS;
	bool decided;

	/* The clock was set back. */
	if (not_before > most)
		not_before = 0;
	sources_records(k, &source, &state);
	decided = state.state == SOURCE_WAITS &&
	    (state.allowed_at > state.ended_at || state.refused_at > state.ended_at);
	/* It was disabled during a crawl, which has to end. */
	if (!source.enabled)
		return state.state == SOURCE_RUNNING ? not_before : UINT64_MAX;
	if (state.state == SOURCE_RUNNING || state.asked_at > state.started_at ||
	    state.started_at == 0 || source.updated_at > state.started_at || decided)
		due = 0;
	else if (k->uploads)
		due = UINT64_MAX;
	else
		due = state.next_at;
	return due == UINT64_MAX || due > not_before ? due : not_before;
}

static void
sources_on_crawled(void *arg, bool failed)
{
	struct known_source *k = arg;

	sources_end_crawl(k);
	if (failed)
		k->not_before = clock_wall_ms() + RETRY_MS;
	/* Its state has changed. */
	sources_read_again(k->all);
}

static void
sources_start(struct sources *s, struct known_source *k)
{
	struct msg_source_record source;
	struct msg_source_state_record state;

	sources_records(k, &source, &state);
	fair_slots_take(&s->crawls[k->uploads], &k->org);
	k->turn = ++s->turns;
	k->began_ms = clock_mono_ms();
	k->crawl = crawl_start(&s->tools, &source, &state, sources_on_crawled, k);
}

/* Whether the source's organization has its share of the crawls. */
static bool
sources_has_share(const struct known_source *k)
{
	return !fair_slots_has(&k->all->crawls[k->uploads], &k->org);
}

/* Of the sources that are due and have no crawl, the one whose last crawl was first. *held: others are due, whose
 * organizations have their share of the crawls. */
static struct known_source *
sources_next(const struct sources *s, bool uploads, uint64_t now, bool *held)
{
	struct known_source *k, *next = NULL;

	*held = false;
	LIST_FOREACH (k, &s->list, link) {
		if (k->crawl != NULL || k->uploads != uploads || k->due > now)
			continue;
		if (sources_has_share(k))
			*held = true;
		else if (next == NULL || k->turn < next->turn)
			next = k;
	}
	return next;
}

/* Whether another crawl has to wait for memory. */
static bool
sources_are_full(const struct sources *s, bool uploads)
{
	return s->crawls[uploads].used > 0 && page_sets_bytes_held() > HELD_MAX;
}

/* Pauses the crawls that have had their turn and that others wait for. Returns in how many ms the next one has. */
static uint64_t
sources_pause(struct sources *s, bool uploads)
{
	uint64_t now = clock_mono_ms(), left = WAIT_MAX_MS;
	const bool full = sources_are_full(s, uploads);
	struct known_source *k;

	LIST_FOREACH (k, &s->list, link) {
		uint64_t until = k->began_ms + s->tools.turn_ms;

		if (k->crawl == NULL || k->uploads != uploads ||
		    !(full || sources_has_share(k)))
			continue;
		if (until <= now)
			crawl_pause(k->crawl);
		else if (until - now < left)
			left = until - now;
	}
	return left;
}

static bool
sources_load(const struct sources *s)
{
	const struct known_source *k;

	LIST_FOREACH (k, &s->list, link)
		if (k->crawl != NULL && crawl_is_loading(k->crawl))
			return true;
	return false;
}

/* Starts crawls that are due, one after the other, because their memory is known when they have read their records.
 * Returns in how many ms to look again, for those that were not started. */
static uint64_t
sources_fill(struct sources *s, bool uploads, uint64_t now)
{
	struct known_source *k;
	bool held;

	while ((k = sources_next(s, uploads, now, &held)) != NULL) {
		if (sources_are_full(s, uploads))
			return sources_pause(s, uploads);
		if (sources_load(s))
			return WAIT_MAX_MS;
		sources_start(s, k);
	}
	return held ? sources_pause(s, uploads) : WAIT_MAX_MS;
}

/* Starts the crawls that are due, and waits for the next one. */
static void
sources_run(struct sources *s)
{
	uint64_t now = clock_wall_ms(), wait = WAIT_MAX_MS;
	struct known_source *k;
	struct timeval in;

	LIST_FOREACH (k, &s->list, link) {
		k->due = sources_due(k);
		if (k->crawl == NULL && k->due > now && k->due - now < wait)
			wait = k->due - now;
	}
	for (int uploads = 0; uploads < 2; uploads++) {
		uint64_t again = sources_fill(s, uploads, now);

		wait = again < wait ? again : wait;
	}
	in = clock_timeval(wait > WAIT_MIN_MS ? wait : WAIT_MIN_MS);
	must(event_add(s->timer, &in) == 0);
}

static void
sources_on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct sources *s = arg;

	(void)fd;
	(void)what;
	if (s->call == NULL && s->again)
		sources_read(s);
	else if (s->call == NULL && s->ready)
		sources_run(s);
}

static void
sources_on_connected(void *arg)
{
	struct sources *s = arg;

	/* A reading without an answer is repeated by the connection. */
	if (s->call == NULL)
		sources_read_again(s);
	else
		s->again = true;
}

static void
sources_on_notification(void *arg, uint16_t type, const union msg *m)
{
	(void)m;
	if (type == MSG_LIVE_SOURCES)
		sources_read_again(arg);
}

struct sources *
sources_new(const struct crawl_tools *tools)
{
	static const struct store_events events = {
	    .connected = sources_on_connected,
	    .notification = sources_on_notification,
	};
	struct sources *s = xcalloc(1, sizeof(*s));

	s->tools = *tools;
	s->crawls[false].most = SOURCES_CRAWLS_MAX;
	s->crawls[true].most = SOURCES_UPLOADS_MAX;
	LIST_INIT(&s->list);
	s->timer = evtimer_new(tools->base, sources_on_timer, s);
	must(s->timer != NULL);
	s->tools.loaded = s->timer;
	store_client_listen(tools->store, &events, s);
	return s;
}

void
sources_free(struct sources *s)
{
	struct known_source *k;

	if (s->call != NULL)
		store_call_forget(s->call);
	while ((k = LIST_FIRST(&s->list)) != NULL)
		sources_forget(k);
	event_free(s->timer);
	free(s);
}

size_t
sources_count(const struct sources *s)
{
	return s->n;
}

size_t
sources_crawls(const struct sources *s)
{
	return s->crawls[0].used + s->crawls[1].used;
}
