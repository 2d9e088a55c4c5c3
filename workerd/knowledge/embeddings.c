/*
 * Each organization with chunks that have no vectors is a job, with a cursor of its own and at most one request at a
 * time. PLACES jobs run at a time, in turns: a large import has one place, whatever its size.
 *
 * When the connection to storaged is lost, all is dropped: another worker may have the lease by then.
 */
#include "workerd/knowledge/embeddings.h"

#include <stdlib.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "workerd/knowledge/embedding_job.h"

#define PLACES   4  /* requests at a time */
#define JOBS_MAX 64 /* further organizations are found when one of these is done */
#define BUSY_MS \
	200 /* how long jobs wait for replies: others' chats must not delay vectors for longer */
#define LOOK_MS 50 /* how often it looks whether they have ended */

struct embeddings {
	struct embeddings_config config;
	struct embedding_jobs jobs;
	bool granted, stopping;
	bool
	    again; /* storaged notifies each time that it was asked for the lease: ask after this answer */
	struct store_call *leasing, *finding;
	struct event *timer;            /* pending: no job begins a request */
	uint64_t busy_since_ms;         /* 0: not waiting for replies */
	bool news;                      /* look for organizations from the start */
	struct embedding_cursor cursor; /* of the search for organizations */
	bool found_all;                 /* it has ended */
};

static void embeddings_ask_lease(struct embeddings *e);

static void
embeddings_pause(void *arg, unsigned ms)
{
	struct embeddings *e = arg;
	struct timeval in = clock_timeval(ms);

	must(evtimer_add(e->timer, &in) == 0);
}

static void
embeddings_drop(struct embeddings *e)
{
	while (!TAILQ_EMPTY(&e->jobs.list))
		embedding_job_free(TAILQ_FIRST(&e->jobs.list));
	if (e->leasing != NULL)
		store_call_forget(e->leasing);
	if (e->finding != NULL)
		store_call_forget(e->finding);
	e->leasing = e->finding = NULL;
	(void)evtimer_del(e->timer);
	e->granted = false;
	e->news = e->found_all = true;
	e->busy_since_ms = 0;
}

static void embeddings_run(void *arg);

static void
embeddings_on_found(void *arg, uint16_t type, const union msg *m)
{
	struct embeddings *e = arg;
	struct slice orgs;

	e->finding = NULL;
	if (type != MSG_EMBEDDING_ORGS) {
		e->news = true;
		embeddings_pause(e, EMBEDDING_AGAIN_MS);
		return;
	}
	orgs = m->embedding_orgs.orgs;
	for (size_t i = 0; i + sizeof(struct id) <= orgs.len; i += sizeof(struct id))
		embedding_job_new(&e->jobs, (struct slice){orgs.p + i, sizeof(struct id)});
	embedding_job_set_cursor(&e->cursor, m->embedding_orgs.next);
	e->found_all = e->cursor.len == 0;
	embeddings_run(e);
}

/* Looks for further organizations with chunks that have no vectors. */
static void
embeddings_find(struct embeddings *e)
{
	struct msg_embedding_find find = {.model = embedder_model(e->config.embedder)};
	struct buf known;
	struct embedding_job *j;

	if (e->finding != NULL || e->jobs.n == JOBS_MAX || (e->found_all && !e->news))
		return;
	if (e->found_all) {
		e->cursor.len = 0;
		e->found_all = e->news = false;
	}
	buf_init(&known, JOBS_MAX * sizeof(struct id));
	TAILQ_FOREACH (j, &e->jobs.list, order)
		must(buf_append(&known, j->org.b, sizeof(j->org.b)) == 0);
	find.cursor = embedding_job_cursor(&e->cursor);
	find.known = buf_slice(&known);
	find.limit = (uint32_t)(JOBS_MAX - e->jobs.n);
	e->finding = store_call(e->config.store, MSG_EMBEDDING_FIND, &find, STORE_TIMEOUT_MS,
	    embeddings_on_found, e);
	buf_clear(&known);
	if (e->finding == NULL)
		embeddings_pause(e, EMBEDDING_AGAIN_MS);
}

static bool
embeddings_must_wait(struct embeddings *e)
{
	const uint64_t now = clock_mono_ms();

	if (metric_get(&e->config.board->turns_running) == 0) {
		e->busy_since_ms = 0;
		return false;
	}
	if (e->busy_since_ms == 0)
		e->busy_since_ms = now;
	if (now - e->busy_since_ms < BUSY_MS)
		return true;
	e->busy_since_ms = 0;
	return false;
}

/* Begins what may begin. */
static void
embeddings_run(void *arg)
{
	struct embeddings *e = arg;
	struct embedding_job *j;

	if (e->stopping || !e->granted || evtimer_pending(e->timer, NULL))
		return;
	embeddings_find(e);
	if (e->jobs.running == PLACES || embedding_job_next(&e->jobs) == NULL)
		return;
	if (embeddings_must_wait(e)) {
		embeddings_pause(e, LOOK_MS);
		return;
	}
	while (e->jobs.running < PLACES && (j = embedding_job_next(&e->jobs)) != NULL) {
		if (!embedding_job_begin(j)) {
			embeddings_pause(e, EMBEDDING_AGAIN_MS);
			return;
		}
	}
}

static void
embeddings_on_leased(void *arg, uint16_t type, const union msg *m)
{
	struct embeddings *e = arg;

	e->leasing = NULL;
	if (type != MSG_EMBEDDING_LEASED) {
		embeddings_pause(e, EMBEDDING_AGAIN_MS);
		return;
	}
	if (e->again)
		embeddings_ask_lease(e);
	if (!m->embedding_leased.granted) {
		e->granted = false;
		return;
	}
	if (!e->granted)
		log_event(LOG_INFO, "embeddings_begin");
	e->granted = true;
	embeddings_run(e);
}

static void
embeddings_ask_lease(struct embeddings *e)
{
	const struct msg_embedding_lease ask = {.lease = e->jobs.lease};

	e->again = true;
	if (e->stopping || e->leasing != NULL)
		return;
	e->again = false;
	e->leasing = store_call(e->config.store, MSG_EMBEDDING_LEASE, &ask, STORE_TIMEOUT_MS,
	    embeddings_on_leased, e);
	if (e->leasing == NULL)
		embeddings_pause(e, EMBEDDING_AGAIN_MS);
}

/* The lease comes first: it may be another worker's by now. */
static void
embeddings_on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct embeddings *e = arg;

	(void)fd;
	(void)what;
	if (e->granted && e->busy_since_ms != 0)
		embeddings_run(e);
	else
		embeddings_ask_lease(e);
}

static void
embeddings_on_connected(void *arg)
{
	struct embeddings *e = arg;

	e->jobs.lease = id_new();
	e->again = false;
	embeddings_ask_lease(e);
}

static void
embeddings_on_lost(void *arg)
{
	embeddings_drop(arg);
}

static void
embeddings_on_notification(void *arg, uint16_t type, const union msg *m)
{
	struct embeddings *e = arg;
	struct embedding_job *j;

	(void)m;
	if (type != MSG_LIVE_EMBEDDING)
		return;
	e->news = true;
	TAILQ_FOREACH (j, &e->jobs.list, order)
		j->news = true;
	embeddings_ask_lease(e);
}

static void
embeddings_on_taken(void *arg)
{
	embeddings_drop(arg);
	embeddings_pause(arg, EMBEDDING_AGAIN_MS);
}

struct embeddings *
embeddings_new(const struct embeddings_config *config)
{
	static const struct store_events events = {
	    .connected = embeddings_on_connected,
	    .lost = embeddings_on_lost,
	    .notification = embeddings_on_notification,
	};
	struct embeddings *e = xcalloc(1, sizeof(*e));

	e->config = *config;
	e->jobs = (struct embedding_jobs){
	    .base = config->base,
	    .store = config->store,
	    .embedder = config->embedder,
	    .lease = id_new(),
	    .left = embeddings_run,
	    .pause = embeddings_pause,
	    .lost = embeddings_on_taken,
	    .arg = e,
	    .server = {.most = EMBEDDING_BATCH},
	};
	e->news = e->found_all = true;
	TAILQ_INIT(&e->jobs.list);
	e->timer = evtimer_new(config->base, embeddings_on_timer, e);
	must(e->timer != NULL);
	store_client_listen(config->store, &events, e);
	return e;
}

void
embeddings_free(struct embeddings *e)
{
	if (e == NULL)
		return;
	while (!TAILQ_EMPTY(&e->jobs.list))
		embedding_job_free(TAILQ_FIRST(&e->jobs.list));
	event_free(e->timer);
	free(e);
}

void
embeddings_stop(struct embeddings *e)
{
	const struct msg_embedding_lease leave = {.lease = e->jobs.lease, .leave = 1};

	e->stopping = true;
	embeddings_drop(e);
	(void)!store_call(
	    e->config.store, MSG_EMBEDDING_LEASE, &leave, STORE_TIMEOUT_MS, NULL, NULL);
}
