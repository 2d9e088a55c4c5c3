/*
 * The loop turn. libevent's callbacks only read bytes and set flags; then, once per turn,
 * server_loop_turn() does the work in a fixed order: requests into a batch, commit, answers, lost
 * turns, one step each of retention, takeovers that end, and garbage collection. The callbacks may run again while the batch is open, so
 * none of them uses the store.
 */
#include "storaged/server/server.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sysexits.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "proto/process/call_filter.h"
#include "storaged/changes/changes.h"
#include "storaged/changes/changes_trim.h"
#include "storaged/content/content_garbage.h"
#include "storaged/conversations/labels.h"
#include "storaged/engine/env_probe.h"
#include "storaged/engine/garbage.h"
#include "storaged/inbox/takeover.h"
#include "storaged/numbers/numbers_fold.h"
#include "storaged/numbers/numbers_recount.h"
#include "storaged/request/store_time.h"
#include "storaged/retention/retention.h"
#include "storaged/server/handlers.h"
#include "storaged/server/peers.h"
#include "storaged/server/scrub.h"
#include "storaged/server/service_report.h"
#include "storaged/turns/interrupt.h"
#include "storaged/turns/silence.h"

/* How long the workers of turns that were open at the start have to claim them. Workers
 * try to connect every 500 ms or more often (workerd/store/store_client.c). A visitor whose
 * worker died together with the store waits this long before the reply can start again. A later
 * claim still counts, unless the reply has started again. */
#define CLAIM_MS 3000

/* The same for the workers of connections that a proxy has closed. */
#define CLAIM_PROXY_MS 1000

/* Retry interval after the store or the system had no space. */
#define RETRY_MS 1000

/* Interval of the periodic maintenance. */
#define TIDY_MS 10000

/* Connections accepted per loop turn. */
#define ACCEPTS_PER_TURN 64

struct server {
	struct env *env;
	int listener;
	struct event_base *base;
	struct event *acceptable, *term, *interrupt, *claim, *retry, *tidy, *scrub, *silent;
	struct open_turns open;
	struct live live;
	struct batch batch;
	struct peers peers;
	struct service_report report;
	struct numbers_fold numbers;
	struct retention retention;
	struct silence silence;
	bool accept_paused, garbage_paused;
	bool trims; /* the change feed has rows to remove */
	bool retry_due, tidy_due, scrub_due,
	    silence_due;  /* set by callbacks, which may run during a batch */
	uint64_t commits; /* at the last maintenance */
	bool stopping;
};

static void
server_pause_accepting(struct server *s)
{
	event_del(s->acceptable);
	s->accept_paused = true;
}

/* Accepts the waiting connections. Pauses when there is no room, instead of spinning. */
static void
server_on_acceptable(evutil_socket_t listener, short what, void *arg)
{
	struct server *s = arg;

	(void)what;
	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		int fd;

		if (s->peers.n >= PEERS_MAX) {
			log_event(LOG_WARN, "too_many_peers", L_UINT("peers", s->peers.n));
			server_pause_accepting(s);
			return;
		}
		fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd != -1) {
			peers_add(&s->peers, fd);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
			log_event(LOG_ERROR, "accept_paused", L_ERRNO());
			server_pause_accepting(s);
		}
		/* EAGAIN: none is left. EINTR and ECONNABORTED concern one connection
		 * (accept(2)). */
		if (errno != EINTR && errno != ECONNABORTED)
			return;
	}
}

static void
server_on_stop(evutil_socket_t signal_number, short what, void *arg)
{
	struct server *s = arg;

	(void)what;
	log_event(LOG_NOTICE, "store_stopping", L_INT("signal", (int64_t)signal_number));
	s->stopping = true;
}

/* Turns that were open at the start, and that no worker has claimed. */
static void
server_on_claim_over(evutil_socket_t fd, short what, void *arg)
{
	struct server *s = arg;

	(void)fd;
	(void)what;
	open_turns_lose(&s->open, &s->open.found);
}

/* Turns of the first closed connection wait CLAIM_PROXY_MS, those of later ones not longer. */
static void
server_await_claims(struct server *s)
{
	struct timeval claim = clock_timeval(CLAIM_PROXY_MS);

	if (s->peers.awaits && !event_pending(s->claim, EV_TIMEOUT, NULL))
		must(event_add(s->claim, &claim) == 0);
	s->peers.awaits = false;
}

/* Sets one of the flags that work is due. */
static void
server_on_due(evutil_socket_t fd, short what, void *flag)
{
	(void)fd;
	(void)what;
	*(bool *)flag = true;
}

/* Offers the batch to every peer, starting where the last turn ended. */
static void
server_take_requests(struct server *s)
{
	for (size_t i = 0; i < s->peers.n && batch_is_open(&s->batch); i++) {
		struct peer *peer = TAILQ_FIRST(&s->peers.all);

		peer_take(peer, &s->batch);
		TAILQ_REMOVE(&s->peers.all, peer, order);
		TAILQ_INSERT_TAIL(&s->peers.all, peer, order);
	}
}

/* Takes requests that arrived while the earlier ones ran: the more requests share a commit, the
 * less each waits for the next one (make bench-store, 512 in flight on one connection: 143
 * requests per commit without this, 512 with it; 0.52 and 0.71 of bare LMDB's rate). */
static void
server_gather(struct server *s)
{
	size_t before;

	do {
		before = s->batch.n;
		must(event_base_loop(s->base, EVLOOP_ONCE | EVLOOP_NONBLOCK) != -1);
		server_take_requests(s);
	} while (s->batch.n > before);
}

/* Sends answers. True if a peer can be served again at once. */
static bool
server_settle_all(struct server *s)
{
	struct peer *peer = TAILQ_FIRST(&s->peers.all);
	bool more = false;

	while (peer != NULL) {
		struct peer *next = TAILQ_NEXT(peer, order);

		more |= peer_settle(&s->peers, peer);
		peer = next;
	}
	return more;
}

/* Ends lost turns. While the store takes no writes, the retry timer repeats this. */
static bool
server_end_lost_turns(struct server *s)
{
	if (!s->env->writable)
		return false;
	return interrupt_lost(s->env, &s->live) == INTERRUPT_MORE;
}

/* Ends some takeovers of operators who are silent. */
static bool
server_end_silence(struct server *s)
{
	if (s->silence_due)
		silence_start(&s->silence);
	s->silence_due = false;
	return silence_step(&s->silence, s->env, &s->live);
}

/* Removes some messages of erased conversations, even while the store is full: this frees space. */
static bool
server_remove_garbage(struct server *s)
{
	enum garbage_result r;

	if (s->garbage_paused)
		return false;
	r = garbage_step(s->env);
	s->garbage_paused = r == GARBAGE_STUCK;
	return r == GARBAGE_MORE;
}

/* Adds up some hours of old days. */
static bool
server_fold_numbers(struct server *s)
{
	return numbers_fold_step(&s->numbers, s->env);
}

/* Retries what failed for lack of space. Runs outside of transactions. */
static void
server_retry(struct server *s)
{
	s->retry_due = s->garbage_paused = false;
	env_probe(s->env);
	if (s->accept_paused && s->peers.n < PEERS_MAX) {
		s->accept_paused = false;
		must(event_add(s->acceptable, NULL) == 0);
	}
}

static bool
server_trim_changes(struct server *s)
{
	static const struct changes_kept kept = {CHANGES_KEPT_MS, CHANGES_KEPT_ROWS};

	s->trims = s->trims && changes_trim(s->env, kept);
	return s->trims;
}

static void
server_report(struct server *s)
{
	service_report_state(
	    &s->report, s->env->writable, s->env->damage != NULL, s->peers.n, s->open.n);
}

/* Maintenance without an event: readers that were killed, buffers that are larger than needed. */
static void
server_tidy(struct server *s)
{
	s->tidy_due = false;
	s->trims = true;
	retention_start(&s->retention);
	content_garbage_start(s->env);
	store_time_save(s->env, s->batch.activity.commits != s->commits);
	s->commits = s->batch.activity.commits;
	(void)env_check_readers(s->env);
	peers_trim(&s->peers);
	server_report(s);
}

static void
server_plan_scrub(struct server *s, uint64_t ms)
{
	struct timeval after = clock_timeval(ms);

	if (s->env->scrub.interval_ms > 0)
		must(event_add(s->scrub, &after) == 0);
}

static void
server_scrub(struct server *s)
{
	s->scrub_due = false;
	server_plan_scrub(s, scrub_step(s->env, s->batch.activity.requests));
}

static void
server_plan_retry(struct server *s)
{
	struct timeval retry = clock_timeval(RETRY_MS);

	if ((!s->env->writable || s->accept_paused || s->garbage_paused) &&
	    !event_pending(s->retry, EV_TIMEOUT, NULL))
		must(event_add(s->retry, &retry) == 0);
}

/* The work after the callbacks of a loop turn. *more: there is work left that causes no event.
 * 0, or the exit status. */
static int
server_loop_turn(struct server *s, bool *more)
{
	int rc;

	server_take_requests(s);
	if (s->batch.n > 0)
		server_gather(s);
	rc = batch_end(&s->batch);
	if (rc != 0) {
		log_event(LOG_ERROR, "store_broken", L_STR("error", env_strerror(rc)),
		    L_STR("help", "restart storaged"));
		return EX_IOERR;
	}
	s->live.notified = false;
	*more = server_settle_all(s);
	server_await_claims(s);
	*more |= server_end_lost_turns(s);
	*more |= retention_step(&s->retention, s->env, &s->live);
	*more |= server_end_silence(s);
	live_changes(&s->live, s->env->newest_change);
	/* Ending turns and freed peers notify peers that may have been settled already. */
	*more |= s->live.notified;
	if (s->retry_due)
		server_retry(s);
	*more |= server_remove_garbage(s);
	*more |= content_garbage_step(s->env);
	*more |= server_fold_numbers(s);
	if (s->tidy_due)
		server_tidy(s);
	*more |= server_trim_changes(s);
	if (s->scrub_due)
		server_scrub(s);
	if (s->env->writable != s->report.writable ||
	    (s->env->damage != NULL) != s->report.damaged)
		server_report(s);
	server_plan_retry(s);
	return 0;
}

static int
server_loop(struct server *s)
{
	bool more = true; /* garbage of the previous process */
	int status = 0;

	while (!s->stopping && status == 0) {
		int flags = EVLOOP_ONCE | (more ? EVLOOP_NONBLOCK : 0);

		must(event_base_loop(s->base, flags) != -1);
		status = server_loop_turn(s, &more);
	}
	return status;
}

static void
server_start_events(struct server *s)
{
	struct timeval tidy_each = clock_timeval(TIDY_MS);
	unsigned silent_ms = silence_interval(s->env);
	struct timeval silent_each = clock_timeval(silent_ms);

	s->base = event_base_new();
	must(s->base != NULL);
	s->acceptable =
	    event_new(s->base, s->listener, EV_READ | EV_PERSIST, server_on_acceptable, s);
	s->term = evsignal_new(s->base, SIGTERM, server_on_stop, s);
	s->interrupt = evsignal_new(s->base, SIGINT, server_on_stop, s);
	s->claim = evtimer_new(s->base, server_on_claim_over, s);
	s->retry = evtimer_new(s->base, server_on_due, &s->retry_due);
	s->tidy = event_new(s->base, -1, EV_PERSIST, server_on_due, &s->tidy_due);
	s->scrub = evtimer_new(s->base, server_on_due, &s->scrub_due);
	s->silent = event_new(s->base, -1, EV_PERSIST, server_on_due, &s->silence_due);
	must(s->silent != NULL);
	must(s->acceptable != NULL && s->term != NULL && s->interrupt != NULL &&
	    s->claim != NULL && s->retry != NULL && s->tidy != NULL && s->scrub != NULL);
	must(event_add(s->acceptable, NULL) == 0);
	must(event_add(s->term, NULL) == 0);
	must(event_add(s->interrupt, NULL) == 0);
	must(event_add(s->tidy, &tidy_each) == 0);
	if (silent_ms > 0)
		must(event_add(s->silent, &silent_each) == 0);
	server_plan_scrub(s, SCRUB_STEP_MS);
}

static void
server_stop_events(struct server *s)
{
	event_free(s->acceptable);
	event_free(s->term);
	event_free(s->interrupt);
	event_free(s->claim);
	event_free(s->retry);
	event_free(s->tidy);
	event_free(s->scrub);
	event_free(s->silent);
	event_base_free(s->base);
}

int
server_run(struct env *env, int listener, const struct access *access, bool restricted)
{
	struct server s = {.env = env, .listener = listener};
	struct timeval claim = clock_timeval(CLAIM_MS);
	int status = 0;

	open_turns_init(&s.open);
	live_init(&s.live, &s.open);
	batch_init(&s.batch, env, &s.live, &store_handlers);
	server_start_events(&s);
	peers_init(&s.peers, s.base, &s.live);
	s.peers.access = *access;
	s.batch.peers = &s.peers;
	service_report_init(&s.report, s.base);
	if (restricted)
		call_filter_start(CALLS_STORE);
	if (store_time_load(env) != 0 || open_turns_load(&s.open, env) != 0 ||
	    takeover_stop_found(env, &s.live) != 0)
		status = EX_IOERR;
	numbers_start(env);
	retention_start(&s.retention);
	if (status == 0) {
		labels_prepare(env);
		if (s.open.n > 0)
			must(event_add(s.claim, &claim) == 0);
		log_event(LOG_NOTICE, "store_ready", L_UINT("open_turns", s.open.n),
		    L_UINT("max_bytes", env->max_bytes));
		service_report_ready(&s.report);
		status = server_loop(&s);
		store_time_save(env, true);
		service_report_stopping(&s.report);
		if (status == 0)
			peers_tell_leaving(&s.peers);
	}
	service_report_clear(&s.report);
	peers_clear(&s.peers);
	server_stop_events(&s);
	batch_clear(&s.batch);
	live_clear(&s.live);
	open_turns_clear(&s.open);
	return status;
}
