/*
 * Claims of turns, and MSG_TURN_STATE.
 */
#include "storaged/turns/turn_state.h"

#include "storaged/conversations/replies.h"

int
turn_check_run(struct call *c, const struct turn_view *v, const struct id *run)
{
	if (v->state == TURN_OPEN && !id_equal(&v->run, run))
		return call_refuse(c, STORE_TAKEN, "another run writes this reply");
	return 0;
}

int
turn_take(struct txn *t, struct call *c, const struct turn_view *v, const struct id *run)
{
	if (v->state != TURN_OPEN && !call_may_write(t))
		return CALL_WRITES;
	call_claim(c, &v->id, &v->place.conversation);
	return v->state == TURN_OPEN ? 0 : reply_reopen(t, v, run);
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
	} else {
		/* Damaged: to restart the reply repairs it. */
		state.status = MESSAGE_INTERRUPTED;
	}
	call_answer(c, MSG_TURN_STATE, &state);
}
