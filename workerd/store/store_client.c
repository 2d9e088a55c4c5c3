/*
 * A call keeps its encoded frame until its reply, so that it can be sent again on a new connection;
 * the low bits of the request id are its slot in the table of calls. Unused slots are on a stack, so that
 * finding one costs the same when nearly all are used.
 *
 * One of the calls without a reply may be what killed storaged. So they are sent again with few at a time
 * in flight: one, then one more for each reply. New calls wait behind them, so the order never changes.
 * Only processes count, by the number in their hello, and not those that say LEAVING, or that are seen again: a
 * connection that ends says little, since a proxy closes it when the store moves to another machine.
 *
 * A connection that ends is replaced at once, then every RETRY_MS. One that is silent is kept until another
 * one is up: storaged may only be slow, and would take its end for the death of this worker.
 */
#include "workerd/store/store_client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "workerd/net/fair_slots.h"
#include "workerd/net/fair_turns.h"
#include "workerd/store/store_connection.h"

#define CALLS_MAX     16384 /* a power of two: the low bits of a request id */
#define WAITING_MAX   (64u * 1024 * 1024)
#define OUT_MAX       (WAITING_MAX + 4 * WIRE_FRAME_MAX)
#define PROCESSES_MAX 2 /* that a request may have been sent to when they died */

/* Between two attempts to connect; the second one after RETRY_FAST_FOR_MS without a store. */
#define RETRY_MS             50
#define RETRY_SLOW_MS        500
#define RETRY_FAST_FOR_MS    10000
#define UNREACHABLE_MS       10000 /* how often the log tells it, from UNREACHABLE_AFTER_MS on */
#define UNREACHABLE_AFTER_MS 1000

/* How long an attempt waits for the answer to its PING. The next one is up sooner if there is another store behind
 * the proxy now; one that waits longer succeeds if storaged is slow. */
#define PATIENCE_MIN_MS 900
#define PATIENCE_MAX_MS 7200

/* When another connection to the same storaged is up before a silent one has an answer: its answers may be on
 * their way. */
#define SAME_PROCESS_MS 300

/* Lists and numbers that wait for the turn of their organization (net/fair_turns.h). They take slots of the table, which all calls need; one organization has half of them. */
#define HELD_MAX 256

/* About the longest read, at storaged and here. */
#define READ_NS 2000000u

struct store_call {
	struct store_client *client;
	uint64_t id;
	store_answer_fn *fn; /* NULL: cancelled */
	void *arg;
	struct event *deadline;
	uint64_t since_ns;
	unsigned sends; /* each on another connection */
	/* That it was sent to, the latest first, without those that are known to live; 0: none. */
	uint64_t processes[PROCESSES_MAX];
	bool on_trial; /* it is in flight for the second time */
	enum msg_type type;
	struct id reader; /* of store_call_read(); zero: it needs no turn */
	bool held;        /* it waits for its turn */
	struct buf frame;
	TAILQ_ENTRY(store_call) link; /* in the order of the requests, or in held */
};

struct store_listener {
	const struct store_events *events;
	void *arg;
};

struct store_client {
	struct event_base *base;
	const char *path;
	enum role role;
	struct scoreboard_worker *board;  /* NULL: nothing is counted */
	struct store_connection *current; /* it is up; NULL: there is no store now */
	struct store_connection *attempt; /* to replace it, or a silent one; or NULL */
	struct event *retry, *replace;
	unsigned patience_ms; /* of the next attempt */
	uint64_t tried_ms;    /* the last attempt to connect */
	uint64_t lost_ms;     /* when the store was there for the last time */
	uint64_t reported_ms; /* when the log said that it is unreachable; 0: not yet */
	uint64_t serial;      /* of the last call: the high bits of its request id */
	size_t waiting;       /* bytes of all calls' frames */
	bool left;            /* storaged closes the current connection in good order */
	uint64_t
	    maybe_died; /* the process of the last connection, which ended without LEAVING; 0: none */
	bool in_doubt; /* but may have executed calls without a reply */
	bool repeated; /* the call that is being answered was sent more than once */
	struct store_call *calls[CALLS_MAX];
	uint16_t unused[CALLS_MAX]; /* slots of calls, a stack */
	size_t n_unused;
	TAILQ_HEAD(, store_call) order, held;
	struct fair_turns reads;
	struct event *turn; /* of a call in held */
	struct fair_slots waiting_reads;
	struct store_call
	    *next; /* the first that was not sent on this connection; NULL: none */
	size_t on_trial, on_trial_max;
	struct store_listener listeners[STORE_LISTENERS_MAX];
	size_t n_listeners;
};

static void
store_event_free(struct event **ev)
{
	if (*ev != NULL)
		event_free(*ev);
	*ev = NULL;
}

/* Puts it behind all calls that are to be sent. */
static void
store_call_queue(struct store_call *call)
{
	struct store_client *sc = call->client;

	TAILQ_INSERT_TAIL(&sc->order, call, link);
	if (sc->next == NULL)
		sc->next = call;
}

/* Gives turns to those that have waited longest, and plans the next ones. */
static void
store_queue_held(struct store_client *sc)
{
	const uint64_t now = clock_mono_ns();
	uint64_t first = UINT64_MAX;
	struct store_call *call = TAILQ_FIRST(&sc->held), *next;

	for (; call != NULL; call = next) {
		const uint64_t wait = fair_turns_wait(&sc->reads, &call->reader, now);

		next = TAILQ_NEXT(call, link);
		if (wait > 0) {
			first = wait < first ? wait : first;
			continue;
		}
		TAILQ_REMOVE(&sc->held, call, link);
		call->held = false;
		fair_slots_give(&sc->waiting_reads, &call->reader);
		fair_turns_begin(&sc->reads, &call->reader, now);
		store_call_queue(call);
	}
	if (first != UINT64_MAX) {
		struct timeval in = clock_timeval(first / 1000000 + 1);

		must(event_add(sc->turn, &in) == 0);
	}
}

static void
store_call_leave_queue(struct store_call *call)
{
	struct store_client *sc = call->client;

	if (call->held) {
		TAILQ_REMOVE(&sc->held, call, link);
		fair_slots_give(&sc->waiting_reads, &call->reader);
		return;
	}
	if (sc->next == call)
		sc->next = TAILQ_NEXT(call, link);
	TAILQ_REMOVE(&sc->order, call, link);
	if (id_is_zero(&call->reader))
		return;
	fair_turns_end(&sc->reads, &call->reader, clock_mono_ns());
	store_queue_held(sc);
}

static void
store_call_free(struct store_call *call)
{
	struct store_client *sc = call->client;

	if (call->on_trial) {
		sc->on_trial--;
		sc->on_trial_max++;
	}
	store_call_leave_queue(call);
	sc->calls[call->id % CALLS_MAX] = NULL;
	sc->unused[sc->n_unused++] = (uint16_t)(call->id % CALLS_MAX);
	sc->waiting -= buf_len(&call->frame);
	store_event_free(&call->deadline);
	buf_clear(&call->frame);
	free(call);
}

static void
store_call_answer(struct store_call *call, uint16_t type, const union msg *m)
{
	struct store_client *sc = call->client;
	struct scoreboard_worker *board = sc->board;
	store_answer_fn *fn = call->fn;
	void *arg = call->arg;

	if (board != NULL && m == NULL)
		metric_add(&board->store_unanswered, 1);
	else if (board != NULL)
		metric_observe(&board->store, clock_mono_ns() - call->since_ns, 1);
	sc->repeated = call->sends > 1;
	store_call_free(call);
	if (fn != NULL)
		fn(arg, type, m);
}

bool
store_client_repeated(const struct store_client *sc)
{
	return sc->repeated;
}

void
store_client_listen(struct store_client *sc, const struct store_events *events, void *arg)
{
	must(sc->n_listeners < STORE_LISTENERS_MAX);
	sc->listeners[sc->n_listeners++] = (struct store_listener){events, arg};
}

static void
store_notify_connected(const struct store_client *sc)
{
	for (size_t i = 0; i < sc->n_listeners; i++)
		if (sc->listeners[i].events->connected != NULL)
			sc->listeners[i].events->connected(sc->listeners[i].arg);
}

/* Whether the process before this one died is known when another one answers: a connection may end without that. */
static void
store_notify_died(struct store_client *sc, uint64_t process)
{
	const uint64_t died = sc->maybe_died;

	sc->maybe_died = 0;
	if (died == 0 || died == process)
		return;
	for (size_t i = 0; i < sc->n_listeners; i++)
		if (sc->listeners[i].events->died != NULL)
			sc->listeners[i].events->died(sc->listeners[i].arg, died);
}

static void
store_notify_lost(const struct store_client *sc)
{
	for (size_t i = 0; i < sc->n_listeners; i++)
		if (sc->listeners[i].events->lost != NULL)
			sc->listeners[i].events->lost(sc->listeners[i].arg);
}

static void
store_notify_turn_end(const struct store_client *sc)
{
	for (size_t i = 0; i < sc->n_listeners; i++)
		if (sc->listeners[i].events->turn_end != NULL)
			sc->listeners[i].events->turn_end(sc->listeners[i].arg);
}

static void
store_notify_all(const struct store_client *sc, uint16_t type, const union msg *m)
{
	for (size_t i = 0; i < sc->n_listeners; i++)
		if (sc->listeners[i].events->notification != NULL)
			sc->listeners[i].events->notification(sc->listeners[i].arg, type, m);
}

/* Delivers a reply to its call, unless that has timed out. */
static void
store_take_frame(struct store_client *sc, const struct frame *f, const union msg *m)
{
	struct store_call *call = sc->calls[f->request % CALLS_MAX];

	if (f->type == MSG_LEAVING) {
		sc->left = true;
		sc->in_doubt = m->leaving.in_doubt;
	} else if (f->request == 0)
		store_notify_all(sc, f->type, m);
	else if (call != NULL && call->id == f->request)
		store_call_answer(call, f->type, m);
}

static bool
store_has_room(const struct store_client *sc)
{
	return buf_room(&sc->current->channel.out) >= WIRE_FRAME_MAX;
}

/* This process did not die on the call. */
static void
store_call_excuse(struct store_call *call, uint64_t process)
{
	size_t kept = 0;

	for (size_t i = 0; i < PROCESSES_MAX; i++)
		if (call->processes[i] != process)
			call->processes[kept++] = call->processes[i];
	while (kept < PROCESSES_MAX)
		call->processes[kept++] = 0;
}

static void
store_call_send(struct store_call *call)
{
	struct channel *channel = &call->client->current->channel;

	must(buf_append(&channel->out, buf_data(&call->frame), buf_len(&call->frame)) == 0);
	call->sends++;
	memmove(call->processes + 1, call->processes,
	    sizeof(call->processes) - sizeof(call->processes[0]));
	call->processes[0] = channel->peer_instance;
}

/* Sends the calls in their order, as far as the trial and the room allow. */
static void
store_send_waiting(struct store_client *sc)
{
	struct store_call *call;

	while ((call = sc->next) != NULL && store_has_room(sc)) {
		bool repeated = call->sends > 0;

		if (repeated && sc->on_trial >= sc->on_trial_max)
			return;
		call->on_trial = repeated;
		sc->on_trial += repeated;
		sc->next = TAILQ_NEXT(call, link);
		store_call_send(call);
	}
}

/* This process lives: it died on none of the calls, and may have left them in good order. */
static void
store_excuse_calls(struct store_client *sc, uint64_t process)
{
	struct store_call *call;

	TAILQ_FOREACH (call, &sc->order, link)
		store_call_excuse(call, process);
}

/* Answers the calls on which two storaged have died. */
static void
store_refuse_poisoned(struct store_client *sc)
{
	static const char detail[] = "storaged died twice on this request";
	union msg m = {.error = {.code = STORE_POISONED, .detail = slice_str(detail)}};
	struct store_call *call = TAILQ_FIRST(&sc->order), *next;

	for (; call != NULL; call = next) {
		next = TAILQ_NEXT(call, link);
		if (call->processes[PROCESSES_MAX - 1] == 0)
			continue;
		log_event(LOG_ERROR, "poisoned_request",
		    L_STR("type", msg_name((uint16_t)call->type)),
		    L_UINT("bytes", buf_len(&call->frame)),
		    L_STR("help",
			"storaged died twice on this request: see its log, run banter verify"));
		store_call_answer(call, MSG_ERROR, &m);
	}
}

/* Whether a request must not be executed twice (storaged/README.md, "Repeated requests"). */
static bool
store_is_once(enum msg_type type)
{
	return type == MSG_DELIVERY_RETRY || type == MSG_READ_ALL || type == MSG_SOURCE_ASK;
}

/* The connection has ended, and storaged may have executed these calls. */
static void
store_end_once_calls(struct store_client *sc)
{
	struct store_call *call = TAILQ_FIRST(&sc->order), *next;

	for (; call != NULL; call = next) {
		next = TAILQ_NEXT(call, link);
		if (call->sends > 0 && store_is_once(call->type))
			store_call_answer(call, 0, NULL);
	}
}

/* Plans the next attempt to connect: at once, unless the last one was a moment ago. */
static void
store_plan_attempt(struct store_client *sc)
{
	uint64_t now = clock_mono_ms();
	uint64_t pause = now - sc->lost_ms < RETRY_FAST_FOR_MS ? RETRY_MS : RETRY_SLOW_MS;
	uint64_t at = sc->tried_ms + pause;
	struct timeval in = clock_timeval(at > now ? at - now : 0);

	evtimer_add(sc->retry, &in);
}

static void
store_drop_attempt(struct store_client *sc)
{
	evtimer_del(sc->replace);
	store_connection_free(sc->attempt);
	sc->attempt = NULL;
}

/* The connection in use has ended, or is given up. Nothing is sent until the next one is in use: the callbacks make
 * calls, which must wait behind those that were made earlier. */
static void
store_end_current(struct store_client *sc, bool executed)
{
	store_connection_free(sc->current);
	sc->current = NULL;
	sc->left = sc->in_doubt = false;
	if (executed)
		store_end_once_calls(sc);
	store_notify_lost(sc);
}

/* All calls without a reply are to be sent again, in their order. */
static void
store_rewind(struct store_client *sc)
{
	struct store_call *call;

	TAILQ_FOREACH (call, &sc->order, link)
		call->on_trial = false;
	sc->next = TAILQ_FIRST(&sc->order);
	sc->on_trial = 0;
	sc->on_trial_max = 1;
}

/* The attempt is up: all calls without a reply are sent on it. */
static void
store_use_attempt(struct store_client *sc)
{
	const uint64_t process = sc->attempt->channel.peer_instance;

	evtimer_del(sc->replace);
	evtimer_del(sc->retry);
	sc->reported_ms = 0;
	sc->patience_ms = PATIENCE_MIN_MS;
	if (sc->current != NULL) {
		log_event(LOG_WARN, "store_lost", L_STR("why", "no answer"));
		store_end_current(sc, true);
	}
	store_excuse_calls(sc, process);
	store_refuse_poisoned(sc);
	store_rewind(sc);
	sc->current = sc->attempt;
	sc->attempt = NULL;
	log_event(LOG_INFO, "store_connected", L_STR("socket", sc->path),
	    L_UINT("pid", sc->current->channel.peer_pid));
	store_send_waiting(sc);
	store_notify_died(sc, process);
	store_notify_connected(sc);
}

static void
store_on_replace(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	store_use_attempt(arg);
}

static void
store_on_up(struct store_connection *c, void *arg)
{
	struct store_client *sc = arg;
	struct timeval in = clock_timeval(SAME_PROCESS_MS);

	if (sc->current != NULL &&
	    sc->current->channel.peer_instance == c->channel.peer_instance)
		evtimer_add(sc->replace, &in);
	else
		store_use_attempt(sc);
}

/* The connection in use is not dead: the attempt to replace it ends. */
static void
store_on_heard(struct store_connection *c, void *arg)
{
	struct store_client *sc = arg;

	if (c != sc->current)
		return;
	evtimer_del(sc->retry);
	store_drop_attempt(sc);
}

static void
store_on_frame(struct store_connection *c, const struct frame *f, const union msg *m, void *arg)
{
	struct store_client *sc = arg;

	if (c == sc->current)
		store_take_frame(sc, f, m);
}

static void
store_on_silent(struct store_connection *c, void *arg)
{
	struct store_client *sc = arg;

	if (c != sc->current)
		return;
	sc->lost_ms = clock_mono_ms();
	store_plan_attempt(sc);
}

static void
store_report_unreachable(struct store_client *sc, const char *why)
{
	uint64_t now = clock_mono_ms();

	if (now - sc->lost_ms < UNREACHABLE_AFTER_MS ||
	    (sc->reported_ms != 0 && now - sc->reported_ms < UNREACHABLE_MS))
		return;
	sc->reported_ms = now;
	log_event(
	    LOG_WARN, "store_unreachable", L_STR("socket", sc->path), L_STR("error", why));
}

static void
store_on_attempt_end(struct store_client *sc, const char *why)
{
	if (sc->attempt != NULL && sc->attempt->silent && sc->patience_ms < PATIENCE_MAX_MS)
		sc->patience_ms *= 2;
	store_report_unreachable(sc, why);
	store_drop_attempt(sc);
	store_plan_attempt(sc);
}

static void
store_on_end(struct store_connection *c, const char *why, void *arg)
{
	struct store_client *sc = arg;

	if (c != sc->current) {
		store_on_attempt_end(sc, why);
		return;
	}
	log_event(LOG_WARN, "store_lost", L_STR("why", sc->left ? "storaged has left" : why));
	if (sc->left)
		store_excuse_calls(sc, sc->current->channel.peer_instance);
	else
		sc->maybe_died = sc->current->channel.peer_instance;
	sc->lost_ms = clock_mono_ms();
	store_end_current(sc, !sc->left || sc->in_doubt);
	if (sc->attempt == NULL)
		store_plan_attempt(sc);
	else if (sc->attempt->up)
		store_use_attempt(sc);
}

static const struct store_connection_events connection_events = {
    .on_up = store_on_up,
    .on_frame = store_on_frame,
    .on_heard = store_on_heard,
    .on_silent = store_on_silent,
    .on_end = store_on_end,
};

static void
store_try_connect(evutil_socket_t unused, short what, void *arg)
{
	struct store_client *sc = arg;

	(void)unused;
	(void)what;
	must(sc->attempt == NULL);
	sc->tried_ms = clock_mono_ms();
	sc->attempt = store_connection_open(
	    sc->base, sc->path, sc->role, OUT_MAX, sc->patience_ms, &connection_events, sc);
	if (sc->attempt == NULL)
		store_on_attempt_end(sc, log_errno());
}

static void
store_on_turn(evutil_socket_t fd, short what, void *arg)
{
	struct store_client *sc = arg;

	(void)fd;
	(void)what;
	store_queue_held(sc);
	if (sc->current != NULL)
		store_send_waiting(sc);
}

struct store_client *
store_client_new_as(struct event_base *base, const char *path, enum role role)
{
	struct store_client *sc = xcalloc(1, sizeof(*sc));

	sc->base = base;
	sc->path = path;
	sc->role = role;
	sc->lost_ms = clock_mono_ms();
	sc->patience_ms = PATIENCE_MIN_MS;
	while (sc->n_unused < CALLS_MAX) {
		sc->unused[sc->n_unused] = (uint16_t)(CALLS_MAX - 1 - sc->n_unused);
		sc->n_unused++;
	}
	TAILQ_INIT(&sc->order);
	TAILQ_INIT(&sc->held);
	sc->reads.most = READ_NS;
	sc->waiting_reads.most = HELD_MAX;
	sc->retry = evtimer_new(base, store_try_connect, sc);
	sc->replace = evtimer_new(base, store_on_replace, sc);
	sc->turn = evtimer_new(base, store_on_turn, sc);
	must(sc->retry != NULL && sc->replace != NULL && sc->turn != NULL);
	evtimer_add(sc->retry, &(struct timeval){0});
	return sc;
}

struct store_client *
store_client_new(struct event_base *base, const char *path, struct scoreboard_worker *board)
{
	struct store_client *sc = store_client_new_as(base, path, ROLE_WORKER);

	sc->board = board;
	return sc;
}

void
store_client_free(struct store_client *sc)
{
	struct store_call *call;

	if (sc == NULL)
		return;
	while ((call = TAILQ_FIRST(&sc->held)) != NULL)
		store_call_free(call);
	while ((call = TAILQ_FIRST(&sc->order)) != NULL)
		store_call_free(call);
	store_event_free(&sc->retry);
	store_event_free(&sc->replace);
	store_event_free(&sc->turn);
	store_connection_free(sc->attempt);
	store_connection_free(sc->current);
	free(sc);
}

static void
store_call_on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct store_call *call = arg;

	(void)fd;
	(void)what;
	store_call_answer(call, 0, NULL);
}

static void
store_call_set_timeout(struct store_call *call, unsigned ms)
{
	struct timeval in = clock_timeval(ms);

	call->deadline = evtimer_new(call->client->base, store_call_on_deadline, call);
	must(call->deadline != NULL);
	evtimer_add(call->deadline, &in);
}

/* A request id with an unused slot, of which there is one. Never 0, and no call had it before. */
static uint64_t
store_take_id(struct store_client *sc)
{
	return ++sc->serial * CALLS_MAX + sc->unused[--sc->n_unused];
}

static bool
store_takes_calls(const struct store_client *sc)
{
	if (sc->n_unused == 0 || sc->waiting > WAITING_MAX - WIRE_FRAME_MAX)
		return false;
	/* Calls that timed out before they were sent are still in the output buffer. */
	return sc->current == NULL || store_has_room(sc);
}

/* A new call in the table, which is in no queue. */
static struct store_call *
store_call_new(struct store_client *sc, enum msg_type type, const void *msg,
    unsigned timeout_ms, store_answer_fn *fn, void *arg)
{
	uint64_t id = store_take_id(sc);
	struct store_call *call = xcalloc(1, sizeof(*call));

	*call = (struct store_call){.client = sc,
	    .id = id,
	    .type = type,
	    .fn = fn,
	    .arg = arg,
	    .since_ns = clock_mono_ns()};
	buf_init(&call->frame, WIRE_FRAME_MAX);
	/* The caller respects the limits of messages.def: external input was checked. */
	must(msg_encode(&call->frame, type, id, msg) == 0);
	if (timeout_ms > 0)
		store_call_set_timeout(call, timeout_ms);
	sc->calls[id % CALLS_MAX] = call;
	sc->waiting += buf_len(&call->frame);
	return call;
}

struct store_call *
store_call(struct store_client *sc, enum msg_type type, const void *msg, unsigned timeout_ms,
    store_answer_fn *fn, void *arg)
{
	struct store_call *call;

	if (!store_takes_calls(sc))
		return NULL;
	call = store_call_new(sc, type, msg, timeout_ms, fn, arg);
	store_call_queue(call);
	if (sc->current != NULL)
		store_send_waiting(sc);
	return call;
}

struct store_call *
store_call_read(struct store_client *sc, const struct id *org, enum msg_type type,
    const void *msg, unsigned timeout_ms, store_answer_fn *fn, void *arg)
{
	struct store_call *call;

	must(!id_is_zero(org));
	if (!store_takes_calls(sc) || !fair_slots_has(&sc->waiting_reads, org)) {
		if (sc->board != NULL)
			metric_add(&sc->board->reads_refused, 1);
		return NULL;
	}
	call = store_call_new(sc, type, msg, timeout_ms, fn, arg);
	call->reader = *org;
	call->held = true;
	fair_slots_take(&sc->waiting_reads, org);
	TAILQ_INSERT_TAIL(&sc->held, call, link);
	store_queue_held(sc);
	if (sc->current != NULL)
		store_send_waiting(sc);
	return call;
}

int
store_send(struct store_client *sc, enum msg_type type, const void *msg)
{
	if (sc->current == NULL || !store_has_room(sc))
		return -1;
	must(channel_send(&sc->current->channel, type, 0, msg) == 0);
	return 0;
}

void
store_call_forget(struct store_call *call)
{
	call->fn = NULL;
}

void
store_client_turn_end(struct store_client *sc)
{
	store_notify_turn_end(sc);
	if (sc->current != NULL)
		store_send_waiting(sc);
	if (sc->current != NULL && buf_len(&sc->current->channel.out) > 0)
		store_connection_flush(sc->current);
}

bool
store_refused(uint16_t type, const union msg *m, enum store_error code)
{
	return type == MSG_ERROR && m->error.code == (uint16_t)code;
}

bool
store_is_read_only(uint16_t type, const union msg *m)
{
	return store_refused(type, m, STORE_DAMAGED) || store_refused(type, m, STORE_READ_ONLY);
}
