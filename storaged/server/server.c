/*
 * The loop turn. libevent's callbacks read and take notes; then, once per turn, server_loop_turn() does the
 * work in a fixed order: requests into a batch, commit, answers out, lost turns to their end, a step of
 * what is left of erased conversations. While the batch is open the callbacks may run again, so none of
 * them touches the store.
 */
#include "storaged/server/server.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sysexits.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "storaged/engine/env_probe.h"
#include "storaged/engine/garbage.h"
#include "storaged/server/handlers.h"
#include "storaged/server/peers.h"
#include "storaged/server/service_report.h"
#include "storaged/turns/interrupt.h"

/* How long the workers of turns that were open at the start have to claim them. They knock each
 * second (BACKOFF_MAX_MS in workerd/store/store_client.c); a visitor whose worker died with the store
 * waits for so long until the reply can be begun anew. A claim that comes later still counts, unless
 * that has happened. */
#define CLAIM_MS 3000

/* When to try again what the store or the system had no room for. */
#define RETRY_MS 1000

/* How often to tidy up. */
#define TIDY_MS 10000

/* Connections accepted in one loop turn. */
#define ACCEPTS_PER_TURN 64

struct server {
	struct env *env;
	int listener;
	struct event_base *base;
	struct event *acceptable, *term, *interrupt, *claim, *retry, *tidy;
	struct open_turns open;
	struct live live;
	struct batch batch;
	struct peers peers;
	struct service_report report;
	bool accept_paused, garbage_paused;
	bool retry_due, tidy_due; /* their callbacks may come in the middle of a batch */
	bool stopping;
};

static void
server_pause_accepting(struct server *s)
{
	event_del(s->acceptable);
	s->accept_paused = true;
}

/* Takes what waits in the listener's queue; pauses when there is no room, so as not to spin. */
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
		/* EAGAIN: none is left. Others belong to one connection (accept(2)). */
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

/* What was open at the start, and nobody has claimed. */
static void
server_on_claim_over(evutil_socket_t fd, short what, void *arg)
{
	struct server *s = arg;

	(void)fd;
	(void)what;
	open_turns_lose(&s->open, &s->open.found);
}

static void
server_on_retry(evutil_socket_t fd, short what, void *arg)
{
	struct server *s = arg;

	(void)fd;
	(void)what;
	s->retry_due = true;
}

static void
server_on_tidy(evutil_socket_t fd, short what, void *arg)
{
	struct server *s = arg;

	(void)fd;
	(void)what;
	s->tidy_due = true;
}

/* Offers every peer the batch, beginning where the turn before ended. */
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

/* Takes what has come while the requests before it ran: the more share a commit, the less each
 * has to wait for the next one (make bench-store with 512 in flight on one connection: 143 requests
 * a commit without it, 512 with it; 0.52 and 0.71 of bare LMDB's rate). */
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

/* Whether some peer can be served again at once. */
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

/* Ends lost turns, unless a try that failed is to be repeated only later. */
static bool
server_end_lost_turns(struct server *s)
{
	if (!s->env->writable)
		return false;
	return interrupt_lost(s->env, &s->live) == INTERRUPT_MORE;
}

/* Removes some of what is left of erased conversations, even of a full store: it makes room. */
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

/* Tries again what there was no room for. Outside of any transaction. */
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

static void
server_report(struct server *s)
{
	service_report_state(&s->report, s->env->writable, s->peers.n, s->open.n);
}

/* Nobody tells us that a reader was killed, nor when a busy time is over. */
static void
server_tidy(struct server *s)
{
	s->tidy_due = false;
	(void)env_check_readers(s->env);
	peers_trim(&s->peers);
	server_report(s);
}

static void
server_plan_retry(struct server *s)
{
	struct timeval retry = clock_timeval(RETRY_MS);

	if ((!s->env->writable || s->accept_paused || s->garbage_paused) &&
	    !event_pending(s->retry, EV_TIMEOUT, NULL))
		must(event_add(s->retry, &retry) == 0);
}

/* What is done after the callbacks of a loop turn. *more: there is work that no event announces.
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
		    L_STR("help", "storaged has to be started anew"));
		return EX_IOERR;
	}
	s->live.notified = false;
	*more = server_settle_all(s);
	*more |= server_end_lost_turns(s);
	/* Who goes, and what ends, is told to others, who may have been settled already. */
	*more |= s->live.notified;
	if (s->retry_due)
		server_retry(s);
	*more |= server_remove_garbage(s);
	if (s->tidy_due)
		server_tidy(s);
	if (s->env->writable != s->report.writable)
		server_report(s);
	server_plan_retry(s);
	return 0;
}

static int
server_loop(struct server *s)
{
	bool more = true; /* what was left by the process before */
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

	s->base = event_base_new();
	must(s->base != NULL);
	s->acceptable =
	    event_new(s->base, s->listener, EV_READ | EV_PERSIST, server_on_acceptable, s);
	s->term = evsignal_new(s->base, SIGTERM, server_on_stop, s);
	s->interrupt = evsignal_new(s->base, SIGINT, server_on_stop, s);
	s->claim = evtimer_new(s->base, server_on_claim_over, s);
	s->retry = evtimer_new(s->base, server_on_retry, s);
	s->tidy = event_new(s->base, -1, EV_PERSIST, server_on_tidy, s);
	must(s->acceptable != NULL && s->term != NULL && s->interrupt != NULL &&
	    s->claim != NULL && s->retry != NULL && s->tidy != NULL);
	must(event_add(s->acceptable, NULL) == 0);
	must(event_add(s->term, NULL) == 0);
	must(event_add(s->interrupt, NULL) == 0);
	must(event_add(s->tidy, &tidy_each) == 0);
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
	event_base_free(s->base);
}

int
server_run(struct env *env, int listener, const struct access *access)
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
	if (open_turns_load(&s.open, env) != 0)
		status = EX_IOERR;
	if (status == 0) {
		if (s.open.n > 0)
			must(event_add(s.claim, &claim) == 0);
		log_event(LOG_NOTICE, "store_ready", L_UINT("open_turns", s.open.n),
		    L_UINT("max_bytes", env->max_bytes));
		service_report_ready(&s.report);
		status = server_loop(&s);
		service_report_stopping(&s.report);
	}
	service_report_clear(&s.report);
	peers_clear(&s.peers);
	server_stop_events(&s);
	batch_clear(&s.batch);
	live_clear(&s.live);
	open_turns_clear(&s.open);
	return status;
}
