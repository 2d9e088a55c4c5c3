#include "workerd/crawl/source/crawl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "workerd/crawl/source/crawl_internal.h"
#include "workerd/crawl/source/freshness.h"

#define RECORD_MAX 16384
#define RETRY_MS   3600000u /* after a crawl that failed */

static void (*const steps[])(struct crawl *c) = {
    [CRAWL_BEGIN] = crawl_step_begin,
    [CRAWL_LOAD] = crawl_step_load,
    [CRAWL_START] = crawl_step_start,
    [CRAWL_SITEMAPS] = crawl_step_sitemaps,
    [CRAWL_NEW] = crawl_step_new,
    [CRAWL_PROBE] = crawl_step_probe,
    [CRAWL_VISIT] = crawl_step_visit,
    [CRAWL_UPLOADS] = crawl_step_uploads,
    [CRAWL_PUT] = crawl_step_put,
    [CRAWL_REMOVE] = crawl_step_remove,
    [CRAWL_END] = crawl_step_end,
};

static void
crawl_on_end(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	crawl_go_on(arg);
}

/* Ends the visit that runs, whose page stays as it is; the step of the phase decides what follows. */
static void
crawl_end_visit(struct crawl *c)
{
	visit_cancel(c->visit);
	c->visit = NULL;
	/* The caller may be anywhere. */
	must(event_add(c->end, &(struct timeval){0}) == 0);
}

static void
crawl_on_too_slow(evutil_socket_t fd, short what, void *arg)
{
	struct crawl *c = arg;

	(void)fd;
	(void)what;
	c->late = true;
	if (c->visit == NULL)
		return;
	if (c->phase == CRAWL_START || c->phase == CRAWL_SITEMAPS || c->phase == CRAWL_PROBE)
		crawl_end_visit(c);
	else if (c->phase == CRAWL_VISIT && c->looked_at == 0)
		crawl_visit_give_up(c);
}

void
crawl_pause(struct crawl *c)
{
	c->pauses = true;
	if (c->visit != NULL && c->phase == CRAWL_VISIT && c->looked_at > 0)
		crawl_end_visit(c);
}

bool
crawl_is_loading(const struct crawl *c)
{
	return c->phase == CRAWL_BEGIN || c->phase == CRAWL_LOAD;
}

void
crawl_end_turn(struct crawl *c)
{
	if (c->held > 0) {
		c->phase = CRAWL_PUT;
		return;
	}
	log_event(LOG_INFO, "crawl_paused", L_ID("source", &c->source.id),
	    L_UINT("read", c->counted_read), L_UINT("changed", c->counted_changed));
	c->phase = CRAWL_OVER;
}

static void
crawl_free(struct crawl *c)
{
	event_free(c->end);
	event_free(c->too_slow);
	if (c->call != NULL)
		store_call_forget(c->call);
	if (c->visit != NULL)
		visit_cancel(c->visit);
	if (c->extraction != NULL)
		extraction_cancel(c->extraction);
	for (size_t i = 0; i < CRAWL_PUTS_MAX; i++)
		if (c->puts[i].call != NULL)
			store_call_forget(c->puts[i].call);
	for (size_t i = 0; i < c->n_sitemaps; i++)
		free(c->sitemaps[i]);
	free(c->sitemaps);
	crawl_parts_free(c);
	buf_clear(&c->upload);
	buf_clear(&c->start_links);
	free(c->upload_title);
	page_set_free(c->pages);
	extraction_pool_run(c->tools.extraction);
	block_counts_free(c->blocks);
	site_clear(&c->site);
	buf_clear(&c->source_bytes);
	free(c);
}

void
crawl_cancel(struct crawl *c)
{
	crawl_free(c);
}

void
crawl_next(struct crawl *c)
{
	if (c->stepping)
		return;
	c->stepping = true;
	while (!c->busy && c->phase != CRAWL_OVER)
		steps[c->phase](c);
	c->stepping = false;
	if (c->phase == CRAWL_OVER && !c->busy) {
		crawl_done_fn *fn = c->fn;
		void *arg = c->arg;
		bool failed = c->lost;

		crawl_free(c);
		fn(arg, failed);
	}
}

void
crawl_wait(struct crawl *c)
{
	c->busy = true;
}

void
crawl_go_on(struct crawl *c)
{
	c->busy = false;
	crawl_next(c);
}

void
crawl_fail(struct crawl *c, const char *why)
{
	snprintf(c->error, sizeof(c->error), "%s", why);
	c->failed = true;
	c->phase = CRAWL_END;
}

void
crawl_lose(struct crawl *c)
{
	/* The callers may still use it. */
	must(event_add(c->end, &(struct timeval){0}) == 0);
	crawl_wait(c);
	c->lost = true;
	c->phase = CRAWL_OVER;
}

void
crawl_call(struct crawl *c, enum msg_type type, const void *m, store_answer_fn *fn)
{
	must(c->call == NULL);
	crawl_wait(c);
	c->call = store_call(c->tools.store, type, m, 0, fn, c);
	/* The queue is full, which takes gigabytes: the crawl starts again later. */
	if (c->call == NULL)
		crawl_lose(c);
}

bool
crawl_check(struct crawl *c, uint16_t type, const union msg *m)
{
	if (type != 0 && type != MSG_ERROR)
		return false;
	if (type == MSG_ERROR && m->error.code != STORE_NOT_FOUND)
		log_event(LOG_ERROR, "store_refused", L_ID("source", &c->source.id),
		    L_UINT("code", m->error.code), L_SLICE("why", m->error.detail));
	crawl_lose(c);
	return true;
}

bool
crawl_refused(struct crawl *c, uint16_t type, const union msg *m, unsigned expected)
{
	c->call = NULL;
	if (type == MSG_ERROR && (expected & 1u << m->error.code) != 0)
		return true;
	return crawl_check(c, type, m);
}

static void
crawl_set_agent(struct crawl *c)
{
	const char *url = c->tools.agent_url != NULL ? c->tools.agent_url : c->site.start;

	snprintf(c->agent, sizeof(c->agent), "%s/%s (+%.*s)", ROBOTS_AGENT, BANTER_VERSION,
	    CRAWL_AGENT_MAX - 64, url);
}

static bool
crawl_fetches(const struct crawl *c)
{
	return c->source.kind == SOURCE_SITE || c->source.kind == SOURCE_PAGE;
}

/* Whether the owner has decided about the removal since the last crawl ended, and asked for nothing else. */
static bool
crawl_is_decided(const struct msg_source_state_record *s)
{
	return s->state == SOURCE_WAITS &&
	    (s->allowed_at > s->ended_at || s->refused_at > s->ended_at) &&
	    s->asked_at <= s->ended_at;
}

/* Now, but after all that the owner has asked for, also if the clock was set back: else the source would be due again at
 * once, and forever. */
static uint64_t
crawl_after(const struct crawl *c)
{
	const uint64_t asked[] = {c->state.started_at, c->state.ended_at, c->state.asked_at,
	    c->state.allowed_at, c->state.refused_at, c->source.updated_at};
	uint64_t last = 0;

	for (size_t i = 0; i < ARRAY_LEN(asked); i++)
		last = asked[i] > last ? asked[i] : last;
	return clock_wall_after(last);
}

struct crawl *
crawl_start(const struct crawl_tools *tools, const struct msg_source_record *source,
    const struct msg_source_state_record *state, crawl_done_fn *fn, void *arg)
{
	struct crawl *c = xcalloc(1, sizeof(*c));
	struct timeval in = clock_timeval((uint64_t)tools->turn_ms * CRAWL_FIND_TURNS);

	c->tools = *tools;
	c->fn = fn;
	c->arg = arg;
	c->end = evtimer_new(tools->base, crawl_on_end, c);
	c->too_slow = evtimer_new(tools->base, crawl_on_too_slow, c);
	must(c->end != NULL && c->too_slow != NULL);
	must(event_add(c->too_slow, &in) == 0);
	buf_init(&c->source_bytes, RECORD_MAX);
	must(record_encode(&c->source_bytes, MSG_SOURCE_RECORD, source) == 0);
	must(record_decode(buf_slice(&c->source_bytes), MSG_SOURCE_RECORD, &c->source) ==
	    WIRE_OK);
	c->state = *state;
	c->state.error = (struct slice){0};
	c->pages = page_set_new();
	c->blocks = block_counts_new();
	buf_init(&c->upload, EXTRACTION_BYTES_MAX);
	buf_init(&c->start_links, CRAWL_LINKS_MAX);
	c->full = state->asked_at > state->ended_at ||
	    (state->state != SOURCE_RUNNING && state->asked_at > state->started_at);
	c->changed = source->updated_at > state->started_at;
	if (state->state == SOURCE_FAILED && !c->full && !c->changed &&
	    state->next_at > state->ended_at)
		c->paused_ms = state->next_at - state->ended_at;
	c->decided = crawl_is_decided(state);
	if (site_init(&c->site, &c->source) != 0 && crawl_fetches(c)) {
		c->state.started_at = crawl_after(c);
		crawl_fail(c, "the source has no valid address");
	} else
		crawl_set_agent(c);
	if (!c->source.enabled) {
		snprintf(c->error, sizeof(c->error), "it was disabled before its end");
		c->phase = CRAWL_END;
	}
	crawl_next(c);
	return c;
}

static void
crawl_put_state(struct crawl *c, store_answer_fn *fn)
{
	struct buf encoded;
	struct msg_source_state_put m;

	c->state.error = slice_str(c->error);
	buf_init(&encoded, RECORD_MAX);
	must(record_encode(&encoded, MSG_SOURCE_STATE_RECORD, &c->state) == 0);
	m.state = buf_slice(&encoded);
	crawl_call(c, MSG_SOURCE_STATE_PUT, &m, fn);
	buf_clear(&encoded);
}

static void
crawl_on_begun(void *arg, uint16_t type, const union msg *m)
{
	struct crawl *c = arg;

	if (!crawl_refused(c, type, m, 0))
		c->phase = CRAWL_LOAD;
	crawl_go_on(c);
}

void
crawl_step_begin(struct crawl *c)
{
	if (c->decided) {
		c->phase = CRAWL_LOAD;
		return;
	}
	/* A crawl that was interrupted continues: its pages are those that were fetched since it began. */
	c->resumed = c->state.state == SOURCE_RUNNING;
	if (!c->resumed) {
		c->state.state = SOURCE_RUNNING;
		c->state.started_at = crawl_after(c);
	}
	log_event(LOG_INFO, "crawl_started", L_ID("source", &c->source.id),
	    L_STR("url", c->site.start));
	crawl_put_state(c, crawl_on_begun);
}

/* The pause after a failed crawl. An owner who has added a source, or has asked for it, waits for it: before its first
 * page is read, a network that fails is tried again soon. */
static uint64_t
crawl_retry_ms(const struct crawl *c)
{
	return c->unreachable && c->state.read == 0 && c->counted_read == 0
	    ? freshness_first_retry(c->paused_ms)
	    : RETRY_MS;
}

/* When the next page is due, or the sitemaps are to be read again. */
static uint64_t
crawl_next_at(const struct crawl *c, uint64_t now)
{
	uint64_t least = now + FRESHNESS_MIN_S * UINT64_C(1000), next = UINT64_MAX;
	uint64_t most = now +
	    (c->source.kind == SOURCE_SITE ? CRAWL_DAY_MS : FRESHNESS_MAX_S * UINT64_C(1000));

	if (!crawl_fetches(c))
		return 0;
	if (c->failed)
		return now + crawl_retry_ms(c);
	if (c->source.interval_minutes != 0)
		return now + c->source.interval_minutes * UINT64_C(60000);
	for (size_t i = 0; i < page_set_count(c->pages); i++) {
		const struct page *page = page_set_at(c->pages, i);

		if (!page->part && !page->removed && page->next_at < next)
			next = page->next_at;
	}
	return next < least ? least : next > most ? most : next;
}

static void
crawl_on_ended(void *arg, uint16_t type, const union msg *m)
{
	struct crawl *c = arg;

	if (!crawl_refused(c, type, m, 0))
		c->phase = CRAWL_OVER;
	crawl_go_on(c);
}

void
crawl_step_end(struct crawl *c)
{
	uint64_t now = clock_wall_after(c->state.started_at);

	c->state.state = c->failed ? SOURCE_FAILED : c->waits ? SOURCE_WAITS : SOURCE_IDLE;
	if (!c->waits)
		c->state.removing = 0;
	c->state.ended_at = now;
	c->state.next_at = crawl_next_at(c, now);
	log_event(c->failed ? LOG_WARN : LOG_INFO, c->failed ? "crawl_failed" : "crawl_ended",
	    L_ID("source", &c->source.id), L_STR("error", c->failed ? c->error : NULL),
	    L_UINT("pages", page_set_count(c->pages)), L_UINT("read", c->counted_read),
	    L_UINT("changed", c->counted_changed), L_UINT("removed", c->counted_removed),
	    L_UINT("ms", now - c->state.started_at));
	crawl_put_state(c, crawl_on_ended);
}
