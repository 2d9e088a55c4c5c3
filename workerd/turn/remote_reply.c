/*
 * storaged is asked for a reply's state, from the text that is here on, when it says that the reply has
 * ended, when a piece is missing, and after the connection was lost. Until it answers, pieces are
 * ignored: their text comes again.
 */
#include "workerd/turn/remote_reply.h"

#include <stdlib.h>

#include "proto/base/basics.h"
#include "workerd/turn/store_failure.h"

/* How long its listeners wait for a store that has died or moves: a take-over takes up to 8 s. */
#define STATE_MS 15000

struct remote_reply {
	struct reply_listeners listeners; /* the first member: replies are found by it */
	struct turns *turns;
	struct reply_ref *ref;
	struct store_call *call; /* requests its state */
	bool stop;               /* a listener wants it stopped */
	TAILQ_ENTRY(remote_reply) link;
};

static void
remote_reply_free(struct remote_reply *r)
{
	metric_sub(&r->turns->board->turns_followed, 1);
	TAILQ_REMOVE(&r->turns->remote, r, link);
	reply_listeners_index_remove(&r->listeners);
	reply_listeners_clear(&r->listeners);
	free(r->ref);
	free(r);
}

/* Stops following. If the message is lost, storaged forwards text that is ignored. */
static void
remote_reply_leave(struct remote_reply *r)
{
	struct msg_turn_leave leave = {.turn = r->listeners.ids.message};
	struct turns *turns = r->turns;

	if (r->call != NULL)
		store_call_forget(r->call);
	turns->remote_left++;
	(void)!store_call(turns->store, MSG_TURN_LEAVE, &leave, STORE_TIMEOUT_MS, NULL, NULL);
	remote_reply_free(r);
}

static void
remote_reply_on_empty(struct reply_listeners *ls)
{
	remote_reply_leave((struct remote_reply *)ls);
}

/* Called after each call to the listeners. True: the last one is gone, and r is freed. */
static bool
remote_reply_leave_if_empty(struct remote_reply *r)
{
	if (!reply_listeners_is_empty(&r->listeners))
		return false;
	remote_reply_leave(r);
	return true;
}

static struct remote_reply *
remote_reply_find(const struct turns *turns, const struct id *message)
{
	return (struct remote_reply *)reply_listeners_index_find(turns->remote_by_id, message);
}

/* storaged does not let us follow it any more. */
static void
remote_reply_fail(struct remote_reply *r, enum turn_failure failure)
{
	reply_listeners_fail(&r->listeners, failure);
	remote_reply_free(r);
}

/* If a state request is under way, the stop is sent after its answer. If this message is lost, the
 * listener's deadline ends the wait. */
static void
remote_reply_stop(struct remote_reply *r)
{
	struct msg_turn_stop stop = {.turn = r->listeners.ids.message};

	r->stop = true;
	if (r->call == NULL)
		(void)!store_call(
		    r->turns->store, MSG_TURN_STOP, &stop, STORE_TIMEOUT_MS, NULL, NULL);
}

/* The reply is still being written. If another run writes it, the text here is invalid; a stop applies
 * to the reply, whichever run writes it. */
static void
remote_reply_continue(struct remote_reply *r, const struct msg_turn_state *state)
{
	bool same_run = id_equal(&r->listeners.ids.run, &state->run) && !state->own;

	if (!same_run) {
		reply_listeners_take_stops(&r->listeners, r->turns->resume_stop, r->turns);
		reply_listeners_fail(&r->listeners, TURN_INTERRUPTED);
	}
	if (remote_reply_leave_if_empty(r))
		return;
	if (r->stop)
		remote_reply_stop(r);
}

static void
remote_reply_on_state(void *arg, uint16_t type, const union msg *m)
{
	struct remote_reply *r = arg;

	r->call = NULL;
	if (store_refused(type, m, STORE_NOT_FOUND)) {
		remote_reply_fail(r, TURN_ERASED);
	} else if (type != MSG_TURN_STATE) {
		remote_reply_fail(r, store_failure(type, m));
	} else if (m->turn_state.open) {
		remote_reply_continue(r, &m->turn_state);
	} else {
		reply_listeners_close(&r->listeners, &m->turn_state);
		remote_reply_free(r);
	}
}

static void
remote_reply_request_state(struct remote_reply *r)
{
	struct msg_turn_join request = reply_ref_join(r->ref, buf_len(&r->listeners.text));

	if (r->call != NULL)
		return;
	r->call = store_call(
	    r->turns->store, MSG_TURN_JOIN, &request, STATE_MS, remote_reply_on_state, r);
	if (r->call == NULL)
		remote_reply_fail(r, TURN_STORE_DOWN);
}

static struct remote_reply *
remote_reply_new(struct turns *turns, struct reply_ref *ref, const struct msg_turn_state *state)
{
	struct remote_reply *r = xcalloc(1, sizeof(*r));

	reply_listeners_init(&r->listeners, remote_reply_on_empty);
	r->listeners.ids = (struct turn_ids){state->conversation, state->turn, state->run};
	/* The first run has the reply's own id (messages.def). */
	r->listeners.restarted = !id_equal(&state->run, &state->turn);
	r->turns = turns;
	r->ref = ref;
	TAILQ_INSERT_TAIL(&turns->remote, r, link);
	reply_listeners_index_add(turns->remote_by_id, &r->listeners);
	metric_add(&turns->board->turns_followed, 1);
	return r;
}

bool
remote_reply_is_outdated(struct turns *turns, const struct msg_turn_state *state)
{
	struct remote_reply *r = remote_reply_find(turns, &state->turn);

	if (r == NULL || id_equal(&r->listeners.ids.run, &state->run))
		return false;
	remote_reply_request_state(r);
	return true;
}

void
remote_reply_add_listener(struct turns *turns, struct reply_ref *ref,
    const struct msg_turn_state *state, struct turn_listener *l, bool resync)
{
	struct remote_reply *r = remote_reply_find(turns, &state->turn);
	bool first = r == NULL, stop = l->end_only;

	if (first)
		r = remote_reply_new(turns, ref, state);
	else
		free(ref);
	/* A position can be rounded to the text only when that is here. */
	reply_listeners_add(&r->listeners, l, l->after == 0 || r->listeners.restarted);
	if (remote_reply_leave_if_empty(r))
		return;
	if (stop)
		remote_reply_stop(r);
	if (first && resync)
		remote_reply_request_state(r);
}

size_t
remote_reply_length(const struct turns *turns, const struct id *message)
{
	const struct remote_reply *r = remote_reply_find(turns, message);

	return r == NULL ? 0 : buf_len(&r->listeners.text);
}

/* The part of a piece that is new here; false when text before it is missing. */
static bool
remote_reply_new_part(
    const struct remote_reply *r, const struct msg_live_text *piece, struct slice *part)
{
	size_t have = buf_len(&r->listeners.text), overlap;

	if (piece->offset > have)
		return false;
	overlap = have - piece->offset;
	if (overlap > piece->text.len)
		overlap = piece->text.len;
	part->p = piece->text.p + overlap;
	part->len = piece->text.len - overlap;
	/* Not inside a character. */
	return part->len == 0 || (part->p[0] & 0xc0) != 0x80;
}

/* The writer's sources, with all marks so far; empty: they have not changed. */
static void
remote_reply_cite(struct remote_reply *r, struct slice sources)
{
	if (sources.len == 0)
		return;
	reply_listeners_set_sources(&r->listeners, citations_read(sources));
	reply_listeners_cite(&r->listeners);
}

void
remote_reply_text(struct turns *turns, const struct msg_live_text *piece)
{
	struct remote_reply *r = remote_reply_find(turns, &piece->turn);
	struct slice part;

	if (r == NULL || r->call != NULL)
		return;
	if (!remote_reply_new_part(r, piece, &part)) {
		remote_reply_request_state(r);
		return;
	}
	if (part.len > 0 && reply_listeners_append(&r->listeners, part) == -1) {
		reply_listeners_fail(&r->listeners, TURN_TOO_LONG);
	} else {
		remote_reply_cite(r, piece->sources);
		if (!r->listeners.started)
			reply_listeners_start(&r->listeners);
	}
	remote_reply_leave_if_empty(r);
}

void
remote_reply_end(struct turns *turns, const struct id *message)
{
	struct remote_reply *r = remote_reply_find(turns, message);

	if (r != NULL)
		remote_reply_request_state(r);
}

/* As for the writer's own listeners: nobody knows when the reply will be stored. */
void
remote_reply_unsaved(struct turns *turns, const struct msg_live_unsaved *unsaved)
{
	struct remote_reply *r = remote_reply_find(turns, &unsaved->turn);

	if (r == NULL || r->call != NULL)
		return;
	reply_listeners_error(&r->listeners,
	    &(struct turn_error){
		.failure = unsaved->full ? TURN_STORE_FULL : TURN_STORE_DOWN, .unsaved = true});
	remote_reply_leave_if_empty(r);
}

/* Each request may free any of the replies, so the list is rotated and never iterated. A reply that
 * comes up twice has its request under way already. */
void
remote_reply_resync(struct turns *turns)
{
	struct remote_reply *r;
	size_t n = 0;

	TAILQ_FOREACH (r, &turns->remote, link)
		n++;
	for (; n > 0 && (r = TAILQ_FIRST(&turns->remote)) != NULL; n--) {
		TAILQ_REMOVE(&turns->remote, r, link);
		TAILQ_INSERT_TAIL(&turns->remote, r, link);
		remote_reply_request_state(r);
	}
}

void
remote_reply_shutdown(struct turns *turns)
{
	struct remote_reply *r;

	while ((r = TAILQ_FIRST(&turns->remote)) != NULL) {
		reply_listeners_fail(&r->listeners, TURN_SHUTDOWN);
		remote_reply_leave(r);
	}
}

void
remote_reply_clear(struct turns *turns)
{
	struct remote_reply *r;

	while ((r = TAILQ_FIRST(&turns->remote)) != NULL)
		remote_reply_free(r);
}
