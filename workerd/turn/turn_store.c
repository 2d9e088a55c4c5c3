/*
 * Keeping the reply: a piece each second or CHECKPOINT_BYTES while it comes, the whole at its end.
 *
 * A reply that the store does not take is kept here and sent again until it does; the listeners are
 * told at once, those elsewhere too.
 */
#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "proto/base/utf8.h"
#include "workerd/turn/turn_internal.h"

#define SAVE_AGAIN_MS 1000
#define SAVE_SOON_MS  30000 /* after so long it is tried less often */
#define SAVE_LATER_MS 10000

/* What a visitor reads when the model said nothing at all. */
#define APOLOGY "Sorry, I could not find an answer to that. Could you put it another way?"

/* -- finishing --------------------------------------------------------------------------- */

/* Those who listen need not wait for what may take long. The reply itself waits here until the
 * store takes it: nobody else would ever close the turn. */
static void
turn_not_saved(struct turn *t, enum turn_failure failure)
{
	t->unsaved = t->unsaved || !t->failed;
	turn_set_failure(t, failure);
	turn_tell(t);
	turn_enter(t, TURN_SAVING);
	t->greets = t->wanted;
	turn_timer(t, clock_mono_ms() < t->save_soon_until_ms ? SAVE_AGAIN_MS : SAVE_LATER_MS);
}

/* Whether the store refuses because the reply is not this turn's to write any more. */
static bool
given_away(uint16_t type, const union msg *m, enum turn_failure *why)
{
	*why = store_refused(type, m, STORE_TAKEN) ? TURN_INTERRUPTED : TURN_ERASED;
	return *why == TURN_INTERRUPTED || store_refused(type, m, STORE_NOT_FOUND);
}

/* It was stopped before its first word: what the store has from a run before it is the reply. */
static void
turn_take_stored(struct turn *t, const struct msg_turn_state *state)
{
	if (state->text.len > 0)
		must(audience_text(&t->audience, state->text) == 0);
	t->reply.status = (enum message_status)state->status;
	t->reply.text = buf_slice(&t->audience.text);
}

static void
on_finished(void *arg, uint16_t type, const union msg *m)
{
	struct turn *t = arg;
	enum turn_failure why;

	t->call = NULL;
	if (type == MSG_TURN_STATE)
		turn_take_stored(t, &m->turn_state);
	if (type == MSG_OK || type == MSG_TURN_STATE) {
		/* Who came after the others were told hears what is stored now. */
		t->failed = t->failed && !t->unsaved;
		turn_end(t);
		return;
	}
	/* It was erased; or it never began, which its listener was told then. */
	if (given_away(type, m, &why)) {
		turn_lost(t, why);
		return;
	}
	log_event(LOG_ERROR, "turn_not_saved", L_TURN(t),
	    L_SLICE("detail", type == MSG_ERROR ? m->error.detail : slice_str("no answer")));
	turn_not_saved(
	    t, store_refused(type, m, STORE_FULL) ? TURN_STORE_FULL : TURN_STORE_DOWN);
}

void
turn_save(struct turn *t)
{
	struct msg_turn_finish finish = {
	    .turn = t->audience.ids.message,
	    .run = t->audience.ids.run,
	    .status = (uint8_t)t->reply.status,
	    .text = t->reply.text,
	    .prompt_tokens = t->reply.prompt_tokens,
	    .completion_tokens = t->reply.completion_tokens,
	};

	turn_publish(t);
	turn_enter(t, TURN_FINISHING);
	/* Whoever called may still use a turn that ends; nor is a listener called from within its own
	 * call. */
	if (t->trial) {
		turn_timer(t, 0);
		return;
	}
	t->call = store_call(
	    t->chat->store, MSG_TURN_FINISH, &finish, STORE_TIMEOUT_MS, on_finished, t);
	if (t->call == NULL)
		turn_not_saved(t, TURN_STORE_DOWN);
}

void
turn_finish(struct turn *t)
{
	evtimer_del(&t->timer);
	t->save_soon_until_ms = clock_mono_ms() + SAVE_SOON_MS;
	t->reply.text = utf8_trim(buf_slice(&t->audience.text));
	if (t->reply.text.len == 0 && t->reply.status == MESSAGE_COMPLETE)
		t->reply.text = slice_str(APOLOGY);
	turn_save(t);
}

void
turn_fail(struct turn *t, enum turn_failure failure)
{
	turn_set_failure(t, failure);
	t->reply.status = MESSAGE_INTERRUPTED;
	turn_finish(t);
}

/* -- checkpoints ------------------------------------------------------------------------- */

/* All replies of a worker are kept at the same ten moments of a second: a commit of the store costs
 * about the same for one piece as for a hundred. Not at fewer: the store holds as many pages in memory as
 * its greatest commit has changed, and twice as many lie unused in its file; and tokens wait meanwhile.
 * With 1,000 replies (make bench) ten moments take 1 KiB less of each than four, 20 save no more. */
void
turn_timer_checkpoint(struct turn *t)
{
	uint64_t now = clock_mono_ms(), due = now + CHECKPOINT_MS;

	turn_timer(t, (unsigned)(due - due % CHECKPOINT_GRID - now));
}

/* A piece that was not kept, or perhaps not, is sent again with all before it; when the timer says
 * so, or a full store would get the whole text with every token. */
static void
on_checkpoint(void *arg, uint16_t type, const union msg *m)
{
	struct turn *t = arg;
	enum turn_failure why;

	t->checkpoints--;
	if (t->state == TURN_OVER) {
		turn_enter(t, TURN_OVER);
		return;
	}
	/* The rest of the reply is wanted no more: it ends here, not when the model has done. */
	if (given_away(type, m, &why)) {
		turn_lost(t, why);
		return;
	}
	t->behind = type != MSG_OK;
	if (t->behind)
		t->kept = 0;
	if (t->behind && t->state == TURN_STREAMING)
		turn_timer_checkpoint(t);
}

/* Keeps the text that no checkpoint holds yet; an empty one only claims the turn. One is on its
 * way at a time, so that a lost one leaves no gap. */
void
turn_checkpoint(struct turn *t)
{
	struct slice text = buf_slice(&t->audience.text);
	struct msg_turn_checkpoint piece = {
	    .turn = t->audience.ids.message,
	    .run = t->audience.ids.run,
	    .offset = (uint32_t)t->kept,
	    .text = {text.p + t->kept, text.len - t->kept},
	};

	if (t->trial)
		return;
	if (t->checkpoints == 0 &&
	    store_call(t->chat->store, MSG_TURN_CHECKPOINT, &piece, STORE_TIMEOUT_MS,
		on_checkpoint, t) != NULL) {
		t->checkpoints++;
		t->kept = text.len;
	}
	/* In other states the timer is another's: a claim leaves it alone. */
	if (t->state != TURN_STREAMING)
		return;
	if (t->kept == text.len)
		evtimer_del(&t->timer);
	else
		turn_timer_checkpoint(t);
}

void
turn_claim(struct turn *t)
{
	if (t->state >= TURN_LOADING && t->state <= TURN_STREAMING)
		turn_checkpoint(t);
}
