/*
 * Seats, pauses between starts, obituaries, and the renewal of workers.
 *
 * What a worker says is its own affair (child.c); here only two things count: it has become
 * ready, and it has been reaped. A seat is filled again only after its worker was reaped, so that
 * nothing a dead worker left behind can be taken for the new one's.
 */
#include "masterd/children.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>

#include "masterd/spawn.h"
#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"

#define PAUSE_FIRST_MS   100
#define PAUSE_LONGEST_MS 10000

/* A worker that lived this long did not die of what killed the one before it. */
#define LONG_LIFE_MS 10000

#define NO_NUMBER SCOREBOARD_WORKERS_MAX

struct seat {
	struct children *owner;
	struct child *child; /* who sits there, from its start until it is reaped */
	struct child *next;  /* who takes over when it is ready, during a reload */
	uint64_t pause_ms;   /* before the next start */
	struct event *restart;
};

struct children {
	struct children_config config;
	struct child_hooks hooks;
	struct seat *seats; /* config.wanted of them */
	struct child *by_number[SCOREBOARD_WORKERS_MAX];
	uint64_t generations; /* children started so far */
	uint64_t epoch;       /* reloads so far; older children are to be renewed */
	bool served;          /* some worker has been ready */
	bool reloading;
	bool stopping;
	struct event *died;
	struct pulse_rounds rounds;
	struct event *round;
};

/* -- starting ---------------------------------------------------------------------------- */

static unsigned
free_number(const struct children *ch)
{
	unsigned n = 0;

	while (n < NO_NUMBER && ch->by_number[n] != NULL)
		n++;
	return n;
}

/* A worker that has just been started, or NULL (logged). */
static struct child *
start_child(struct children *ch)
{
	struct child_identity who = {
	    .number = free_number(ch),
	    .generation = ch->generations + 1,
	    .epoch = ch->epoch,
	    .keyring = ch->config.keyring,
	};
	struct child *c;
	int control;

	if (who.number == NO_NUMBER) {
		log_event(LOG_WARN, "no_worker_number", L_STR("why", "too many are draining"));
		return NULL;
	}
	who.pid =
	    spawn_worker(ch->config.program, who.number, ch->config.scoreboard_fd, &control);
	if (who.pid == -1) {
		log_event(LOG_ERROR, "worker_start_failed", L_UINT("worker", who.number),
		    L_STR("program", ch->config.program), L_ERRNO());
		return NULL;
	}
	ch->generations++;
	log_event(LOG_INFO, "worker_start", L_UINT("worker", who.number), L_INT("pid", who.pid),
	    L_UINT("generation", who.generation));
	scoreboard_worker_started(ch->config.scoreboard, who.number, (uint64_t)who.pid);
	metric_add(&ch->config.scoreboard->master.worker_starts, 1);
	c = child_new(ch->config.base, &who, control, &ch->hooks);
	ch->by_number[who.number] = c;
	return c;
}

/* Its next worker comes after the pause; the one after that waits twice as long. */
static void
pause_seat(struct seat *seat)
{
	loop_after(seat->restart, seat->pause_ms);
	seat->pause_ms *= 2;
	if (seat->pause_ms > PAUSE_LONGEST_MS)
		seat->pause_ms = PAUSE_LONGEST_MS;
}

static void
reload_over(struct children *ch, enum log_level level, const char *ev)
{
	ch->reloading = false;
	log_event(level, ev, L_UINT("reload", ch->epoch));
	ch->config.report(CHILDREN_RELOADED, ch->config.ctx);
}

/* New workers fail: no old one is to be given up for them. */
static void
reload_failed(struct children *ch)
{
	if (ch->reloading)
		reload_over(ch, LOG_ERROR, "reload_failed");
}

/* Tries again after a pause. During a reload a number may yet come free, from one that drains; any
 * other failure ends it. */
static void
fill_seat(struct seat *seat)
{
	struct children *ch = seat->owner;

	must(seat->child == NULL && seat->next == NULL);
	seat->child = start_child(ch);
	if (seat->child != NULL)
		return;
	pause_seat(seat);
	if (free_number(ch) != NO_NUMBER)
		reload_failed(ch);
}

static void
on_restart(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	fill_seat(arg);
}

void
children_start(struct children *ch)
{
	for (size_t i = 0; i < ch->config.wanted; i++)
		fill_seat(&ch->seats[i]);
}

/* -- reloading --------------------------------------------------------------------------- */

/* Without a free number the old worker has to leave before its successor can start. */
static void
renew_seat(struct seat *seat)
{
	struct child *old = seat->child;

	if (free_number(seat->owner) == NO_NUMBER) {
		seat->child = NULL;
		child_drain(old, seat->owner->config.renew_ms);
		pause_seat(seat);
		return;
	}
	seat->next = start_child(seat->owner);
	if (seat->next == NULL)
		reload_failed(seat->owner);
}

/*
 * The next step of a reload: nothing while a seat is empty or a start is under way, since only one
 * seat at a time may be without its worker. It need not wait for ever: whoever fills that seat is
 * new, so it becomes ready, or its death ends the reload.
 */
static void
renew_one(struct children *ch)
{
	struct seat *old = NULL;

	if (!ch->reloading)
		return;
	for (size_t i = 0; i < ch->config.wanted; i++) {
		struct seat *seat = &ch->seats[i];

		if (seat->child == NULL || seat->next != NULL ||
		    seat->child->state != CHILD_READY)
			return;
		if (old == NULL && seat->child->epoch < ch->epoch)
			old = seat;
	}
	if (old != NULL)
		renew_seat(old);
	else
		reload_over(ch, LOG_NOTICE, "reload_done");
}

void
children_reload(struct children *ch)
{
	if (ch->stopping)
		return;
	ch->epoch++;
	ch->reloading = true;
	log_event(LOG_NOTICE, "reload", L_UINT("reload", ch->epoch));
	renew_one(ch);
}

/* -- keys -------------------------------------------------------------------------------- */

void
children_send_keys(struct children *ch, bool identity)
{
	for (size_t i = 0; i < ARRAY_LEN(ch->by_number); i++)
		if (ch->by_number[i] != NULL)
			child_send_keys(ch->by_number[i], identity);
}

/* -- a worker's changes ------------------------------------------------------------------ */

static struct seat *
seat_of(struct children *ch, const struct child *c)
{
	for (size_t i = 0; i < ch->config.wanted; i++)
		if (ch->seats[i].child == c || ch->seats[i].next == c)
			return &ch->seats[i];
	return NULL;
}

/* A successor is ready: it takes the seat, and the old one, if it still lives, may go. */
static void
succeed(struct seat *seat)
{
	struct child *old = seat->child;

	seat->child = seat->next;
	seat->next = NULL;
	if (old != NULL)
		child_drain(old, seat->owner->config.renew_ms);
}

static void
on_changed(struct child *c, void *ctx)
{
	struct children *ch = ctx;
	struct seat *seat = seat_of(ch, c);

	if (c->state != CHILD_READY) {
		dispatch_remove(ch->config.dispatch, c);
		ch->config.report(CHILDREN_SERVING, ch->config.ctx);
		return;
	}
	ch->served = true;
	dispatch_add(ch->config.dispatch, c);
	ch->config.report(CHILDREN_SERVING, ch->config.ctx);
	if (seat != NULL && seat->next == c)
		succeed(seat);
	renew_one(ch);
}

static void
on_taken(struct child *c, void *ctx)
{
	struct children *ch = ctx;

	if (c->state == CHILD_READY)
		dispatch_taken(ch->config.dispatch, c);
}

/* -- the pulse --------------------------------------------------------------------------- */

static void
on_round(evutil_socket_t fd, short what, void *arg)
{
	struct children *ch = arg;
	const uint64_t now = clock_mono_ms();
	const bool counts = pulse_rounds_next(&ch->rounds, now);

	(void)fd, (void)what;
	for (size_t i = 0; i < ARRAY_LEN(ch->by_number); i++)
		if (ch->by_number[i] != NULL)
			child_check(ch->by_number[i], counts, now);
	loop_after(ch->round, ch->rounds.period_ms);
}

static void
begin_rounds(struct children *ch)
{
	if (ch->config.hang_ms == 0)
		return;
	ch->rounds = pulse_rounds_begin(ch->config.hang_ms, clock_mono_ms());
	loop_after(ch->round, ch->rounds.period_ms);
}

/* -- deaths ------------------------------------------------------------------------------ */

/* How bad it is: not at all, if it was told to go and went. */
static enum log_level
gravity(const struct child *c, int status)
{
	if (!c->leaving)
		return LOG_ERROR;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? LOG_INFO : LOG_WARN;
}

static void
obituary(const struct child *c, int status)
{
	bool killed = WIFSIGNALED(status);
	int code = killed ? WTERMSIG(status) : WEXITSTATUS(status);

	log_event(gravity(c, status), "worker_exit", L_UINT("worker", c->number),
	    L_INT("pid", c->pid), L_UINT("generation", c->generation),
	    L_STR("why", killed ? "signal" : "exit"), L_INT("code", code),
	    L_STR("signal", killed ? strsignal(code) : NULL),
	    L_UINT("uptime_ms", clock_mono_ms() - c->started_ms));
}

static bool
none_left(const struct children *ch)
{
	for (size_t i = 0; i < ARRAY_LEN(ch->by_number); i++)
		if (ch->by_number[i] != NULL)
			return false;
	return true;
}

/* Who sat there is gone: a successor that is on its way takes over, else the seat is filled
 * after a pause. */
static void
vacate(struct seat *seat, uint64_t uptime_ms)
{
	seat->child = NULL;
	if (seat->next != NULL)
		return;
	if (uptime_ms >= LONG_LIFE_MS)
		seat->pause_ms = PAUSE_FIRST_MS;
	pause_seat(seat);
}

/* A successor has died before it was ready. */
static void
succession_failed(struct seat *seat)
{
	seat->next = NULL;
	if (seat->child == NULL)
		pause_seat(seat);
	reload_failed(seat->owner);
}

/* What a reaped worker was, once it is freed. */
struct deceased {
	struct seat *seat; /* NULL: it had been replaced already */
	bool was_next;
	bool was_new; /* started under the last reload */
	bool refused_settings;
	uint64_t uptime_ms;
};

static void
after_death(struct children *ch, const struct deceased *d)
{
	if (ch->stopping) {
		if (none_left(ch))
			ch->config.report(CHILDREN_ALL_GONE, ch->config.ctx);
	} else if (d->seat == NULL) {
		renew_one(ch);
	} else if (d->was_next) {
		succession_failed(d->seat);
	} else if (d->refused_settings && !ch->served) {
		d->seat->child = NULL;
		ch->config.report(CHILDREN_REFUSED, ch->config.ctx);
	} else {
		vacate(d->seat, d->uptime_ms);
		if (d->was_new)
			reload_failed(ch);
	}
}

static void
bury(struct children *ch, struct child *c, int status)
{
	struct seat *seat = seat_of(ch, c);
	const struct deceased d = {
	    .seat = seat,
	    .was_next = seat != NULL && seat->next == c,
	    .was_new = c->epoch == ch->epoch,
	    .refused_settings =
		!c->was_ready && WIFEXITED(status) && WEXITSTATUS(status) == EX_CONFIG,
	    .uptime_ms = clock_mono_ms() - c->started_ms,
	};
	bool ready = c->state == CHILD_READY;

	obituary(c, status);
	scoreboard_worker_gone(ch->config.scoreboard, c->number);
	if (!c->leaving)
		metric_add(&ch->config.scoreboard->master.worker_deaths, 1);
	if (c->hung)
		metric_add(&ch->config.scoreboard->master.worker_hangs, 1);
	dispatch_remove(ch->config.dispatch, c);
	ch->by_number[c->number] = NULL;
	child_free(c);
	if (ready)
		ch->config.report(CHILDREN_SERVING, ch->config.ctx);
	after_death(ch, &d);
}

/* The pid is only reused after waitpid() has told us of it, so it names one child. */
static struct child *
by_pid(const struct children *ch, pid_t pid)
{
	for (size_t i = 0; i < ARRAY_LEN(ch->by_number); i++)
		if (ch->by_number[i] != NULL && ch->by_number[i]->pid == pid)
			return ch->by_number[i];
	return NULL;
}

/* One SIGCHLD may stand for many deaths. A child that is none of ours was there before we were
 * executed. */
static void
on_died(evutil_socket_t fd, short what, void *arg)
{
	struct children *ch = arg;
	struct child *c;
	int status;
	pid_t pid;

	(void)fd, (void)what;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if ((c = by_pid(ch, pid)) != NULL)
			bury(ch, c, status);
}

/* -- stopping ---------------------------------------------------------------------------- */

void
children_stop(struct children *ch)
{
	ch->stopping = true;
	ch->reloading = false;
	for (size_t i = 0; i < ch->config.wanted; i++)
		event_del(ch->seats[i].restart);
	for (size_t i = 0; i < ARRAY_LEN(ch->by_number); i++)
		if (ch->by_number[i] != NULL)
			child_drain(ch->by_number[i], ch->config.drain_ms);
	if (none_left(ch))
		ch->config.report(CHILDREN_ALL_GONE, ch->config.ctx);
}

void
children_kill(struct children *ch)
{
	for (size_t i = 0; i < ARRAY_LEN(ch->by_number); i++)
		if (ch->by_number[i] != NULL)
			child_kill(ch->by_number[i], "told to stop at once");
}

/* -- life -------------------------------------------------------------------------------- */

struct children *
children_new(const struct children_config *config)
{
	struct children *ch = xcalloc(1, sizeof(*ch));

	must(config->wanted >= 1 && config->wanted <= SCOREBOARD_WORKERS_MAX);
	ch->config = *config;
	ch->hooks = (struct child_hooks){.changed = on_changed, .taken = on_taken, .ctx = ch};
	ch->seats = xcalloc(config->wanted, sizeof(*ch->seats));
	for (size_t i = 0; i < config->wanted; i++)
		ch->seats[i] = (struct seat){
		    .owner = ch,
		    .pause_ms = PAUSE_FIRST_MS,
		    .restart = loop_timer(config->base, on_restart, &ch->seats[i]),
		};
	ch->died = loop_signal(config->base, SIGCHLD, on_died, ch);
	ch->round = loop_timer(config->base, on_round, ch);
	begin_rounds(ch);
	return ch;
}

void
children_free(struct children *ch)
{
	if (ch == NULL)
		return;
	for (size_t i = 0; i < ARRAY_LEN(ch->by_number); i++) {
		struct child *c = ch->by_number[i];

		if (c == NULL)
			continue;
		kill(c->pid, SIGKILL);
		(void)waitpid(c->pid, NULL, 0);
		dispatch_remove(ch->config.dispatch, c);
		child_free(c);
	}
	for (size_t i = 0; i < ch->config.wanted; i++)
		loop_free(&ch->seats[i].restart);
	loop_free(&ch->round);
	loop_free(&ch->died);
	free(ch->seats);
	free(ch);
}
