/*
 * Joining the replies of other workers. A session can join only replies to its own messages, and an
 * organization only those of its conversations; to all others they do not exist.
 */
#include "storaged/turns/turn_join.h"

#include "storaged/turns/turn_state.h"

static bool
turn_join_is_allowed(
    const struct msg_conversation_record *conversation, const struct msg_turn_join *m)
{
	if (!id_equal(&conversation->org, &m->org))
		return false;
	if (!id_is_zero(&m->conversation))
		return id_equal(&conversation->id, &m->conversation);
	return id_equal(&conversation->widget, &m->widget) &&
	    slice_eq(conversation->session, m->session);
}

/* The turn that is to be joined; refuses one that the sender must not see. */
static int
turn_join_find(struct txn *t, struct call *c, struct turn_view *v,
    struct msg_conversation_record *conversation)
{
	const struct msg_turn_join *m = &c->m->turn_join;
	struct key key;
	int rc = turn_view_load(t, &m->turn, v);

	if (rc == 0) {
		key = key_id(&v->place.conversation);
		rc = txn_get_record(t, TABLE_CONVERSATIONS, &key, conversation);
		if (rc == MDB_NOTFOUND)
			return RECORD_DAMAGED;
	}
	if (rc == MDB_NOTFOUND || (rc == 0 && !turn_join_is_allowed(conversation, m)))
		return call_refuse(c, STORE_NOT_FOUND, "there is no such reply");
	return rc;
}

/* The sender follows an open reply, unless it writes it itself. */
static int
turn_join_follow(struct call *c, bool *own)
{
	const struct msg_turn_join *m = &c->m->turn_join;
	enum turn_writer writer = turn_view_writer(c, &m->turn);

	*own = writer == TURN_WRITER_SELF;
	if (*own)
		return 0;
	if (writer == TURN_WRITER_NONE)
		return call_refuse(c, STORE_INTERNAL, "the reply's records are damaged");
	if (!turn_view_may_follow(c, &m->turn))
		return call_refuse(c, STORE_FULL, "too many replies are followed");
	effects_add(c->effects,
	    &(struct effect){
		.kind = EFFECT_FOLLOW,
		.client = c->from,
		.turn = m->turn,
		.offset = m->from,
	    });
	return 0;
}

int
handle_turn_join(struct txn *t, struct call *c)
{
	struct msg_conversation_record conversation;
	struct turn_view v;
	bool own = false;
	int rc = turn_join_find(t, c, &v, &conversation);

	if (rc == 0 && v.state == TURN_HANDED)
		return turn_answer_handed(t, c, &v, &conversation);
	if (rc == 0 && v.state == TURN_OPEN)
		rc = turn_join_follow(c, &own);
	if (rc == 0)
		turn_answer_state(c, &v, own);
	return rc;
}

int
handle_turn_leave(struct txn *t, struct call *c)
{
	(void)t;
	effects_add(c->effects,
	    &(struct effect){
		.kind = EFFECT_UNFOLLOW,
		.client = c->from,
		.turn = c->m->turn_leave.turn,
	    });
	call_ok(c);
	return 0;
}

int
handle_turn_stop(struct txn *t, struct call *c)
{
	const struct msg_turn_stop *m = &c->m->turn_stop;

	(void)t;
	if (!turn_view_is_followed(c, &m->turn))
		return call_refuse(c, STORE_NOT_FOUND, "this reply is not followed");
	effects_add(c->effects, &(struct effect){.kind = EFFECT_STOP, .turn = m->turn});
	call_ok(c);
	return 0;
}

int
handle_live_publish(struct txn *t, struct call *c)
{
	const struct msg_live_publish *m = &c->m->live_publish;

	(void)t;
	effects_add(c->effects,
	    &(struct effect){
		.kind = EFFECT_PUBLISH,
		.client = c->from,
		.turn = m->turn,
		.offset = m->offset,
		.text = m->text,
		.sources = m->sources,
	    });
	return 0;
}

int
handle_live_unsaved(struct txn *t, struct call *c)
{
	const struct msg_live_unsaved *m = &c->m->live_unsaved;

	(void)t;
	effects_add(c->effects,
	    &(struct effect){
		.kind = EFFECT_UNSAVED,
		.client = c->from,
		.turn = m->turn,
		.full = m->full,
	    });
	return 0;
}
