/*
 * A call keeps its encoded frame until its reply, so that it can be sent again on a new connection;
 * the low bits of the request id are its slot in the table of calls. Unused slots are on a stack, so that
 * finding one costs the same when nearly all are used.
 *
 * One of the calls without a reply may be what killed storaged. So they are sent again with few at a time
 * in flight: one, then one more for each reply. New calls wait behind them, so the order never changes.
 */
#include "workerd/store/store_client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "proto/ipc/channel.h"

#define CALLS_MAX      16384 /* a power of two: the low bits of a request id */
#define WAITING_MAX    (64u * 1024 * 1024)
#define OUT_MAX        (WAITING_MAX + 4 * WIRE_FRAME_MAX)
#define BACKOFF_MIN_MS 20
#define DEATHS_MAX     2 /* of one request */
#define BACKOFF_MAX_MS 1000

struct store_call {
	struct store_client *client;
	uint64_t id;
	store_answer_fn *fn; /* NULL: cancelled */
	void *arg;
	struct event *deadline;
	uint64_t since_ns;
	unsigned sends;  /* each on another connection */
	unsigned deaths; /* of the storaged that had greeted us, while it had this request */
	bool on_trial;   /* it may have been the cause of a death, and is in flight again */
	enum msg_type type;
	struct buf frame;
	TAILQ_ENTRY(store_call) link; /* in the order of the requests */
};

struct store_listener {
	const struct store_events *events;
	void *arg;
};

struct store_client {
	struct event_base *base;
	const char *path;
	enum role role;
	struct scoreboard_worker *board; /* NULL: nothing is counted */
	struct channel channel;
	bool connected;
	struct event *readable, *writable, *retry;
	unsigned backoff_ms;
	uint64_t serial; /* of the last call: the high bits of its request id */
	size_t waiting;  /* bytes of all calls' frames */
	bool repeated;   /* the call that is being answered was sent more than once */
	struct store_call *calls[CALLS_MAX];
	uint16_t unused[CALLS_MAX]; /* slots of calls, a stack */
	size_t n_unused;
	TAILQ_HEAD(, store_call) order;
	struct store_call
	    *next; /* the first that was not sent on this connection; NULL: none */
	size_t on_trial, on_trial_max;
	struct store_listener listeners[STORE_LISTENERS_MAX];
	size_t n_listeners;
};

static void store_try_connect(evutil_socket_t fd, short what, void *arg);

static void
store_event_free(struct event **ev)
{
	if (*ev != NULL)
		event_free(*ev);
	*ev = NULL;
}

static void
store_call_free(struct store_call *call)
{
	struct store_client *sc = call->client;

	if (sc->next == call)
		sc->next = TAILQ_NEXT(call, link);
	if (call->on_trial) {
		sc->on_trial--;
		sc->on_trial_max++;
	}
	TAILQ_REMOVE(&sc->order, call, link);
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

/*
 * A proxy on the way to storaged accepts connections while there is no storaged, and a standby closes them
 * without a hello: then none of the requests has reached it.
 */
static void
store_note_deaths(struct store_client *sc)
{
	struct store_call *call;

	if (sc->channel.peer == ROLE_NONE)
		return;
	for (call = TAILQ_FIRST(&sc->order); call != sc->next; call = TAILQ_NEXT(call, link))
		call->deaths++;
}

static void
store_disconnect(struct store_client *sc, const char *why)
{
	struct timeval in = clock_timeval(sc->backoff_ms);
	bool was_connected = sc->connected;

	if (was_connected) {
		log_event(LOG_WARN, "store_lost", L_STR("why", why));
		store_note_deaths(sc);
	}
	sc->connected = false;
	store_event_free(&sc->readable);
	store_event_free(&sc->writable);
	channel_close(&sc->channel);
	evtimer_add(sc->retry, &in);
	sc->backoff_ms =
	    sc->backoff_ms * 2 < BACKOFF_MAX_MS ? sc->backoff_ms * 2 : BACKOFF_MAX_MS;
	if (was_connected)
		store_notify_lost(sc);
}

/* Delivers a reply to its call, unless that has timed out. */
static void
store_take_frame(struct store_client *sc, const struct frame *f, const union msg *m)
{
	struct store_call *call = sc->calls[f->request % CALLS_MAX];

	if (f->request == 0)
		store_notify_all(sc, f->type, m);
	else if (call != NULL && call->id == f->request)
		store_call_answer(call, f->type, m);
}

static void
store_take_frames(struct store_client *sc)
{
	struct frame f = {0};
	union msg m;
	enum wire_result r;

	while ((r = channel_next(&sc->channel, &f, &m)) == WIRE_OK) {
		sc->backoff_ms = BACKOFF_MIN_MS;
		store_take_frame(sc, &f, &m);
	}
	if (r != WIRE_MORE) {
		log_event(LOG_ERROR, "store_protocol", L_STR("error", wire_result_name(r)),
		    L_STR("message", msg_name(f.type)));
		store_disconnect(sc, "protocol error");
	}
}

static void
store_on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct store_client *sc = arg;
	enum channel_io io = channel_read(&sc->channel);

	(void)fd;
	(void)what;
	store_take_frames(sc);
	if (!sc->connected || io == CHANNEL_DONE)
		return;
	store_disconnect(sc, io == CHANNEL_CLOSED ? "closed by storaged" : log_errno());
}

static void
store_flush(struct store_client *sc)
{
	switch (channel_flush(&sc->channel)) {
	case CHANNEL_PENDING:
		event_add(sc->writable, NULL);
		break;
	case CHANNEL_FAILED:
		store_disconnect(sc, log_errno());
		break;
	default:
		break;
	}
}

static void
store_on_writable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	store_flush(arg);
}

static bool
store_has_room(const struct store_client *sc)
{
	return buf_room(&sc->channel.out) >= WIRE_FRAME_MAX;
}

static void
store_call_send(struct store_call *call)
{
	must(buf_append(&call->client->channel.out, buf_data(&call->frame),
		 buf_len(&call->frame)) == 0);
	call->sends++;
}

/* Sends the calls in their order, as far as the trial and the room allow. */
static void
store_send_waiting(struct store_client *sc)
{
	struct store_call *call;

	while ((call = sc->next) != NULL && store_has_room(sc)) {
		bool suspected = call->deaths > 0;

		if (suspected && sc->on_trial >= sc->on_trial_max)
			return;
		call->on_trial = suspected;
		sc->on_trial += suspected;
		sc->next = TAILQ_NEXT(call, link);
		store_call_send(call);
	}
}

/* Answers the calls on which storaged has died twice. */
static void
store_refuse_poisoned(struct store_client *sc)
{
	static const char detail[] = "storaged died twice on this request";
	union msg m = {.error = {.code = STORE_POISONED, .detail = slice_str(detail)}};
	struct store_call *call = TAILQ_FIRST(&sc->order), *next;

	for (; call != NULL; call = next) {
		next = TAILQ_NEXT(call, link);
		if (call->deaths < DEATHS_MAX)
			continue;
		log_event(LOG_ERROR, "poisoned_request",
		    L_STR("type", msg_name((uint16_t)call->type)),
		    L_UINT("bytes", buf_len(&call->frame)),
		    L_STR("help",
			"storaged died twice on this request: see its log, run banter verify"));
		store_call_answer(call, MSG_ERROR, &m);
	}
}

static void
store_try_connect(evutil_socket_t unused, short what, void *arg)
{
	struct store_client *sc = arg;
	struct store_call *call;
	int fd;

	(void)unused;
	(void)what;
	store_refuse_poisoned(sc);
	fd = channel_connect(sc->path);
	if (fd == -1) {
		if (sc->backoff_ms == BACKOFF_MAX_MS)
			log_event(LOG_WARN, "store_unreachable", L_STR("socket", sc->path),
			    L_ERRNO());
		store_disconnect(sc, log_errno());
		return;
	}
	channel_open(&sc->channel, fd, sc->role, ROLE_STORE, OUT_MAX);
	sc->connected = true;
	log_event(LOG_INFO, "store_connected", L_STR("socket", sc->path));
	TAILQ_FOREACH (call, &sc->order, link)
		call->on_trial = false;
	sc->next = TAILQ_FIRST(&sc->order);
	sc->on_trial = 0;
	sc->on_trial_max = 1;
	store_send_waiting(sc);
	store_notify_connected(sc);
	sc->readable = event_new(sc->base, fd, EV_READ | EV_PERSIST, store_on_readable, sc);
	sc->writable = event_new(sc->base, fd, EV_WRITE, store_on_writable, sc);
	must(sc->readable != NULL && sc->writable != NULL);
	event_add(sc->readable, NULL);
	store_flush(sc);
}

struct store_client *
store_client_new_as(struct event_base *base, const char *path, enum role role)
{
	struct store_client *sc = xcalloc(1, sizeof(*sc));

	sc->base = base;
	sc->path = path;
	sc->role = role;
	sc->channel.fd = -1;
	sc->backoff_ms = BACKOFF_MIN_MS;
	while (sc->n_unused < CALLS_MAX) {
		sc->unused[sc->n_unused] = (uint16_t)(CALLS_MAX - 1 - sc->n_unused);
		sc->n_unused++;
	}
	TAILQ_INIT(&sc->order);
	sc->retry = evtimer_new(base, store_try_connect, sc);
	must(sc->retry != NULL);
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
	while ((call = TAILQ_FIRST(&sc->order)) != NULL)
		store_call_free(call);
	store_event_free(&sc->readable);
	store_event_free(&sc->writable);
	store_event_free(&sc->retry);
	channel_close(&sc->channel);
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
	return !sc->connected || store_has_room(sc);
}

struct store_call *
store_call(struct store_client *sc, enum msg_type type, const void *msg, unsigned timeout_ms,
    store_answer_fn *fn, void *arg)
{
	struct store_call *call;
	uint64_t id;

	if (!store_takes_calls(sc))
		return NULL;
	id = store_take_id(sc);
	call = xcalloc(1, sizeof(*call));
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
	TAILQ_INSERT_TAIL(&sc->order, call, link);
	if (sc->next == NULL)
		sc->next = call;
	if (sc->connected)
		store_send_waiting(sc);
	return call;
}

int
store_send(struct store_client *sc, enum msg_type type, const void *msg)
{
	if (!sc->connected || !store_has_room(sc))
		return -1;
	must(channel_send(&sc->channel, type, 0, msg) == 0);
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
	if (sc->connected)
		store_send_waiting(sc);
	if (sc->connected && buf_len(&sc->channel.out) > 0)
		store_flush(sc);
}

bool
store_refused(uint16_t type, const union msg *m, enum store_error code)
{
	return type == MSG_ERROR && m->error.code == (uint16_t)code;
}
