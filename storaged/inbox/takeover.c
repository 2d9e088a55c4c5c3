/*
 * Takeover and handback.
 */
#include "storaged/inbox/takeover.h"

#include <string.h>

#include "proto/base/clock.h"
#include "storaged/actions/actions.h"
#include "storaged/changes/changes.h"
#include "storaged/conversations/conversations.h"
#include "storaged/conversations/turn_view.h"
#include "storaged/numbers/numbers.h"
#include "storaged/records/users.h"

bool
takeover_has_lapsed(
    const struct env *env, const struct msg_conversation_record *conversation, uint64_t now)
{
	return env->operator_timeout_ms > 0 && now >= conversation->operator_at &&
	    now - conversation->operator_at >= env->operator_timeout_ms;
}

void
takeover_answer(
    struct call *c, const struct msg_conversation_record *conversation, bool granted)
{
	call_answer(c, MSG_HOLDER,
	    &(struct msg_holder){
		.granted = granted,
		.state = conversation->state,
		.operator= conversation->operator,
		.operator_name = conversation->operator_name,
	    });
}

int
takeover_find(struct txn *t, struct call *c, const struct id *org, const struct id *id,
    struct msg_conversation_record *conversation)
{
	struct key key = key_id(id);
	int rc = txn_get_record(t, TABLE_CONVERSATIONS, &key, conversation);

	if (rc == MDB_NOTFOUND || (rc == 0 && !id_equal(&conversation->org, org)))
		return call_refuse(c, STORE_NOT_FOUND, "no such conversation");
	return rc;
}

/* Stores a changed state, and tells those who follow the conversation. Answer first: the record's texts may
 * lie in the map. */
static int
takeover_put(struct txn *t, struct call *c, const struct msg_conversation_record *conversation,
    const struct conversation_position *before)
{
	const struct id org = conversation->org, id = conversation->id;
	int rc;

	call_conversation_changed(c, conversation);
	rc = conversation_put(t, conversation, before, 0);
	return rc != 0 ? rc : change_add_conversation(t, &org, &id, CHANGE_STATE);
}

/* Whether a message that ends its conversation is without an answer. A reply that the visitor stopped ended
 * before the takeover. */
static bool
takeover_leaves_unanswered(
    const struct msg_message_record *newest, const struct msg_conversation_record *conversation)
{
	if (newest->role == MESSAGE_USER)
		return newest->status == MESSAGE_HANDED;
	return newest->role == MESSAGE_ASSISTANT && newest->status == MESSAGE_STOPPED &&
	    newest->text.len == 0 && newest->created_at >= conversation->operator_at;
}

int
takeover_find_unanswered(
    struct txn *t, const struct msg_conversation_record *conversation, bool *unanswered)
{
	struct msg_message_record newest = {0};
	int rc = MDB_NOTFOUND;

	/* The place of a reply is empty if its question was handed over. */
	for (uint64_t back = 1; rc == MDB_NOTFOUND && back <= 2; back++) {
		struct key key = key_message(&conversation->id, conversation->next_seq - back);

		rc = txn_get_record(t, TABLE_MESSAGES, &key, &newest);
	}
	*unanswered = rc == 0 && takeover_leaves_unanswered(&newest, conversation);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
takeover_release(
    struct txn *t, struct call *c, const struct id *id, enum conversation_state state)
{
	struct key key = key_id(id);
	struct msg_conversation_record conversation;
	struct conversation_position before;
	int rc = txn_get_record(t, TABLE_CONVERSATIONS, &key, &conversation);

	if (rc != 0)
		return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
	conversation_position_of(&conversation, &before);
	conversation_end_takeover(&conversation);
	conversation.state = (uint8_t)state;
	return takeover_put(t, c, &conversation, &before);
}

static bool
takeover_is_held_by(
    const struct msg_conversation_record *conversation, const struct id *operator)
{
	return conversation->state == STATE_PERSON &&
	    id_equal(&conversation->operator, operator);
}

/* Whether nobody holds it, or the holder has not written for too long; the holder can then take over again. */
static bool
takeover_is_free(const struct env *env, const struct msg_conversation_record *conversation)
{
	return conversation->state != STATE_PERSON ||
	    takeover_has_lapsed(env, conversation, clock_wall_ms());
}

static int
takeover_stop_turn(void *arg, const struct id *turn)
{
	struct call *c = arg;

	effects_add(c->effects, &(struct effect){.kind = EFFECT_STOP, .turn = *turn});
	return 0;
}

/* Makes the operator the holder. A user is also assigned. The visitor sees the request's name, or else the user's. */
static int
takeover_set_holder(
    struct txn *t, const struct msg_takeover *m, struct msg_conversation_record *conversation)
{
	struct id *holder = &conversation->operator;
	struct msg_user_record user = {0};
	int rc = user_find(t, &m->org, &m->operator, & user);

	if (rc != 0 && rc != MDB_NOTFOUND)
		return rc;
	*holder = m->operator;
	conversation->operator_name = m->name.len > 0 ? m->name : user.name;
	if (rc == 0)
		conversation->assigned = m->operator;
	return 0;
}

static int
takeover_apply(struct txn *t, struct call *c, struct msg_conversation_record *conversation)
{
	const struct msg_takeover *m = &c->m->takeover;
	const struct id org = conversation->org, id = conversation->id;
	const struct id assigned = conversation->assigned;
	struct conversation_position before;
	bool reassigned;
	int rc;

	conversation_position_of(conversation, &before);
	rc = takeover_set_holder(t, m, conversation);
	if (rc == 0)
		rc = turn_view_each_open(t, c, &conversation->id, takeover_stop_turn, c);
	if (rc != 0)
		return rc;
	if (conversation->state != STATE_WAITING && conversation->state != STATE_PERSON)
		numbers_add_handover(t, &conversation->org, &conversation->widget, NULL);
	conversation->state = STATE_PERSON;
	conversation->operator_at = clock_wall_ms();
	reassigned = !id_equal(&assigned, &conversation->assigned);
	takeover_answer(c, conversation, true);
	rc = takeover_put(t, c, conversation, &before);
	if (rc == 0)
		rc = actions_stop(t, c, &id);
	return rc != 0 || !reassigned ? rc
				      : change_add_conversation(t, &org, &id, CHANGE_ASSIGNED);
}

int
handle_takeover(struct txn *t, struct call *c)
{
	const struct msg_takeover *m = &c->m->takeover;
	struct msg_conversation_record conversation;
	bool mine;
	int rc;

	if (id_is_zero(&m->operator))
		return call_refuse(c, STORE_INVALID, "a takeover needs its operator");
	rc = takeover_find(t, c, &m->org, &m->conversation, &conversation);
	if (rc != 0)
		return rc;
	mine = takeover_is_held_by(&conversation, &m->operator);
	if (takeover_is_free(t->env, &conversation) || (m->force && !mine))
		return takeover_apply(t, c, &conversation);
	takeover_answer(c, &conversation, mine);
	return 0;
}

int
handle_handback(struct txn *t, struct call *c)
{
	const struct msg_handback *m = &c->m->handback;
	struct msg_conversation_record conversation;
	int rc = takeover_find(t, c, &m->org, &m->conversation, &conversation);
	struct conversation_position before;
	bool held, granted;

	if (rc != 0)
		return rc;
	conversation_position_of(&conversation, &before);
	held = conversation.state == STATE_PERSON;
	granted = !held || m->force || takeover_is_held_by(&conversation, &m->operator);
	if (held && granted)
		conversation_end_takeover(&conversation);
	takeover_answer(c, &conversation, granted);
	return held && granted ? takeover_put(t, c, &conversation, &before) : 0;
}

/* Whether a person has the conversation of a turn. */
static bool
takeover_has_turn(struct txn *t, const struct open_turn *turn)
{
	struct key key = key_id(&turn->conversation);
	struct msg_conversation_record conversation;

	return txn_get_record(t, TABLE_CONVERSATIONS, &key, &conversation) == 0 &&
	    conversation.state == STATE_PERSON;
}

int
takeover_stop_found(struct env *env, struct live *live)
{
	const struct open_turn *turn;
	struct txn t;
	int rc = txn_begin(&t, env, TXN_READ);

	if (rc != 0)
		return rc;
	TAILQ_FOREACH (turn, &live->open->found, order)
		if (takeover_has_turn(&t, turn))
			live_stop(live, &turn->id);
	txn_abort(&t);
	return 0;
}
