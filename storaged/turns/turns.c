/*
 * MSG_TURN_CHECKPOINT, MSG_TURN_RESERVE and MSG_TURN_FINISH.
 */
#include "storaged/turns/turns.h"

#include "storaged/actions/actions.h"
#include "storaged/conversations/replies.h"
#include "storaged/conversations/reply_sources.h"
#include "storaged/turns/interrupt.h"
#include "storaged/turns/turn_budget.h"
#include "storaged/turns/turn_sources.h"
#include "storaged/turns/turn_state.h"

/* Refuses a turn that never began, or was erased. */
static int
turn_load(struct txn *t, struct call *c, const struct id *turn, struct turn_view *v)
{
	int rc = turn_view_load(t, turn, v);

	if (rc == MDB_NOTFOUND || (rc == 0 && v->state == TURN_HANDED))
		return call_refuse(c, STORE_NOT_FOUND, "no such turn");
	return rc;
}

/* Stops a reply that broke off and goes on, if a person has taken over since. */
static int
turn_stop_held(struct txn *t, struct call *c, const struct turn_view *v)
{
	struct key key = key_id(&v->place.conversation);
	struct msg_conversation_record conversation;
	int rc = txn_get_record(t, TABLE_CONVERSATIONS, &key, &conversation);

	if (rc == 0 && conversation.state == STATE_PERSON)
		effects_add(c->effects, &(struct effect){.kind = EFFECT_STOP, .turn = v->id});
	return rc;
}

/* Makes the turn the sender's. One that was interrupted goes on, if the budgets have enough for these tokens. */
static int
turn_go_on(struct txn *t, struct call *c, const struct turn_view *v, const struct id *run,
    const struct turn_budget_ask *ask)
{
	struct reply_writer writer = {.agent = v->agent};
	int rc = 0;

	if (v->state != TURN_OPEN)
		rc = turn_budget_reserve_again(t, c, v, ask, &writer);
	if (rc == 0)
		rc = turn_take(t, c, v, run, &writer);
	if (rc == 0 && v->state != TURN_OPEN)
		rc = turn_stop_held(t, c, v);
	return rc;
}

/* Makes the turn the sender's and stores the piece. */
static int
turn_store_piece(struct txn *t, struct call *c, const struct turn_view *v)
{
	const struct msg_turn_checkpoint *m = &c->m->turn_checkpoint;
	const struct turn_budget_ask ask = {
	    {m->reserved_prompt, m->reserved_completion}, m->network};
	int rc = turn_check_run(c, v, &m->run);

	/* The stored text may be another run's. */
	if (rc == 0 && v->state != TURN_OPEN && m->offset > 0)
		return call_refuse(
		    c, STORE_INVALID, "the reply has ended: write it again from offset 0");
	if (rc == 0)
		rc = turn_go_on(t, c, v, &m->run, &ask);
	if (rc == 0 && m->text.len > 0)
		rc = reply_add_piece(t, &m->turn, m->offset, m->text);
	if (rc == 0 && m->sources.len > 0)
		rc = reply_put_sources(t, &m->turn, m->sources);
	return rc;
}

int
handle_turn_checkpoint(struct txn *t, struct call *c)
{
	const struct msg_turn_checkpoint *m = &c->m->turn_checkpoint;
	struct turn_view v;
	int rc;

	if (m->offset + m->text.len > TEXT_MAX)
		return call_refuse(c, STORE_INVALID, "the piece ends beyond the longest reply");
	if (!reply_sources_are_valid(m->sources))
		return call_refuse(c, STORE_INVALID, "invalid sources");
	rc = turn_load(t, c, &m->turn, &v);
	/* A checkpoint that comes after the end changes nothing. */
	if (rc == 0 && v.state != TURN_COMPLETE)
		rc = turn_store_piece(t, c, &v);
	if (rc == 0)
		call_ok(c);
	return rc;
}

int
handle_turn_reserve(struct txn *t, struct call *c)
{
	const struct msg_turn_reserve *m = &c->m->turn_reserve;
	const struct turn_budget_ask ask = {{m->prompt, m->completion}, m->network};
	struct turn_view v;
	int rc = turn_load(t, c, &m->turn, &v);

	if (rc != 0)
		return rc;
	if (v.state == TURN_COMPLETE || (v.state == TURN_OPEN && !id_equal(&v.run, &m->run)))
		return call_refuse(c, STORE_TAKEN, "the turn is not open for this run");
	rc = v.state == TURN_OPEN ? turn_budget_reserve_more(t, c, &v, &ask.tokens)
				  : turn_go_on(t, c, &v, &m->run, &ask);
	if (rc == 0)
		call_ok(c);
	return rc;
}

/* Whether the reply ended with this status and without text. The text that an earlier run wrote is kept
 * then: the visitor has read it. */
static bool
turn_ends_without_text(const struct msg_turn_finish *m, enum message_status status)
{
	return m->status == status && m->text.len == 0;
}

/* Whether this end is stored already. */
static bool
turn_is_finished(const struct msg_turn_finish *m, const struct turn_view *v)
{
	if (v->state == TURN_COMPLETE)
		return true;
	return v->state == TURN_INTERRUPTED && m->status == MESSAGE_INTERRUPTED &&
	    (m->text.len == 0 || slice_eq(m->text, v->message.text));
}

/* Whether another run writes the reply, or has ended it with a text that the sender does not know:
 * listeners of the sender must not take its text for the stored one. A stop without text is answered with
 * the stored text, so it is not refused. */
static bool
turn_is_taken(const struct msg_turn_finish *m, const struct turn_view *v)
{
	if (v->state == TURN_OPEN)
		return !id_equal(&v->run, &m->run);
	if (turn_ends_without_text(m, MESSAGE_STOPPED))
		return false;
	return v->state == TURN_COMPLETE && !slice_eq(m->text, v->message.text);
}

/* Stores the end of a reply, unless it is stored already. */
static int
turn_store_end(struct txn *t, struct call *c, const struct turn_view *v)
{
	const struct msg_turn_finish *m = &c->m->turn_finish;
	struct reply_ending ending = {
	    .status = (enum message_status)m->status,
	    .text = m->text,
	    .sources = m->sources,
	    .prompt_tokens = m->prompt_tokens,
	    .completion_tokens = m->completion_tokens,
	    .estimated = m->estimated,
	    .hand_over = m->hand_over,
	    .network = m->network,
	    .model = m->model,
	    .first_token_ms = m->first_token_ms,
	    .total_ms = m->total_ms,
	    .attempts = m->attempts,
	};
	struct reply_interruption unused;
	struct reply_interrupted how;
	int rc = 0;

	if (turn_is_taken(m, v))
		return call_refuse(c, STORE_TAKEN, "another run writes this reply");
	if (turn_is_finished(m, v))
		return 0;
	if (v->state == TURN_OPEN && turn_ends_without_text(m, MESSAGE_INTERRUPTED))
		return turn_interrupt(t, &m->turn, &ending, &unused);
	if (turn_ends_without_text(m, MESSAGE_STOPPED)) {
		rc = reply_collect(t, v);
		if (rc != 0)
			return rc;
		ending.text = buf_slice(&t->env->text);
	}
	if (m->status == MESSAGE_INTERRUPTED) {
		rc = turn_ends_waiting(t, v, &how);
		ending.status = how.status;
	}
	if (rc == 0)
		rc = reply_end(t, v, &ending);
	if (rc == 0 && m->status == MESSAGE_STOPPED)
		rc = actions_stop_turn(t, c, &v->place.conversation, &v->id);
	if (rc == 0 && m->status != MESSAGE_INTERRUPTED)
		rc = turn_note_gap(t, v, m->sources);
	return rc;
}

/* A stop without text is answered with the text that is stored now. */
static int
turn_answer_finished(struct txn *t, struct call *c)
{
	const struct msg_turn_finish *m = &c->m->turn_finish;
	struct turn_view v;
	int rc;

	if (!turn_ends_without_text(m, MESSAGE_STOPPED)) {
		call_ok(c);
		return 0;
	}
	rc = turn_view_load_named(t, &m->turn, &v);
	if (rc == 0)
		turn_answer_state(c, &v, false);
	return rc;
}

int
handle_turn_finish(struct txn *t, struct call *c)
{
	const struct msg_turn_finish *m = &c->m->turn_finish;
	struct turn_view v;
	int rc;

	if (!message_status_is_of_reply(m->status))
		return call_refuse(c, STORE_INVALID, "invalid status");
	if (!reply_sources_are_valid(m->sources))
		return call_refuse(c, STORE_INVALID, "invalid sources");
	rc = turn_load(t, c, &m->turn, &v);
	if (rc == 0)
		rc = turn_store_end(t, c, &v);
	/* A late end may be stored already, by a request whose answer the worker did not wait for. One over an interrupted
	 * reply comes from a worker that was taken for dead. */
	if (rc == 0 && (m->hand_over || m->late || v.state == TURN_INTERRUPTED))
		rc = turn_tell_rooms(t, c, &v);
	if (rc == 0)
		rc = turn_answer_finished(t, c);
	if (rc == 0)
		call_release(c, &m->turn);
	return rc;
}
