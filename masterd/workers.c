/*
 * Seats, restart pauses, reaping, and replacement of workers during a reload.
 *
 * worker.c handles a worker's messages; this file handles two events: a worker has become ready,
 * and a worker has been reaped. A seat is filled again only after its worker was reaped, so that
 * nothing of a dead worker can be mistaken for the new one's.
 */
#include "masterd/workers.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "masterd/spawn.h"
#include "masterd/worker_exit.h"
#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"

#define PAUSE_FIRST_MS   100
#define PAUSE_LONGEST_MS 10000

/* A worker that ran this long did not die of its predecessor's problem. */
#define LONG_LIFE_MS 10000

#define NO_NUMBER SCOREBOARD_WORKERS_MAX

struct seat {
	struct workers *owner;
	struct worker *worker; /* the seat's worker, from its start until it is reaped */
	struct worker *next;   /* its successor during a reload, until that is ready */
	uint64_t pause_ms;     /* before the next start */
	struct event *restart;
};

struct workers {
	struct workers_config config;
	struct worker_hooks hooks;
	struct seat *seats; /* config.wanted of them */
	struct worker *by_number[SCOREBOARD_WORKERS_MAX];
	uint64_t generations; /* workers started so far */
	uint64_t epoch; /* reloads so far; workers with a smaller epoch are to be replaced */
	bool served;    /* some worker has been ready */
	bool reloading;
	bool stopping;
	struct event *sigchld;
	struct heartbeat_rounds rounds;
	struct event *round;
};

static unsigned
workers_free_number(const struct workers *ws)
{
	unsigned n = 0;

	while (n < NO_NUMBER && ws->by_number[n] != NULL)
		n++;
	return n;
}

/* Starts a worker. NULL if that fails (logged). */
static struct worker *
workers_start_one(struct workers *ws)
{
	struct worker_config who = {
	    .number = workers_free_number(ws),
	    .generation = ws->generations + 1,
	    .epoch = ws->epoch,
	    .tls_keys = ws->config.tls_keys,
	};
	struct worker *w;
	int control;

	if (who.number == NO_NUMBER) {
		log_event(LOG_WARN, "no_worker_number",
		    L_STR("why", "too many workers are draining"));
		return NULL;
	}
	who.pid =
	    spawn_worker(ws->config.program, who.number, ws->config.scoreboard_fd, &control);
	if (who.pid == -1) {
		log_event(LOG_ERROR, "worker_start_failed", L_UINT("worker", who.number),
		    L_STR("program", ws->config.program), L_ERRNO());
		return NULL;
	}
	ws->generations++;
	log_event(LOG_INFO, "worker_start", L_UINT("worker", who.number), L_INT("pid", who.pid),
	    L_UINT("generation", who.generation));
	scoreboard_worker_started(ws->config.scoreboard, who.number, (uint64_t)who.pid);
	metric_add(&ws->config.scoreboard->master.worker_starts, 1);
	w = worker_new(ws->config.base, &who, control, &ws->hooks);
	ws->by_number[who.number] = w;
	return w;
}

/* Schedules the next start of this seat; the pause doubles each time. */
static void
workers_restart_later(struct seat *seat)
{
	loop_after(seat->restart, seat->pause_ms);
	seat->pause_ms *= 2;
	if (seat->pause_ms > PAUSE_LONGEST_MS)
		seat->pause_ms = PAUSE_LONGEST_MS;
}

static void
workers_end_reload(struct workers *ws, enum log_level level, const char *ev)
{
	ws->reloading = false;
	log_event(level, ev, L_UINT("reload", ws->epoch));
	ws->config.report(WORKERS_RELOADED, ws->config.ctx);
}

/* New workers fail: keep the old ones. */
static void
workers_fail_reload(struct workers *ws)
{
	if (ws->reloading)
		workers_end_reload(ws, LOG_ERROR, "reload_failed");
}

/* Retries after a pause on failure. During a reload a draining worker may still free a number; any
 * other failure ends the reload. */
static void
workers_fill_seat(struct seat *seat)
{
	struct workers *ws = seat->owner;

	must(seat->worker == NULL && seat->next == NULL);
	seat->worker = workers_start_one(ws);
	if (seat->worker != NULL)
		return;
	workers_restart_later(seat);
	if (workers_free_number(ws) != NO_NUMBER)
		workers_fail_reload(ws);
}

static void
workers_on_restart(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	workers_fill_seat(arg);
}

void
workers_start(struct workers *ws)
{
	for (size_t i = 0; i < ws->config.wanted; i++)
		workers_fill_seat(&ws->seats[i]);
}

/* If no number is free, the old worker must leave before its successor can start. */
static void
workers_renew_seat(struct seat *seat)
{
	struct worker *old = seat->worker;

	if (workers_free_number(seat->owner) == NO_NUMBER) {
		seat->worker = NULL;
		worker_drain(old, seat->owner->config.renew_ms);
		workers_restart_later(seat);
		return;
	}
	seat->next = workers_start_one(seat->owner);
	if (seat->next == NULL)
		workers_fail_reload(seat->owner);
}

/* The next step of a reload. Does nothing while a seat is empty or a start is in progress, since
 * only one seat at a time may be without its worker. That ends: the worker that fills that seat is
 * new, so it becomes ready, or its death ends the reload. */
static void
workers_renew_next(struct workers *ws)
{
	struct seat *old = NULL;

	if (!ws->reloading)
		return;
	for (size_t i = 0; i < ws->config.wanted; i++) {
		struct seat *seat = &ws->seats[i];

		if (seat->worker == NULL || seat->next != NULL ||
		    seat->worker->state != WORKER_READY)
			return;
		if (old == NULL && seat->worker->epoch < ws->epoch)
			old = seat;
	}
	if (old != NULL)
		workers_renew_seat(old);
	else
		workers_end_reload(ws, LOG_NOTICE, "reload_done");
}

void
workers_reload(struct workers *ws)
{
	if (ws->stopping)
		return;
	ws->epoch++;
	ws->reloading = true;
	log_event(LOG_NOTICE, "reload", L_UINT("reload", ws->epoch));
	workers_renew_next(ws);
}

void
workers_send_keys(struct workers *ws, bool certificate)
{
	for (size_t i = 0; i < ARRAY_LEN(ws->by_number); i++)
		if (ws->by_number[i] != NULL)
			worker_send_keys(ws->by_number[i], certificate);
}

static struct seat *
workers_find_seat(struct workers *ws, const struct worker *w)
{
	for (size_t i = 0; i < ws->config.wanted; i++)
		if (ws->seats[i].worker == w || ws->seats[i].next == w)
			return &ws->seats[i];
	return NULL;
}

/* A successor is ready: it takes the seat, and the old worker, if it still runs, drains. */
static void
workers_replace(struct seat *seat)
{
	struct worker *old = seat->worker;

	seat->worker = seat->next;
	seat->next = NULL;
	if (old != NULL)
		worker_drain(old, seat->owner->config.renew_ms);
}

static void
workers_on_changed(struct worker *w, void *ctx)
{
	struct workers *ws = ctx;
	struct seat *seat = workers_find_seat(ws, w);

	if (w->state != WORKER_READY) {
		dispatch_remove(ws->config.dispatch, w);
		ws->config.report(WORKERS_SERVING, ws->config.ctx);
		return;
	}
	ws->served = true;
	dispatch_add(ws->config.dispatch, w);
	ws->config.report(WORKERS_SERVING, ws->config.ctx);
	if (seat != NULL && seat->next == w)
		workers_replace(seat);
	workers_renew_next(ws);
}

static void
workers_on_taken(struct worker *w, void *ctx)
{
	struct workers *ws = ctx;

	if (w->state == WORKER_READY)
		dispatch_taken(ws->config.dispatch, w);
}

static void
workers_on_round(evutil_socket_t fd, short what, void *arg)
{
	struct workers *ws = arg;
	const uint64_t now = clock_mono_ms();
	const bool counts = heartbeat_rounds_next(&ws->rounds, now);

	(void)fd, (void)what;
	for (size_t i = 0; i < ARRAY_LEN(ws->by_number); i++)
		if (ws->by_number[i] != NULL)
			worker_check(ws->by_number[i], counts, now);
	loop_after(ws->round, ws->rounds.period_ms);
}

static void
workers_start_rounds(struct workers *ws)
{
	if (ws->config.hang_ms == 0)
		return;
	ws->rounds = heartbeat_rounds_start(ws->config.hang_ms, clock_mono_ms());
	loop_after(ws->round, ws->rounds.period_ms);
}

static bool
workers_none_left(const struct workers *ws)
{
	for (size_t i = 0; i < ARRAY_LEN(ws->by_number); i++)
		if (ws->by_number[i] != NULL)
			return false;
	return true;
}

/* The seat's worker has exited. A starting successor takes the seat; otherwise restart after the
 * pause. */
static void
workers_vacate_seat(struct seat *seat, uint64_t uptime_ms)
{
	seat->worker = NULL;
	if (seat->next != NULL)
		return;
	if (uptime_ms >= LONG_LIFE_MS)
		seat->pause_ms = PAUSE_FIRST_MS;
	workers_restart_later(seat);
}

/* A successor exited before it was ready. */
static void
workers_successor_failed(struct seat *seat)
{
	seat->next = NULL;
	if (seat->worker == NULL)
		workers_restart_later(seat);
	workers_fail_reload(seat->owner);
}

/* Facts about a reaped worker, kept after it is freed. */
struct exited_worker {
	struct seat *seat; /* NULL: it was replaced before */
	bool was_next;
	bool was_new; /* started under the last reload */
	bool refused_settings;
	uint64_t uptime_ms;
};

static void
workers_after_exit(struct workers *ws, const struct exited_worker *d)
{
	if (ws->stopping) {
		if (workers_none_left(ws))
			ws->config.report(WORKERS_ALL_GONE, ws->config.ctx);
	} else if (d->seat == NULL) {
		workers_renew_next(ws);
	} else if (d->was_next) {
		workers_successor_failed(d->seat);
	} else if (d->refused_settings && !ws->served) {
		d->seat->worker = NULL;
		ws->config.report(WORKERS_REFUSED, ws->config.ctx);
	} else {
		workers_vacate_seat(d->seat, d->uptime_ms);
		if (d->was_new)
			workers_fail_reload(ws);
	}
}

static void
workers_reap(struct workers *ws, struct worker *w, int status)
{
	struct seat *seat = workers_find_seat(ws, w);
	const struct exited_worker d = {
	    .seat = seat,
	    .was_next = seat != NULL && seat->next == w,
	    .was_new = w->epoch == ws->epoch,
	    .refused_settings = worker_exit_refused_settings(w, status),
	    .uptime_ms = clock_mono_ms() - w->started_ms,
	};
	bool ready = w->state == WORKER_READY;

	worker_exit_log(w, status);
	scoreboard_worker_gone(ws->config.scoreboard, w->number);
	if (!w->leaving) {
		metric_add(&ws->config.scoreboard->master.worker_deaths, 1);
		crashes_add(
		    &ws->config.scoreboard->worker_crashes, w->generation, clock_mono_ms());
	}
	if (w->hung)
		metric_add(&ws->config.scoreboard->master.worker_hangs, 1);
	dispatch_remove(ws->config.dispatch, w);
	ws->by_number[w->number] = NULL;
	worker_free(w);
	if (ready)
		ws->config.report(WORKERS_SERVING, ws->config.ctx);
	workers_after_exit(ws, &d);
}

/* The kernel reuses a pid only after waitpid() has returned it, so it identifies one worker. */
static struct worker *
workers_find_pid(const struct workers *ws, pid_t pid)
{
	for (size_t i = 0; i < ARRAY_LEN(ws->by_number); i++)
		if (ws->by_number[i] != NULL && ws->by_number[i]->pid == pid)
			return ws->by_number[i];
	return NULL;
}

/* One SIGCHLD can stand for several deaths. Other children are inherited from before our exec. */
static void
workers_on_sigchld(evutil_socket_t fd, short what, void *arg)
{
	struct workers *ws = arg;
	struct worker *w;
	int status;
	pid_t pid;

	(void)fd, (void)what;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if ((w = workers_find_pid(ws, pid)) != NULL)
			workers_reap(ws, w, status);
}

void
workers_stop(struct workers *ws)
{
	ws->stopping = true;
	ws->reloading = false;
	for (size_t i = 0; i < ws->config.wanted; i++)
		event_del(ws->seats[i].restart);
	for (size_t i = 0; i < ARRAY_LEN(ws->by_number); i++)
		if (ws->by_number[i] != NULL)
			worker_drain(ws->by_number[i], ws->config.drain_ms);
	if (workers_none_left(ws))
		ws->config.report(WORKERS_ALL_GONE, ws->config.ctx);
}

void
workers_kill(struct workers *ws)
{
	for (size_t i = 0; i < ARRAY_LEN(ws->by_number); i++)
		if (ws->by_number[i] != NULL)
			worker_kill(ws->by_number[i], "immediate stop requested");
}

struct workers *
workers_new(const struct workers_config *config)
{
	struct workers *ws = xcalloc(1, sizeof(*ws));

	must(config->wanted >= 1 && config->wanted <= SCOREBOARD_WORKERS_MAX);
	ws->config = *config;
	ws->hooks = (struct worker_hooks){
	    .changed = workers_on_changed, .taken = workers_on_taken, .ctx = ws};
	ws->seats = xcalloc(config->wanted, sizeof(*ws->seats));
	for (size_t i = 0; i < config->wanted; i++)
		ws->seats[i] = (struct seat){
		    .owner = ws,
		    .pause_ms = PAUSE_FIRST_MS,
		    .restart = loop_timer(config->base, workers_on_restart, &ws->seats[i]),
		};
	ws->sigchld = loop_signal(config->base, SIGCHLD, workers_on_sigchld, ws);
	ws->round = loop_timer(config->base, workers_on_round, ws);
	workers_start_rounds(ws);
	return ws;
}

void
workers_free(struct workers *ws)
{
	if (ws == NULL)
		return;
	for (size_t i = 0; i < ARRAY_LEN(ws->by_number); i++) {
		struct worker *w = ws->by_number[i];

		if (w == NULL)
			continue;
		kill(w->pid, SIGKILL);
		(void)waitpid(w->pid, NULL, 0);
		dispatch_remove(ws->config.dispatch, w);
		worker_free(w);
	}
	for (size_t i = 0; i < ws->config.wanted; i++)
		loop_free(&ws->seats[i].restart);
	loop_free(&ws->round);
	loop_free(&ws->sigchld);
	free(ws->seats);
	free(ws);
}
