/*
 * searchd answers in the order of the requests. So it gets only a few of a worker's searches at a time, by fair slots,
 * and the others wait here. Of those that people ask for, which may take long, it gets one of an organization at a time, and
 * these have half of its time at most (net/fair_turns.h).
 *
 * Each search has a deadline. If searchd misses one, the connection is closed, so that what it does not take never
 * fills the memory for it. When the connection ends, those on their way fail, by a deadline that is now: a
 * callback never runs within search_call().
 */
#include "workerd/search/search_client.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "proto/ipc/channel.h"
#include "workerd/net/fair_slots.h"
#include "workerd/net/fair_turns.h"

#define OUT_MAX \
	((size_t)4 << 20) /* SEARCHES_MAX requests of any length: FIND has up to 42 KB */

/* Searches at searchd. */
#define SENT_MAX 4u

/* A search takes rarely longer. */
#define SEARCH_NS 20000000u

struct search_call {
	TAILQ_ENTRY(search_call) link;
	struct search_client *client;
	struct id org;
	struct buf frame; /* the request, while it waits; then empty */
	bool takes_turns; /* net/fair_turns.h */
	bool sent;
	bool lost; /* its connection has ended, or did while it waited: it only expires */
	uint64_t id;
	search_answer_fn *fn; /* NULL: forgotten */
	void *arg;
	struct event *deadline;
};

struct search_client {
	struct event_base *base;
	const char *path;
	struct channel channel; /* closed: not connected */
	struct event *readable, *writable;
	uint64_t last_id, connections;   /* so far */
	TAILQ_HEAD(, search_call) calls; /* oldest first */
	struct fair_slots all, sent;
	struct fair_turns turns;
	struct event *turn; /* of a search that waits for it */
};

static void
search_call_free(struct search_call *call)
{
	TAILQ_REMOVE(&call->client->calls, call, link);
	fair_slots_give(&call->client->all, &call->org);
	if (call->sent)
		fair_slots_give(&call->client->sent, &call->org);
	if (call->sent && call->takes_turns)
		fair_turns_end(&call->client->turns, &call->org, clock_mono_ns());
	buf_clear(&call->frame);
	event_free(call->deadline);
	free(call);
}

static void
search_call_answer(struct search_call *call, uint16_t type, const union msg *m)
{
	search_answer_fn *fn = call->fn;
	void *arg = call->arg;

	search_call_free(call);
	if (fn != NULL)
		fn(arg, type, m);
}

static void
search_call_expire_in(struct search_call *call, unsigned ms)
{
	struct timeval in = clock_timeval(ms);

	must(event_add(call->deadline, &in) == 0);
}

static void
search_event_free(struct event **event)
{
	if (*event != NULL)
		event_free(*event);
	*event = NULL;
}

static void
search_disconnect(struct search_client *sc, const char *why)
{
	struct search_call *call;

	if (sc->all.used > 0)
		log_event(LOG_WARN, "search_lost", L_STR("why", why));
	search_event_free(&sc->readable);
	search_event_free(&sc->writable);
	channel_close(&sc->channel);
	TAILQ_FOREACH (call, &sc->calls, link) {
		call->lost = true;
		search_call_expire_in(call, 0);
	}
}

static void
search_flush(struct search_client *sc)
{
	switch (channel_flush(&sc->channel)) {
	case CHANNEL_PENDING:
		must(event_add(sc->writable, NULL) == 0);
		break;
	case CHANNEL_FAILED:
		search_disconnect(sc, log_errno());
		break;
	default:
		break;
	}
}

/* How long a search has to wait, in ns. UINT64_MAX: until another one has its answer. */
static uint64_t
search_call_wait(const struct search_call *call, uint64_t now)
{
	const struct search_client *sc = call->client;

	if (call->sent || call->lost || !fair_slots_has(&sc->sent, &call->org))
		return UINT64_MAX;
	return call->takes_turns ? fair_turns_wait(&sc->turns, &call->org, now) : 0;
}

static void
search_call_to_searchd(struct search_call *call, uint64_t now)
{
	struct search_client *sc = call->client;

	fair_slots_take(&sc->sent, &call->org);
	if (call->takes_turns)
		fair_turns_begin(&sc->turns, &call->org, now);
	call->sent = true;
	search_call_expire_in(call, SEARCH_TIMEOUT_MS);
	must(channel_send_frame(&sc->channel, buf_slice(&call->frame)) == 0);
	buf_clear(&call->frame);
	search_flush(sc);
}

/* Sends the searches that wait and may be sent, and plans the next ones. */
static void
search_send_next(struct search_client *sc)
{
	const uint64_t now = clock_mono_ns();
	uint64_t first = UINT64_MAX;
	struct search_call *call;

	TAILQ_FOREACH (call, &sc->calls, link) {
		const uint64_t wait = search_call_wait(call, now);

		if (sc->channel.fd == -1)
			return;
		if (wait == 0)
			search_call_to_searchd(call, now);
		else if (wait < first)
			first = wait;
	}
	if (first != UINT64_MAX) {
		struct timeval in = clock_timeval(first / 1000000 + 1);

		must(event_add(sc->turn, &in) == 0);
	}
}

static void
search_on_turn(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	search_send_next(arg);
}

static void
search_on_writable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	search_flush(arg);
}

/* Delivers an answer, unless its search has expired. */
static void
search_take(struct search_client *sc, const struct frame *f, const union msg *m)
{
	struct search_call *call;

	TAILQ_FOREACH (call, &sc->calls, link)
		if (call->id == f->request) {
			search_call_answer(call, f->type, m);
			return;
		}
}

static void
search_on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct search_client *sc = arg;
	const uint64_t connection = sc->connections;
	enum channel_io io = channel_read(&sc->channel);
	struct frame f = {0};
	enum wire_result r;
	union msg m;

	(void)fd;
	(void)what;
	while ((r = channel_next(&sc->channel, &f, &m)) == WIRE_OK) {
		search_take(sc, &f, &m);
		search_send_next(sc);
		/* A search that was made by the callback found that this connection has ended, and may have opened another one. */
		if (sc->channel.fd == -1 || sc->connections != connection)
			return;
	}
	if (r != WIRE_MORE)
		search_disconnect(sc, wire_result_name(r));
	else if (io != CHANNEL_DONE)
		search_disconnect(sc, io == CHANNEL_CLOSED ? "closed by searchd" : log_errno());
}

static void
search_connect(struct search_client *sc)
{
	int fd = channel_connect(sc->path);

	if (fd == -1) {
		log_event(LOG_WARN, "search_unreachable", L_STR("socket", sc->path), L_ERRNO());
		return;
	}
	channel_open(&sc->channel, fd, ROLE_WORKER, ROLE_SEARCH, OUT_MAX);
	sc->readable = event_new(sc->base, fd, EV_READ | EV_PERSIST, search_on_readable, sc);
	sc->writable = event_new(sc->base, fd, EV_WRITE, search_on_writable, sc);
	must(sc->readable != NULL && sc->writable != NULL);
	must(event_add(sc->readable, NULL) == 0);
	sc->connections++;
}

struct search_client *
search_client_new(struct event_base *base, const char *path)
{
	struct search_client *sc = xcalloc(1, sizeof(*sc));

	*sc = (struct search_client){.base = base,
	    .path = path,
	    .all = {.most = SEARCHES_MAX},
	    .sent = {.most = SENT_MAX},
	    .turns = {.most = SEARCH_NS}};
	sc->channel.fd = -1;
	sc->turn = evtimer_new(base, search_on_turn, sc);
	must(sc->turn != NULL);
	TAILQ_INIT(&sc->calls);
	return sc;
}

void
search_client_free(struct search_client *sc)
{
	struct search_call *call;

	if (sc == NULL)
		return;
	while ((call = TAILQ_FIRST(&sc->calls)) != NULL)
		search_call_free(call);
	search_event_free(&sc->readable);
	search_event_free(&sc->writable);
	search_event_free(&sc->turn);
	channel_close(&sc->channel);
	free(sc);
}

/* Also called for a search whose connection has ended, or that still waits. */
static void
search_on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct search_call *call = arg;
	struct search_client *sc = call->client;

	(void)fd;
	(void)what;
	if (call->sent && !call->lost)
		search_disconnect(sc, "no answer in time");
	search_call_answer(call, 0, NULL);
	search_send_next(sc);
}

static struct search_call *
search_call_send(struct search_client *sc, const struct id *org, enum msg_type type,
    const void *request, search_answer_fn *fn, void *arg)
{
	struct search_call *call;

	if (!fair_slots_has(&sc->all, org))
		return NULL;
	if (sc->channel.fd == -1)
		search_connect(sc);
	call = xcalloc(1, sizeof(*call));
	*call = (struct search_call){
	    .client = sc, .org = *org, .id = ++sc->last_id, .fn = fn, .arg = arg};
	call->takes_turns = type == MSG_SEARCH;
	buf_init(&call->frame, WIRE_FRAME_MAX);
	call->deadline = evtimer_new(sc->base, search_on_deadline, call);
	must(call->deadline != NULL);
	TAILQ_INSERT_TAIL(&sc->calls, call, link);
	fair_slots_take(&sc->all, org);
	search_call_expire_in(call, sc->channel.fd == -1 ? 0 : SEARCH_TIMEOUT_MS);
	if (sc->channel.fd == -1)
		return call;
	must(msg_encode(&call->frame, type, call->id, request) == 0);
	search_send_next(sc);
	return call;
}

struct search_call *
search_call(
    struct search_client *sc, const struct msg_search *search, search_answer_fn *fn, void *arg)
{
	return search_call_send(sc, &search->org, MSG_SEARCH, search, fn, arg);
}

struct search_call *
search_call_find(
    struct search_client *sc, const struct msg_find *find, search_answer_fn *fn, void *arg)
{
	return search_call_send(sc, &find->org, MSG_FIND, find, fn, arg);
}

struct search_call *
search_call_status(struct search_client *sc, search_answer_fn *fn, void *arg)
{
	static const struct id nobody;

	return search_call_send(
	    sc, &nobody, MSG_SEARCH_STATUS_GET, &(struct msg_search_status_get){}, fn, arg);
}

void
search_call_forget(struct search_call *call)
{
	call->fn = NULL;
	if (!call->sent)
		search_call_free(call);
}
