/*
 * The loop turn. libevent's callbacks only read bytes and set flags; then, once per turn,
 * server_loop_turn() does the work in a fixed order: requests into a batch, commit, answers, some
 * requests that read much, lost turns, one step each of retention, takeovers that end, and garbage collection.
 */
#include "storaged/server/server.h"

#include <sysexits.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "storaged/budgets/spenders_garbage.h"
#include "storaged/changes/changes.h"
#include "storaged/changes/changes_trim.h"
#include "storaged/content/content_garbage.h"
#include "storaged/conversations/label_recount.h"
#include "storaged/duty/due.h"
#include "storaged/engine/env_probe.h"
#include "storaged/engine/garbage.h"
#include "storaged/files/file_garbage.h"
#include "storaged/inbox/takeover.h"
#include "storaged/numbers/numbers_fold.h"
#include "storaged/numbers/numbers_recount.h"
#include "storaged/replication/hand_over.h"
#include "storaged/request/store_time.h"
#include "storaged/retention/retention.h"
#include "storaged/server/handlers.h"
#include "storaged/server/scrub.h"
#include "storaged/server/serving.h"
#include "storaged/turns/interrupt.h"
#include "storaged/turns/silence.h"

/* How long the workers of turns that were open at the start have to claim them. Workers
 * try to connect every 500 ms or more often (workerd/store/store_client.c). A visitor whose
 * worker died together with the store waits this long before the reply can start again. A later
 * claim still counts, unless the reply has started again. */
#define CLAIM_MS 3000

/* The same for the workers of connections that a proxy has closed. */
#define CLAIM_PROXY_MS 1000

/* The same when the store may have moved to this machine, which the workers' proxies have to notice. */
#define CLAIM_MOVED_MS 10000

/* Retry interval after the store or the system had no space. */
#define RETRY_MS 1000

/* Interval of the periodic maintenance. */
#define TIDY_MS 10000

struct server {
	struct serving serving;
	struct env *env;     /* of serving */
	struct owner *owner; /* of the commit log; NULL: there is none */
	struct event *claim, *retry, *tidy, *scrub, *silent, *owning, *handing, *due;
	struct numbers_fold numbers;
	struct retention retention;
	struct silence silence;
	bool garbage_paused;
	bool trims; /* the change feed has rows to remove */
	/* Set by callbacks, which may run during a batch. */
	bool retry_due, tidy_due, scrub_due, silence_due, owning_due, handing_due, due_due;
	uint64_t commits; /* at the last maintenance */
};

/* Turns that were open at the start, and that no worker has claimed. */
static void
server_on_claim_over(evutil_socket_t fd, short what, void *arg)
{
	struct server *s = arg;

	(void)fd;
	(void)what;
	open_turns_lose(&s->serving.open, &s->serving.open.found);
}

/* Turns of the first closed connection wait CLAIM_PROXY_MS, those of later ones not longer. */
static void
server_await_claims(struct server *s)
{
	struct timeval claim = clock_timeval(CLAIM_PROXY_MS);

	if (s->serving.peers.awaits && !event_pending(s->claim, EV_TIMEOUT, NULL))
		must(event_add(s->claim, &claim) == 0);
	s->serving.peers.awaits = false;
}

/* Sets one of the flags that work is due. */
static void
server_on_due(evutil_socket_t fd, short what, void *flag)
{
	(void)fd;
	(void)what;
	*(bool *)flag = true;
}

/* Ends lost turns. While the store takes no writes, the retry timer repeats this. */
static bool
server_end_lost_turns(struct server *s)
{
	if (!s->env->writable)
		return false;
	return interrupt_lost(s->env, &s->serving.live) == INTERRUPT_MORE;
}

/* Ends some takeovers of operators who are silent. */
static bool
server_end_silence(struct server *s)
{
	if (s->silence_due)
		silence_start(&s->silence);
	s->silence_due = false;
	return silence_step(&s->silence, s->env, &s->serving.live);
}

/* What has its time in the table due. */
static bool
server_do_due(struct server *s)
{
	bool more = s->due_due && due_step(s->env, &s->serving.live);

	s->due_due = more;
	return more;
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
	serving_accept_again(&s->serving);
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
	service_report_state(&s->serving.service->report, s->env->writable,
	    s->env->damage != NULL, s->serving.peers.n, s->serving.open.n);
}

/* Maintenance without an event: readers that were killed, buffers that are larger than needed. */
static void
server_tidy(struct server *s)
{
	s->tidy_due = false;
	s->trims = true;
	retention_start(&s->retention);
	content_garbage_start(s->env);
	spenders_garbage_start(s->env);
	file_garbage_start(s->env);
	store_time_save(s->env, s->serving.batch.activity.commits != s->commits);
	s->commits = s->serving.batch.activity.commits;
	(void)env_check_readers(s->env);
	peers_trim(&s->serving.peers);
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
	server_plan_scrub(s, scrub_step(s->env, s->serving.batch.activity.requests));
}

static void
server_plan_retry(struct server *s)
{
	struct timeval retry = clock_timeval(RETRY_MS);

	if ((!s->env->writable || s->serving.accept_paused || s->garbage_paused) &&
	    !event_pending(s->retry, EV_TIMEOUT, NULL))
		must(event_add(s->retry, &retry) == 0);
}

/* Whether answers must not leave any more, because another machine may be the owner. */
static bool
server_has_lost(struct server *s)
{
	return s->owner != NULL && !owner_holds(s->owner);
}

/* Hands the ownership over if an operator wants it, or the store cannot be written. ticks: a second has passed. */
static void
server_hand_over(struct server *s, bool ticks)
{
	struct hand_over *wanted = &s->serving.live.hand_over;
	struct timeval look = clock_timeval(HAND_OVER_LOOK_MS);

	if (wanted->wanted)
		hand_over_want(s->owner, slice_str(wanted->to));
	wanted->wanted = false;
	if (ticks)
		hand_over_tick(s->owner);
	hand_over_step(s->owner);
	if (hand_over_waits(s->owner))
		must(event_add(s->handing, &look) == 0);
	/* All requests that were executed have their answers in front of this. */
	if (s->owner->lost)
		peers_tell_leaving(&s->serving.peers, false);
}

/* The owner's work: its heartbeat and the log, once a second; and its end. */
static void
server_tend_log(struct server *s)
{
	bool ticks = s->owning_due;

	s->owning_due = s->handing_due = false;
	if (s->owner == NULL)
		return;
	if (ticks)
		owner_tick(s->owner);
	if (!s->owner->lost)
		server_hand_over(s, ticks);
}

/* After a batch: 0 if the answers may leave, or the exit status. */
static int
server_check(struct server *s, int rc)
{
	if (server_has_lost(s))
		return SERVER_LOST;
	if (rc == 0)
		return 0;
	log_event(LOG_ERROR, "store_broken", L_STR("error", env_strerror(rc)),
	    L_STR("help", "restart storaged"));
	return EX_IOERR;
}

/* As server_loop_turn(). */
static int
server_run_long(struct server *s, bool *more)
{
	bool ran;
	int status = server_check(s, serving_run_long(&s->serving, &ran));

	if (status == 0 && ran)
		*more |=
		    serving_settle(&s->serving) || !TAILQ_EMPTY(&s->serving.long_reads.all);
	return status;
}

/* The work after the callbacks of a loop turn. *more: there is work left that causes no event.
 * 0, or the exit status. */
static int
server_loop_turn(struct server *s, bool *more)
{
	int status = server_check(s, serving_run_requests(&s->serving));

	if (status != 0)
		return status;
	s->serving.live.notified = false;
	*more = serving_settle(&s->serving);
	status = server_run_long(s, more);
	if (status != 0)
		return status;
	server_await_claims(s);
	*more |= server_end_lost_turns(s);
	*more |= retention_step(&s->retention, s->env, &s->serving.live);
	*more |= server_end_silence(s);
	*more |= server_do_due(s);
	live_changes(&s->serving.live, s->env->newest_change);
	/* Ending turns and freed peers notify peers that may have been settled already. */
	*more |= s->serving.live.notified;
	if (s->retry_due)
		server_retry(s);
	*more |= server_remove_garbage(s);
	*more |= content_garbage_step(s->env);
	*more |= spenders_garbage_step(s->env);
	*more |= file_garbage_step(s->env);
	*more |= server_fold_numbers(s);
	if (s->tidy_due)
		server_tidy(s);
	*more |= server_trim_changes(s);
	if (s->scrub_due)
		server_scrub(s);
	server_tend_log(s);
	/* The next turn ends it, and must not wait for an event: workers wait for the end of their connections. */
	*more |= s->owner != NULL && s->owner->lost;
	if (s->env->writable != s->serving.service->report.writable ||
	    (s->env->damage != NULL) != s->serving.service->report.damaged)
		server_report(s);
	server_plan_retry(s);
	return 0;
}

static int
server_loop(struct server *s)
{
	bool more = true; /* garbage of the previous process */
	int status = 0;

	while (!s->serving.service->stopping && status == 0) {
		int flags = EVLOOP_ONCE | (more ? EVLOOP_NONBLOCK : 0);

		must(event_base_loop(s->serving.service->base, flags) != -1);
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
	struct timeval due_each = clock_timeval(DUE_INTERVAL_MS);
	struct timeval renew_each = clock_timeval(REPLICA_RENEW_MS);

	s->claim = evtimer_new(s->serving.service->base, server_on_claim_over, s);
	s->retry = evtimer_new(s->serving.service->base, server_on_due, &s->retry_due);
	s->tidy =
	    event_new(s->serving.service->base, -1, EV_PERSIST, server_on_due, &s->tidy_due);
	s->scrub = evtimer_new(s->serving.service->base, server_on_due, &s->scrub_due);
	s->silent =
	    event_new(s->serving.service->base, -1, EV_PERSIST, server_on_due, &s->silence_due);
	s->due =
	    event_new(s->serving.service->base, -1, EV_PERSIST, server_on_due, &s->due_due);
	must(s->due != NULL && event_add(s->due, &due_each) == 0);
	s->owning =
	    event_new(s->serving.service->base, -1, EV_PERSIST, server_on_due, &s->owning_due);
	s->handing = evtimer_new(s->serving.service->base, server_on_due, &s->handing_due);
	must(s->silent != NULL && s->owning != NULL && s->handing != NULL);
	must(s->claim != NULL && s->retry != NULL && s->tidy != NULL && s->scrub != NULL);
	must(event_add(s->tidy, &tidy_each) == 0);
	if (s->owner != NULL)
		must(event_add(s->owning, &renew_each) == 0);
	if (silent_ms > 0)
		must(event_add(s->silent, &silent_each) == 0);
	server_plan_scrub(s, SCRUB_STEP_MS);
}

static void
server_stop_events(struct server *s)
{
	event_free(s->claim);
	event_free(s->retry);
	event_free(s->tidy);
	event_free(s->scrub);
	event_free(s->silent);
	event_free(s->due);
	event_free(s->owning);
	event_free(s->handing);
}

/* Reads from the store what is kept in memory: of a damaged one, what can be read. */
static int
server_load_found(struct server *s)
{
	struct env *env = s->env;
	int rc = store_time_load(env);

	if (rc == 0 || env->damage != NULL)
		rc = open_turns_load(&s->serving.open, env);
	if (rc == 0 || env->damage != NULL)
		rc = takeover_stop_found(env, &s->serving.live);
	return env->damage != NULL ? 0 : rc;
}

/* Forgets what an earlier time as the owner has left in memory, and reads it from the store. */
static int
server_load(struct server *s)
{
	struct env *env = s->env;

	env->writable = env->damage == NULL;
	env->garbage = (struct garbage){0};
	env->content = (struct content_garbage){0};
	env->spenders = (struct spenders_garbage){.runs = true};
	env->files = (struct file_garbage){0};
	env->time = (struct store_time){0};
	if (server_load_found(s) != 0)
		return EX_IOERR;
	changes_start(env);
	numbers_start(env);
	label_recount_missing(env);
	retention_start(&s->retention);
	return 0;
}

int
server_run(struct env *env, struct service *service, struct owner *owner)
{
	struct server s = {.env = env, .owner = owner};
	struct timeval claim = clock_timeval(owner == NULL ? CLAIM_MS : CLAIM_MOVED_MS);
	int status;

	serving_start(&s.serving, env, service, &store_handlers);
	server_start_events(&s);
	status = server_load(&s);
	if (status == 0) {
		if (s.serving.open.n > 0)
			must(event_add(s.claim, &claim) == 0);
		log_event(LOG_NOTICE, "store_ready", L_UINT("open_turns", s.serving.open.n),
		    L_UINT("max_bytes", env->max_bytes));
		service_report_ready(&service->report);
		status = server_loop(&s);
		if (status == 0 || status == SERVER_LOST)
			peers_tell_leaving(&s.serving.peers, status == SERVER_LOST);
	}
	if (status != SERVER_LOST) {
		store_time_save(env, true);
		service_report_stopping(&service->report);
	}
	server_stop_events(&s);
	serving_end(&s.serving);
	return status;
}
