/*
 * Storing the reply: checkpoints each second or CHECKPOINT_BYTES while it arrives, the whole at the
 * end.
 *
 * A reply that storaged does not store is kept here and sent again until it does; listeners, here and
 * in other workers, get the failure at once.
 */
#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "proto/base/utf8.h"
#include "workerd/turn/store_failure.h"
#include "workerd/turn/turn_internal.h"

#define STORE_RETRY_FAST_MS     1000
#define STORE_RETRY_FAST_FOR_MS 30000 /* then retried less often */
#define STORE_RETRY_SLOW_MS     10000

/* How often storaged may refuse a reply before it is given up, after 2, 4, 8, ... 256 times refused_ms. A
 * refusal because storaged died twice counts three times: each death cuts all connections to it. */
#define REFUSALS_MAX    9
#define REFUSALS_POISON 3

/* The reply when the model sent no text. */
#define APOLOGY "Sorry, I could not find an answer to that. Could you put it another way?"

/* The reply when the content filter of the model's server refused the message, or all of the reply. */
#define FILTERED "Sorry, I cannot answer that. Please put it another way."

static unsigned
turn_store_retry_ms(const struct turn *t)
{
	if (t->refusals > 0)
		return t->turns->refused_ms << t->refusals;
	return clock_mono_ms() < t->store_retry_fast_until_ms ? STORE_RETRY_FAST_MS
							      : STORE_RETRY_SLOW_MS;
}

/* Nobody else would close the turn, so the reply is kept and sent again; the listeners need not wait for
 * that. */
static void
turn_store_failed(struct turn *t, enum turn_failure failure)
{
	t->not_stored = t->not_stored || !t->failed;
	t->unsaved = true;
	turn_set_failure(t, failure);
	turn_report_end(t);
	turn_enter(t, TURN_STORE_RETRY);
	t->publish_pending = t->followed;
	turn_set_timer(t, turn_store_retry_ms(t));
}

/* The same reply would be refused again, and may kill storaged each time. Without its text it becomes an
 * interrupted one, with the text of its checkpoints, which the visitor can restart. If storaged refuses that
 * too, the reply remains open there until this worker ends. */
static void
turn_give_up(struct turn *t)
{
	log_event(LOG_ERROR, "turn_given_up", L_TURN(t), L_UINT("bytes", t->reply.text.len),
	    L_STR("help",
		"storaged refuses to store this reply: see its log, run banter verify"));
	t->given_up = true;
	t->refusals = 0;
	t->reply.status = MESSAGE_INTERRUPTED;
	t->reply.text = (struct slice){0};
	turn_store_reply(t);
}

/* For another reason than lack of space, so it may be permanent. */
static void
turn_store_was_refused(struct turn *t, bool poisoned)
{
	t->refusals += poisoned ? REFUSALS_POISON : 1;
	if (t->given_up)
		turn_end(t);
	else if (t->refusals >= REFUSALS_MAX)
		turn_give_up(t);
	else
		turn_store_failed(t, TURN_STORE_REFUSED);
}

bool
turn_is_lost(uint16_t type, const union msg *m, enum turn_failure *why)
{
	if (turn_is_unaffordable(type, m, why))
		return true;
	*why = store_refused(type, m, STORE_TAKEN) ? TURN_INTERRUPTED : TURN_ERASED;
	return *why != TURN_ERASED || store_refused(type, m, STORE_NOT_FOUND);
}

/* What the visitor reads instead of a text that is missing. A mark is no token, so the prompt is still there. */
static struct slice
turn_text_instead(const struct turn *t)
{
	const struct citations *s = t->listeners.sources;

	if (s != NULL && citations_has_no_answer(s) && t->not_found == NOT_FOUND_FIXED &&
	    t->prompt != NULL)
		return prompt_not_found_text(t->prompt);
	return slice_str(t->reply.status == MESSAGE_FILTERED ? FILTERED : APOLOGY);
}

/* A restarted reply was stopped before its first token: the text of the earlier run is the reply. */
static void
turn_use_stored(struct turn *t, const struct msg_turn_state *state)
{
	if (state->text.len > 0)
		must(reply_listeners_append(&t->listeners, state->text) == 0);
	reply_listeners_set_sources(&t->listeners, citations_read(state->sources));
	reply_listeners_cite(&t->listeners);
	t->reply.status = (enum message_status)state->status;
	t->reply.text = buf_slice(&t->listeners.text);
}

static void
turn_on_stored(void *arg, uint16_t type, const union msg *m)
{
	struct turn *t = arg;
	enum turn_failure why, failure;

	t->call = NULL;
	if (type == MSG_TURN_STATE)
		turn_use_stored(t, &m->turn_state);
	if (type == MSG_OK || type == MSG_TURN_STATE) {
		/* Listeners that joined after the failure was reported get the stored reply. */
		t->failed = t->failed && (!t->not_stored || t->given_up);
		turn_end(t);
		return;
	}
	/* It was deleted; or storaged never began it, which its listener already knows. */
	if (turn_is_lost(type, m, &why)) {
		turn_lost(t, why);
		return;
	}
	log_event(LOG_ERROR, "turn_not_saved", L_TURN(t),
	    L_SLICE("detail", type == MSG_ERROR ? m->error.detail : slice_str("no answer")));
	failure = store_failure(type, m);
	if (failure == TURN_STORE_REFUSED)
		turn_store_was_refused(t, store_refused(type, m, STORE_POISONED));
	else
		turn_store_failed(t, failure);
}

/* The model that was asked; empty: none was. */
static struct slice
turn_store_model(const struct turn *t)
{
	return t->attempts == 0 ? (struct slice){0} : t->target.model;
}

static uint32_t
turn_store_first_token_ms(const struct turn *t)
{
	return t->first_token_ms == 0 ? 0 : (uint32_t)(t->first_token_ms - t->began_ms);
}

void
turn_store_reply(struct turn *t)
{
	struct msg_turn_finish finish = {
	    .turn = t->listeners.ids.message,
	    .run = t->listeners.ids.run,
	    .status = (uint8_t)t->reply.status,
	    .text = t->reply.text,
	    .prompt_tokens = t->reply.prompt_tokens,
	    .completion_tokens = t->reply.completion_tokens,
	    .model = turn_store_model(t),
	    .first_token_ms = turn_store_first_token_ms(t),
	    .total_ms = t->total_ms,
	    .attempts = (uint8_t)(t->attempts < UINT8_MAX ? t->attempts : UINT8_MAX),
	    .hand_over = t->hand_over.found && t->reply.status != MESSAGE_INTERRUPTED,
	    .late = t->unsaved,
	    .estimated = turn_cost_estimated(t),
	    .network = ip_client_prefix(&t->client),
	};

	struct buf sources;

	turn_publish(t);
	/* It may still be set: for a checkpoint, or for a retry that another event has made. */
	evtimer_del(&t->timer);
	turn_enter(t, TURN_STORING);
	/* The timer ends a trial: the caller may still use it, and it may be inside a listener's call. */
	if (t->trial) {
		turn_set_timer(t, 0);
		return;
	}
	buf_init(&sources, WIRE_FRAME_MAX);
	reply_listeners_write_sources(&t->listeners, finish.text.len, &sources);
	finish.sources = buf_slice(&sources);
	t->call = store_call(
	    t->turns->store, MSG_TURN_FINISH, &finish, STORE_TIMEOUT_MS, turn_on_stored, t);
	buf_clear(&sources);
	if (t->call == NULL)
		turn_store_failed(t, TURN_STORE_DOWN);
}

void
turn_finish(struct turn *t)
{
	t->store_retry_fast_until_ms = clock_mono_ms() + STORE_RETRY_FAST_FOR_MS;
	t->total_ms = (uint32_t)(clock_mono_ms() - t->began_ms);
	turn_cost_end(t);
	t->reply.text = utf8_trim(buf_slice(&t->listeners.text));
	turn_settle_sources(t);
	t->reply.handover = t->hand_over.found ? STATE_WAITING : STATE_OPEN;
	if (t->reply.text.len == 0 && t->reply.status != MESSAGE_STOPPED &&
	    t->reply.status != MESSAGE_INTERRUPTED)
		t->reply.text = turn_text_instead(t);
	turn_store_reply(t);
}

void
turn_fail(struct turn *t, enum turn_failure failure)
{
	turn_set_failure(t, failure);
	t->reply.status = MESSAGE_INTERRUPTED;
	turn_finish(t);
}

/* All replies of a worker send their checkpoints at the same ten moments of a second, because a commit
 * of the store costs about the same for one checkpoint as for a hundred. Not at fewer moments: the store
 * holds as many pages in memory as its largest commit changed, and twice as many free ones in its file;
 * and tokens wait meanwhile. With 1,000 replies (make bench) ten moments take 1 KiB less per reply than
 * four; twenty save no more. */
void
turn_set_checkpoint_timer(struct turn *t)
{
	uint64_t now = clock_mono_ms(), due = now + CHECKPOINT_MS;

	turn_set_timer(t, (unsigned)(due - due % CHECKPOINT_GRID - now));
}

/* storaged died on a checkpoint. The reply continues without: later ones have no text, and only claim the
 * turn. If storaged dies on such a one too, the reply fails. */
static void
turn_checkpoint_was_poisoned(struct turn *t)
{
	if (!t->checkpoint_poisoned)
		t->checkpoint_poisoned = true;
	else if (turn_is_producing(t)) {
		turn_cancel_calls(t);
		turn_fail(t, TURN_STORE_REFUSED);
	}
}

/* A lost checkpoint is sent again with all text before it. Only when the timer ends, or a full store
 * would receive the whole text with each token. */
static void
turn_on_checkpoint(void *arg, uint16_t type, const union msg *m)
{
	struct turn *t = arg;
	enum turn_failure why;

	t->checkpoints--;
	if (t->state == TURN_OVER) {
		turn_enter(t, TURN_OVER);
		return;
	}
	/* No budget has enough for the rest, but there is none: the end that is being stored pays for itself. */
	if (turn_is_unaffordable(type, m, &why) && !turn_is_producing(t))
		return;
	if (turn_is_lost(type, m, &why)) {
		turn_lost(t, why);
		return;
	}
	if (store_refused(type, m, STORE_POISONED)) {
		turn_checkpoint_was_poisoned(t);
		return;
	}
	t->checkpoint_failed = type != MSG_OK;
	if (t->checkpoint_failed)
		t->checkpointed = t->checkpointed_marks = 0;
	if (t->checkpoint_failed && t->state == TURN_STREAMING)
		turn_set_checkpoint_timer(t);
}

/* With the sources if there are new marks. */
static bool
turn_send_checkpoint(struct turn *t, struct msg_turn_checkpoint *piece)
{
	const size_t marks = reply_listeners_n_marks(&t->listeners);
	struct store_call *call;
	struct buf sources;

	buf_init(&sources, WIRE_FRAME_MAX);
	if (marks > t->checkpointed_marks && !t->checkpoint_poisoned)
		reply_listeners_write_sources(
		    &t->listeners, buf_len(&t->listeners.text), &sources);
	piece->sources = buf_slice(&sources);
	call = store_call(t->turns->store, MSG_TURN_CHECKPOINT, piece, STORE_TIMEOUT_MS,
	    turn_on_checkpoint, t);
	buf_clear(&sources);
	if (call != NULL)
		t->checkpointed_marks = marks;
	return call != NULL;
}

/* Only one checkpoint is under way at a time, so that a lost one leaves no gap. */
void
turn_checkpoint(struct turn *t)
{
	struct slice text = buf_slice(&t->listeners.text);
	size_t from = t->checkpoint_poisoned ? text.len : t->checkpointed;
	struct msg_turn_checkpoint piece = {
	    .turn = t->listeners.ids.message,
	    .run = t->listeners.ids.run,
	    .offset = (uint32_t)from,
	    .text = {text.p + from, text.len - from},
	    .reserved_prompt = t->cost.prompt,
	    .reserved_completion = t->cost.completion,
	    .network = ip_client_prefix(&t->client),
	};

	if (t->trial)
		return;
	if (t->checkpoints == 0 && turn_send_checkpoint(t, &piece)) {
		t->checkpoints++;
		t->checkpointed = text.len;
	}
	/* In other states the timer has another purpose. */
	if (t->state != TURN_STREAMING)
		return;
	if (t->checkpointed == text.len)
		evtimer_del(&t->timer);
	else
		turn_set_checkpoint_timer(t);
}

/* storaged is there again: a reply that it did not answer need not wait for its timer. */
void
turn_claim(struct turn *t)
{
	if (turn_is_producing(t))
		turn_checkpoint(t);
	else if (t->state == TURN_STORE_RETRY && t->refusals == 0)
		turn_store_reply(t);
}
