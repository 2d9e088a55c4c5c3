/*
 * Claims of turns, MSG_TURN_STATE and MSG_TURN_HANDED.
 */
#include "storaged/turns/turn_state.h"

#include "storaged/conversations/people.h"
#include "storaged/conversations/replies.h"
#include "storaged/records/agents.h"
#include "storaged/records/widgets.h"

int
turn_check_run(struct call *c, const struct turn_view *v, const struct id *run)
{
	if (v->state == TURN_OPEN && !id_equal(&v->run, run))
		return call_refuse(c, STORE_TAKEN, "another run writes this reply");
	return 0;
}

int
turn_tell_rooms(struct txn *t, struct call *c, const struct turn_view *v)
{
	struct key key = key_id(&v->place.conversation);
	struct msg_conversation_record conversation;
	int rc = txn_get_record(t, TABLE_CONVERSATIONS, &key, &conversation);

	if (rc == 0)
		call_conversation_changed(c, &conversation);
	return rc;
}

int
turn_take(struct txn *t, struct call *c, const struct turn_view *v, const struct id *run,
    const struct reply_writer *writer)
{
	int rc;

	if (v->state != TURN_OPEN && !call_may_write(t))
		return CALL_WRITES;
	call_claim(c, &v->id, &v->place.conversation);
	if (v->state == TURN_OPEN)
		return 0;
	rc = reply_reopen(t, v, run, writer);
	/* Its listeners were told that it broke off. */
	return rc != 0 ? rc : turn_tell_rooms(t, c, v);
}

void
turn_answer_state(struct call *c, const struct turn_view *v, bool own)
{
	struct msg_turn_state state = {.conversation = v->place.conversation, .turn = v->id};

	if (v->state == TURN_OPEN) {
		state.open = 1;
		state.own = own;
		state.run = v->run;
	} else if (v->has_message) {
		state.status = v->message.status;
		state.text = v->message.text;
		state.prompt_tokens = v->message.prompt_tokens;
		state.completion_tokens = v->message.completion_tokens;
		state.sources = v->message.sources;
	} else {
		/* Damaged: to restart the reply repairs it. */
		state.status = MESSAGE_INTERRUPTED;
	}
	call_answer(c, MSG_TURN_STATE, &state);
}

/* The text for visitors whom a person answers; empty if the widget was deleted. */
static int
turn_find_handover_text(
    struct txn *t, const struct msg_conversation_record *conversation, struct slice *text)
{
	struct msg_widget_record widget;
	struct msg_agent_record agent;
	int rc = widget_find(t, &conversation->org, &conversation->widget, &widget);

	*text = (struct slice){0};
	if (rc == 0)
		rc = agent_find(t, &widget.org, &widget.agent, &agent);
	if (rc == 0)
		*text = agent.handover_text;
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
turn_answer_handed(struct txn *t, struct call *c, const struct turn_view *v,
    const struct msg_conversation_record *conversation)
{
	struct msg_turn_handed handed = {
	    .conversation = conversation->id,
	    .message = v->id,
	    .operator_name = conversation->operator_name,
	};
	int rc = turn_find_handover_text(t, conversation, &handed.text);

	if (rc == 0)
		rc = people_find_picture(
		    t, &conversation->org, &conversation->operator, & handed.operator_picture);
	if (rc == 0)
		call_answer(c, MSG_TURN_HANDED, &handed);
	return rc;
}
