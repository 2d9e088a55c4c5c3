/*
 * One question how a reply is. It is asked again when the answer was out of date before it came:
 * the store took the turn for ours, and it has just ended.
 */
#include "workerd/turn/resume.h"

#include <stdlib.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "workerd/turn/remote_reply.h"
#include "workerd/turn/turn_internal.h"

#define ASK_AGAIN_MS 20

struct join {
	struct chat *chat;
	struct turn_listener *listener;
	struct reference *reference;
	struct store_call *call; /* NULL: asks again when the timer ends */
	struct event *again;
	uint64_t until_ms;
	uint64_t follows_left; /* chat's, when it asked */
	size_t has;            /* bytes of the text that were here then */
	LIST_ENTRY(join) link;
};

static void
join_free(struct join *j)
{
	LIST_REMOVE(j, link);
	event_free(j->again);
	free(j->reference);
	free(j);
}

/* The question is answered: the listener is free for what follows. */
static struct turn_listener *
join_end(struct join *j)
{
	struct turn_listener *l = j->listener;

	l->join = NULL;
	join_free(j);
	return l;
}

void
join_give_up(struct join *j)
{
	if (j->call != NULL)
		store_call_forget(j->call);
	join_end(j);
}

/* -- the answers ------------------------------------------------------------------------- */

/* It has all of it at once. */
static void
tell_ended(struct turn_listener *l, const struct msg_turn_state *state)
{
	struct audience alone;

	audience_init(&alone, NULL);
	alone.ids =
	    (struct turn_ids){.conversation = state->conversation, .message = state->turn};
	audience_add(&alone, l, false);
	audience_close(&alone, state);
	audience_clear(&alone);
}

static void
count_found(struct chat *chat, const struct turn_listener *l)
{
	if (!l->quiet)
		metric_add(&chat->board->turns_joined, 1);
}

static void
ask_later(struct join *j)
{
	struct timeval in = clock_timeval(ASK_AGAIN_MS);

	if (clock_mono_ms() > j->until_ms)
		listener_fail(j->listener, TURN_STORE_DOWN);
	else
		evtimer_add(j->again, &in);
}

/* The turn that runs here under this name; the store may not know yet that it does, on a new line. */
static struct turn *
find_here(const struct join *j, const struct msg_turn_state *state)
{
	struct turn *t = turn_find(j->chat, &state->turn);

	return t == NULL || !id_equal(&t->audience.ids.run, &state->run) ? NULL : t;
}

static void
join_here(struct join *j, struct turn *t)
{
	count_found(j->chat, j->listener);
	turn_admit(t, join_end(j));
}

/* Another worker runs it, and we follow it from now on. If the store has heard since it was asked
 * that nobody here does, that may have been after this; and it was told how much of the text is
 * here, which may have ended since. */
static void
join_elsewhere(struct join *j, const struct msg_turn_state *state)
{
	struct chat *chat = j->chat;
	bool doubtful = chat->follows_left != j->follows_left || j->has > 0;
	struct reference *reference = j->reference;

	count_found(j->chat, j->listener);
	j->reference = NULL;
	follow_admit(chat, reference, state, join_end(j), doubtful);
}

/* Somebody writes it: who is it? */
static void
join_open(struct join *j, const struct msg_turn_state *state)
{
	struct turn *t = find_here(j, state);

	if (t != NULL)
		join_here(j, t);
	else if (state->own || follow_is_outdated(j->chat, state))
		ask_later(j);
	else
		join_elsewhere(j, state);
}

static void
on_state(void *arg, uint16_t type, const union msg *m)
{
	struct join *j = arg;

	j->call = NULL;
	if (type != MSG_TURN_STATE) {
		listener_fail(j->listener,
		    store_refused(type, m, STORE_NOT_FOUND) ? TURN_UNKNOWN : TURN_STORE_DOWN);
	} else if (m->turn_state.open) {
		join_open(j, &m->turn_state);
	} else {
		count_found(j->chat, j->listener);
		tell_ended(join_end(j), &m->turn_state);
	}
}

/* -- asking ------------------------------------------------------------------------------ */

static int
join_ask(struct join *j)
{
	struct msg_turn_join ask;

	j->has = follow_has(j->chat, &j->reference->message);
	ask = reference_join(j->reference, j->has);
	j->follows_left = j->chat->follows_left;
	j->call =
	    store_call(j->chat->store, MSG_TURN_JOIN, &ask, STORE_TIMEOUT_MS, on_state, j);
	return j->call == NULL ? -1 : 0;
}

static void
on_again(evutil_socket_t fd, short what, void *arg)
{
	struct join *j = arg;

	(void)fd;
	(void)what;
	if (join_ask(j) == -1)
		listener_fail(j->listener, TURN_STORE_DOWN);
}

/* Looks for the reply. Takes over the reference; and the listener, unless it returns -1: then too
 * much waits for the store. */
static int
join_start(struct chat *chat, struct turn_listener *l, struct reference *reference)
{
	struct join *j = xcalloc(1, sizeof(*j));

	j->chat = chat;
	j->listener = l;
	j->reference = reference;
	j->until_ms = clock_mono_ms() + STORE_TIMEOUT_MS;
	j->again = evtimer_new(chat->base, on_again, j);
	must(j->again != NULL);
	LIST_INSERT_HEAD(&chat->joins, j, link);
	if (join_ask(j) == -1) {
		join_free(j);
		return -1;
	}
	l->join = j;
	return 0;
}

static int
join_begin(struct chat *chat, const struct turn_reference *reference, struct turn_listener *l)
{
	int rc = join_start(chat, l, reference_new(reference));

	if (rc == -1)
		listener_free(l);
	return rc;
}

struct turn_listener *
turn_join(struct chat *chat, const struct turn_reference *reference, size_t after,
    const struct turn_sink *sink, void *arg)
{
	struct turn_listener *l = listener_new(sink, arg);

	l->after = after;
	return join_begin(chat, reference, l) == 0 ? l : NULL;
}

void
join_repeated(struct chat *chat, struct turn_listener *l, struct reference *reference,
    const struct msg_turn_state *state)
{
	if (!state->open) {
		free(reference);
		count_found(chat, l);
		tell_ended(l, state);
		return;
	}
	reference->message = state->turn;
	if (join_start(chat, l, reference) == -1)
		listener_fail(l, TURN_STORE_DOWN);
}

void
join_again(struct chat *chat, struct turn_listener *l)
{
	if (join_start(chat, l, reference_copy(l->stops)) == -1)
		listener_fail(l, TURN_STORE_DOWN);
}

static void
on_stop_deadline(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	listener_fail(arg, TURN_STORE_DOWN);
}

struct turn_listener *
turn_stop(struct chat *chat, const struct turn_reference *reference,
    const struct turn_sink *sink, void *arg)
{
	struct timeval in = clock_timeval(STORE_TIMEOUT_MS);
	struct turn_listener *l = listener_new(sink, arg);

	l->quiet = true;
	l->stops = reference_new(reference);
	l->deadline = evtimer_new(chat->base, on_stop_deadline, l);
	must(l->deadline != NULL);
	evtimer_add(l->deadline, &in);
	return join_begin(chat, reference, l) == 0 ? l : NULL;
}

/* -- all of them ------------------------------------------------------------------------- */

void
joins_cut(struct chat *chat)
{
	struct join *j;

	while ((j = LIST_FIRST(&chat->joins)) != NULL)
		listener_fail(j->listener, TURN_CUT);
}

/* The store's calls are gone already. */
void
joins_clear(struct chat *chat)
{
	struct join *j;

	while ((j = LIST_FIRST(&chat->joins)) != NULL)
		listener_free(join_end(j));
}
