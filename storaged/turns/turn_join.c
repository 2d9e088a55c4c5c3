/*
 * Joining others' replies. A session may only join what was said to it; to everyone else a reply is
 * as if it did not exist.
 */
#include "storaged/turns/turn_join.h"

#include "storaged/request/turn_writer.h"

void
join_answer_state(struct call *c, const struct id *turn, const struct id *conversation,
    const struct reply *reply, bool own)
{
	struct msg_turn_state state = {.conversation = *conversation, .turn = *turn};

	if (reply->state == REPLY_OPEN) {
		state.open = 1;
		state.own = own;
		state.run = reply->run;
	} else if (reply->has_message) {
		state.status = reply->message.status;
		state.text = reply->message.text;
		state.prompt_tokens = reply->message.prompt_tokens;
		state.completion_tokens = reply->message.completion_tokens;
	} else {
		/* Only a damaged store has this; to begin it anew puts it right. */
		state.status = MESSAGE_INTERRUPTED;
	}
	call_answer(c, MSG_TURN_STATE, &state);
}

/* Whether a conversation is the one of the session that asks. */
static bool
is_of_session(const struct msg_conversation_record *conversation, const struct msg_turn_join *m)
{
	return id_equal(&conversation->org, &m->org) &&
	    id_equal(&conversation->widget, &m->widget) &&
	    slice_eq(conversation->session, m->session);
}

/* The place of the reply that is to be joined; refuses one that is not the session's. */
static int
find_own_reply(struct txn *t, struct call *c, struct msg_turn_record *place)
{
	const struct msg_turn_join *m = &c->m->turn_join;
	struct msg_conversation_record conversation;
	struct key key;
	int rc = reply_place(t, &m->turn, place);

	if (rc == 0) {
		key = key_id(&place->conversation);
		rc = txn_get_record(
		    t, TABLE_CONVERSATIONS, &key, MSG_CONVERSATION_RECORD, &conversation);
		if (rc == MDB_NOTFOUND)
			return RECORD_DAMAGED;
	}
	if (rc == MDB_NOTFOUND || (rc == 0 && !is_of_session(&conversation, m)))
		return call_refuse(c, STORE_NOT_FOUND, "the session has no such reply");
	return rc;
}

/* The asker follows an open reply, unless it writes it itself. */
static int
follow(struct call *c, bool *own)
{
	const struct msg_turn_join *m = &c->m->turn_join;
	enum writer writer = standing_writer(c, &m->turn);

	*own = writer == WRITER_SELF;
	if (*own)
		return 0;
	if (writer == WRITER_NONE)
		return call_refuse(c, STORE_INTERNAL, "the reply's records are damaged");
	if (!standing_follows(c, &m->turn) && !live_has_room(c->live, c->from))
		return call_refuse(c, STORE_FULL, "too many replies are followed");
	effects_add(c->effects,
	    &(struct effect){
		.kind = EFFECT_FOLLOW,
		.by = c->from,
		.turn = m->turn,
		.offset = m->from,
	    });
	return 0;
}

int
turn_join(struct txn *t, struct call *c)
{
	const struct msg_turn_join *m = &c->m->turn_join;
	struct msg_turn_record place;
	struct reply reply;
	bool own = false;
	int rc = find_own_reply(t, c, &place);

	if (rc == 0)
		rc = reply_look(t, &m->turn, &place, &reply);
	if (rc == 0 && reply.state == REPLY_OPEN)
		rc = follow(c, &own);
	if (rc == 0)
		join_answer_state(c, &m->turn, &place.conversation, &reply, own);
	return rc;
}

int
turn_leave(struct txn *t, struct call *c)
{
	(void)t;
	effects_add(c->effects,
	    &(struct effect){
		.kind = EFFECT_LEAVE,
		.by = c->from,
		.turn = c->m->turn_leave.turn,
	    });
	call_ok(c);
	return 0;
}

int
turn_stop(struct txn *t, struct call *c)
{
	const struct msg_turn_stop *m = &c->m->turn_stop;

	(void)t;
	if (!standing_follows(c, &m->turn))
		return call_refuse(c, STORE_NOT_FOUND, "this reply is not followed");
	effects_add(c->effects, &(struct effect){.kind = EFFECT_STOP, .turn = m->turn});
	call_ok(c);
	return 0;
}

int
live_publish_piece(struct txn *t, struct call *c)
{
	const struct msg_live_publish *m = &c->m->live_publish;

	(void)t;
	effects_add(c->effects,
	    &(struct effect){
		.kind = EFFECT_PUBLISH,
		.by = c->from,
		.turn = m->turn,
		.offset = m->offset,
		.text = m->text,
	    });
	return 0;
}

int
live_tell_unsaved(struct txn *t, struct call *c)
{
	const struct msg_live_unsaved *m = &c->m->live_unsaved;

	(void)t;
	effects_add(c->effects,
	    &(struct effect){
		.kind = EFFECT_UNSAVED,
		.by = c->from,
		.turn = m->turn,
		.full = m->full,
	    });
	return 0;
}
