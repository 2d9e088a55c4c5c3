/*
 * Following. The store is asked again how a reply is, from the text that is here on, when it says
 * that the reply has ended, when a piece is missing, and when the line was broken; until it answers,
 * what comes of the reply is passed over, as that will come again.
 */
#include "workerd/turn/remote_reply.h"

#include <stdlib.h>

#include "proto/base/basics.h"

struct follow {
	struct audience audience; /* the first member: found by it */
	struct chat *chat;
	struct reference *reference;
	struct store_call *call; /* asks how it is */
	bool stop;               /* somebody wants it stopped */
	TAILQ_ENTRY(follow) link;
};

static void
follow_free(struct follow *f)
{
	metric_sub(&f->chat->board->turns_followed, 1);
	TAILQ_REMOVE(&f->chat->follows, f, link);
	audiences_remove(&f->audience);
	audience_clear(&f->audience);
	free(f->reference);
	free(f);
}

/* Nothing of it is wanted here any more. Should the store not take this, it forwards for nothing. */
static void
follow_leave(struct follow *f)
{
	struct msg_turn_leave leave = {.turn = f->audience.ids.message};
	struct chat *chat = f->chat;

	if (f->call != NULL)
		store_call_forget(f->call);
	chat->follows_left++;
	(void)!store_call(chat->store, MSG_TURN_LEAVE, &leave, STORE_TIMEOUT_MS, NULL, NULL);
	follow_free(f);
}

static void
on_deserted(struct audience *a)
{
	follow_leave((struct follow *)a);
}

/* After each call to listeners: true when none is left, and the follow gone. */
static bool
follow_is_left(struct follow *f)
{
	if (!audience_is_empty(&f->audience))
		return false;
	follow_leave(f);
	return true;
}

static struct follow *
follow_find(const struct chat *chat, const struct id *message)
{
	return (struct follow *)audiences_find(chat->follows_by_id, message);
}

/* -- asking how it is -------------------------------------------------------------------- */

/* The end of one that the store does not let us follow any more. */
static void
follow_fail(struct follow *f, enum turn_failure failure)
{
	audience_fail(&f->audience, failure, 0);
	follow_free(f);
}

/* Should the store have no room for this, it is told with the next answer, or the one who wants it
 * stopped waits for long enough. */
static void
follow_stop(struct follow *f)
{
	struct msg_turn_stop stop = {.turn = f->audience.ids.message};

	f->stop = true;
	if (f->call == NULL)
		(void)!store_call(
		    f->chat->store, MSG_TURN_STOP, &stop, STORE_TIMEOUT_MS, NULL, NULL);
}

/* It is still written. By another run it was begun anew, and what was heard here is void; a stop is
 * meant for the reply, whoever writes it. */
static void
follow_goes_on(struct follow *f, const struct msg_turn_state *state)
{
	bool same = id_equal(&f->audience.ids.run, &state->run) && !state->own;

	if (!same) {
		audience_send_stops(&f->audience, f->chat);
		audience_fail(&f->audience, TURN_INTERRUPTED, 0);
	}
	if (follow_is_left(f))
		return;
	if (f->stop)
		follow_stop(f);
}

static void
on_state(void *arg, uint16_t type, const union msg *m)
{
	struct follow *f = arg;

	f->call = NULL;
	if (store_refused(type, m, STORE_NOT_FOUND)) {
		follow_fail(f, TURN_ERASED);
	} else if (type != MSG_TURN_STATE) {
		follow_fail(f, TURN_STORE_DOWN);
	} else if (m->turn_state.open) {
		follow_goes_on(f, &m->turn_state);
	} else {
		audience_close(&f->audience, &m->turn_state);
		follow_free(f);
	}
}

static void
follow_ask(struct follow *f)
{
	struct msg_turn_join ask = reference_join(f->reference, buf_len(&f->audience.text));

	if (f->call != NULL)
		return;
	f->call =
	    store_call(f->chat->store, MSG_TURN_JOIN, &ask, STORE_TIMEOUT_MS, on_state, f);
	if (f->call == NULL)
		follow_fail(f, TURN_STORE_DOWN);
}

/* -- listeners --------------------------------------------------------------------------- */

static struct follow *
follow_new(struct chat *chat, struct reference *reference, const struct msg_turn_state *state)
{
	struct follow *f = xcalloc(1, sizeof(*f));

	audience_init(&f->audience, on_deserted);
	f->audience.ids = (struct turn_ids){state->conversation, state->turn, state->run};
	/* The first run has the reply's own id (messages.def). */
	f->audience.anew = !id_equal(&state->run, &state->turn);
	f->chat = chat;
	f->reference = reference;
	TAILQ_INSERT_TAIL(&chat->follows, f, link);
	audiences_add(chat->follows_by_id, &f->audience);
	metric_add(&chat->board->turns_followed, 1);
	return f;
}

bool
follow_is_outdated(struct chat *chat, const struct msg_turn_state *state)
{
	struct follow *f = follow_find(chat, &state->turn);

	if (f == NULL || id_equal(&f->audience.ids.run, &state->run))
		return false;
	follow_ask(f);
	return true;
}

void
follow_admit(struct chat *chat, struct reference *reference, const struct msg_turn_state *state,
    struct turn_listener *l, bool doubtful)
{
	struct follow *f = follow_find(chat, &state->turn);
	bool fresh = f == NULL, stop = l->quiet;

	if (fresh)
		f = follow_new(chat, reference, state);
	else
		free(reference);
	/* Where its text begins is known when some of it is here, or none is wanted before. */
	audience_add(&f->audience, l, l->after == 0 || f->audience.anew);
	if (follow_is_left(f))
		return;
	if (stop)
		follow_stop(f);
	if (fresh && doubtful)
		follow_ask(f);
}

size_t
follow_has(const struct chat *chat, const struct id *message)
{
	const struct follow *f = follow_find(chat, message);

	return f == NULL ? 0 : buf_len(&f->audience.text);
}

/* -- what storaged says ------------------------------------------------------------------ */

/* What a piece adds to the text; false when it does not join on. */
static bool
cut_overlap(const struct follow *f, const struct msg_live_text *piece, struct slice *more)
{
	size_t have = buf_len(&f->audience.text), overlap;

	if (piece->offset > have)
		return false;
	overlap = have - piece->offset;
	if (overlap > piece->text.len)
		overlap = piece->text.len;
	more->p = piece->text.p + overlap;
	more->len = piece->text.len - overlap;
	/* Not in the middle of a character. */
	return more->len == 0 || (more->p[0] & 0xc0) != 0x80;
}

void
follow_text(struct chat *chat, const struct msg_live_text *piece)
{
	struct follow *f = follow_find(chat, &piece->turn);
	struct slice more;

	if (f == NULL || f->call != NULL)
		return;
	if (!cut_overlap(f, piece, &more)) {
		follow_ask(f);
		return;
	}
	if (more.len > 0 && audience_text(&f->audience, more) == -1)
		audience_fail(&f->audience, TURN_TOO_LONG, 0);
	else if (!f->audience.begun)
		audience_begin(&f->audience);
	follow_is_left(f);
}

void
follow_end(struct chat *chat, const struct id *message)
{
	struct follow *f = follow_find(chat, message);

	if (f != NULL)
		follow_ask(f);
}

/* As for those who listen where it is written, nobody knows when it will be stored. */
void
follow_unsaved(struct chat *chat, const struct msg_live_unsaved *unsaved)
{
	struct follow *f = follow_find(chat, &unsaved->turn);

	if (f == NULL || f->call != NULL)
		return;
	audience_fail(&f->audience, unsaved->full ? TURN_STORE_FULL : TURN_STORE_DOWN, 0);
	follow_is_left(f);
}

/* -- all of them ------------------------------------------------------------------------- */

/* Any of them may end any other. One that is met twice has asked already. */
void
follows_ask(struct chat *chat)
{
	struct follow *f;
	size_t n = 0;

	TAILQ_FOREACH (f, &chat->follows, link)
		n++;
	for (; n > 0 && (f = TAILQ_FIRST(&chat->follows)) != NULL; n--) {
		TAILQ_REMOVE(&chat->follows, f, link);
		TAILQ_INSERT_TAIL(&chat->follows, f, link);
		follow_ask(f);
	}
}

void
follows_cut(struct chat *chat)
{
	struct follow *f;

	while ((f = TAILQ_FIRST(&chat->follows)) != NULL) {
		audience_fail(&f->audience, TURN_CUT, 0);
		follow_leave(f);
	}
}

/* The store's calls are gone already. */
void
follows_clear(struct chat *chat)
{
	struct follow *f;

	while ((f = TAILQ_FIRST(&chat->follows)) != NULL)
		follow_free(f);
}
