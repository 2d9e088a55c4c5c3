/*
 * A lookup is one request for the state of a reply. It is repeated when the answer was outdated on
 * arrival: storaged named this worker as the writer, and the turn has just ended.
 */
#include "workerd/turn/turn_resume.h"

#include <stdlib.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "workerd/turn/remote_reply.h"
#include "workerd/turn/store_failure.h"
#include "workerd/turn/turn.h"
#include "workerd/turn/turn_internal.h"

#define LOOKUP_RETRY_MS 20

struct turn_lookup {
	struct turns *turns;
	struct turn_listener *listener;
	struct reply_ref *ref;
	struct store_call *call; /* NULL: repeated when the timer ends */
	struct event *retry;
	uint64_t until_ms;
	uint64_t remote_left; /* value of turns->remote_left at the request */
	size_t have;          /* bytes of the text that were here at the request */
	LIST_ENTRY(turn_lookup) link;
};

static void
turn_lookup_free(struct turn_lookup *k)
{
	LIST_REMOVE(k, link);
	event_free(k->retry);
	free(k->ref);
	free(k);
}

/* Ends the lookup and returns its listener. */
static struct turn_listener *
turn_lookup_end(struct turn_lookup *k)
{
	struct turn_listener *l = k->listener;

	l->lookup = NULL;
	l->cancel_lookup = NULL;
	turn_lookup_free(k);
	return l;
}

static void
turn_lookup_cancel(void *lookup)
{
	struct turn_lookup *k = lookup;

	if (k->call != NULL)
		store_call_forget(k->call);
	turn_lookup_end(k);
}

static void
turn_resume_closed(struct turn_listener *l, const struct msg_turn_state *state)
{
	struct reply_listeners alone;

	reply_listeners_init(&alone, NULL);
	alone.ids =
	    (struct turn_ids){.conversation = state->conversation, .message = state->turn};
	reply_listeners_add(&alone, l, false);
	reply_listeners_close(&alone, state);
	reply_listeners_clear(&alone);
}

/* A person answers the message, now or since then. */
static void
turn_resume_handed(struct turn_listener *l, const struct msg_turn_handed *handed)
{
	const struct turn_reply reply = turn_hand_over_reply(handed);
	struct reply_listeners alone;

	reply_listeners_init(&alone, NULL);
	alone.ids =
	    (struct turn_ids){.conversation = handed->conversation, .message = handed->message};
	reply_listeners_add(&alone, l, false);
	reply_listeners_done(&alone, &reply);
	reply_listeners_clear(&alone);
}

static void
turn_resume_count(struct turns *turns, const struct turn_listener *l)
{
	if (!l->end_only)
		metric_add(&turns->board->turns_joined, 1);
}

static void
turn_lookup_retry(struct turn_lookup *k)
{
	struct timeval in = clock_timeval(LOOKUP_RETRY_MS);

	if (clock_mono_ms() > k->until_ms)
		reply_listener_fail(k->listener, TURN_STORE_DOWN);
	else
		evtimer_add(k->retry, &in);
}

/* The turn of this worker with this id and run. storaged may not know yet that it is ours, after a
 * reconnect. */
static struct turn *
turn_lookup_find_here(const struct turn_lookup *k, const struct msg_turn_state *state)
{
	struct turn *t = turn_find(k->turns, &state->turn);

	return t == NULL || !id_equal(&t->listeners.ids.run, &state->run) ? NULL : t;
}

static void
turn_resume_here(struct turn_lookup *k, struct turn *t)
{
	turn_resume_count(k->turns, k->listener);
	turn_add_listener(t, turn_lookup_end(k));
}

/* Another worker writes the reply, and this one follows it from now on. Two things may have changed
 * since the request, which make a new one necessary: this worker may have told storaged that it does
 * not follow the reply, and the text that was here may be gone. */
static void
turn_resume_remote(struct turn_lookup *k, const struct msg_turn_state *state)
{
	struct turns *turns = k->turns;
	bool resync = turns->remote_left != k->remote_left || k->have > 0;
	struct reply_ref *ref = k->ref;

	turn_resume_count(turns, k->listener);
	k->ref = NULL;
	remote_reply_add_listener(turns, ref, state, turn_lookup_end(k), resync);
}

static void
turn_resume_open(struct turn_lookup *k, const struct msg_turn_state *state)
{
	struct turn *t = turn_lookup_find_here(k, state);

	if (t != NULL)
		turn_resume_here(k, t);
	else if (state->own || remote_reply_is_outdated(k->turns, state))
		turn_lookup_retry(k);
	else
		turn_resume_remote(k, state);
}

static void
turn_lookup_on_state(void *arg, uint16_t type, const union msg *m)
{
	struct turn_lookup *k = arg;

	k->call = NULL;
	if (type == MSG_TURN_HANDED) {
		turn_resume_handed(turn_lookup_end(k), &m->turn_handed);
	} else if (type != MSG_TURN_STATE) {
		reply_listener_fail(k->listener,
		    store_refused(type, m, STORE_NOT_FOUND) ? TURN_NOT_FOUND
							    : store_failure(type, m));
	} else if (m->turn_state.open) {
		turn_resume_open(k, &m->turn_state);
	} else {
		turn_resume_count(k->turns, k->listener);
		turn_resume_closed(turn_lookup_end(k), &m->turn_state);
	}
}

static int
turn_lookup_send(struct turn_lookup *k)
{
	struct msg_turn_join request;

	k->have = remote_reply_length(k->turns, &k->ref->message);
	request = reply_ref_join(k->ref, k->have);
	k->remote_left = k->turns->remote_left;
	k->call = store_call(k->turns->store, MSG_TURN_JOIN, &request, STORE_TIMEOUT_MS,
	    turn_lookup_on_state, k);
	return k->call == NULL ? -1 : 0;
}

static void
turn_lookup_on_retry(evutil_socket_t fd, short what, void *arg)
{
	struct turn_lookup *k = arg;

	(void)fd;
	(void)what;
	if (turn_lookup_send(k) == -1)
		reply_listener_fail(k->listener, TURN_STORE_DOWN);
}

/* Takes over ref, and the listener unless it returns -1: too many requests wait for storaged. */
static int
turn_lookup_start(struct turns *turns, struct turn_listener *l, struct reply_ref *ref)
{
	struct turn_lookup *k = xcalloc(1, sizeof(*k));

	k->turns = turns;
	k->listener = l;
	k->ref = ref;
	k->until_ms = clock_mono_ms() + STORE_TIMEOUT_MS;
	k->retry = evtimer_new(turns->base, turn_lookup_on_retry, k);
	must(k->retry != NULL);
	LIST_INSERT_HEAD(&turns->lookups, k, link);
	if (turn_lookup_send(k) == -1) {
		turn_lookup_free(k);
		return -1;
	}
	l->lookup = k;
	l->cancel_lookup = turn_lookup_cancel;
	return 0;
}

/* Returns the listener, or NULL after freeing it. */
static struct turn_listener *
turn_resume_begin(struct turns *turns, const struct reply_ref *ref, struct turn_listener *l)
{
	if (turn_lookup_start(turns, l, reply_ref_copy(ref)) == 0)
		return l;
	reply_listener_free(l);
	return NULL;
}

struct turn_listener *
turn_join(struct turns *turns, const struct reply_ref *ref, size_t after,
    const struct turn_sink *sink, void *arg)
{
	struct turn_listener *l = reply_listener_new(sink, arg);

	l->after = after;
	return turn_resume_begin(turns, ref, l);
}

void
turn_resume_repeated(struct turns *turns, struct turn_listener *l, struct reply_ref *ref,
    const struct msg_turn_state *state)
{
	if (!state->open) {
		free(ref);
		turn_resume_count(turns, l);
		turn_resume_closed(l, state);
		return;
	}
	ref->message = state->turn;
	if (turn_lookup_start(turns, l, ref) == -1)
		reply_listener_fail(l, TURN_STORE_DOWN);
}

void
turn_resume_stop(void *turns, struct turn_listener *l)
{
	if (turn_lookup_start(turns, l, reply_ref_copy(l->stop_ref)) == -1)
		reply_listener_fail(l, TURN_STORE_DOWN);
}

static void
turn_stop_on_deadline(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	reply_listener_fail(arg, TURN_STORE_DOWN);
}

struct turn_listener *
turn_stop(
    struct turns *turns, const struct reply_ref *ref, const struct turn_sink *sink, void *arg)
{
	struct timeval in = clock_timeval(STORE_TIMEOUT_MS);
	struct turn_listener *l = reply_listener_new(sink, arg);

	l->end_only = true;
	l->stop_ref = reply_ref_copy(ref);
	l->stop_deadline = evtimer_new(turns->base, turn_stop_on_deadline, l);
	must(l->stop_deadline != NULL);
	evtimer_add(l->stop_deadline, &in);
	return turn_resume_begin(turns, ref, l);
}

void
turn_resume_shutdown(struct turns *turns)
{
	struct turn_lookup *k;

	while ((k = LIST_FIRST(&turns->lookups)) != NULL)
		reply_listener_fail(k->listener, TURN_SHUTDOWN);
}

void
turn_resume_clear(struct turns *turns)
{
	struct turn_lookup *k;

	while ((k = LIST_FIRST(&turns->lookups)) != NULL)
		reply_listener_free(turn_lookup_end(k));
}
