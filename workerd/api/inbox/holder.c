/*
 * The state and the operator of a conversation.
 */
#include "workerd/api/inbox/holder.h"

#include "workerd/api/fields/admin_json.h"
#include "workerd/api/fields/names.h"

static void
holder_write_refusal(struct json_writer *j, const struct msg_holder *holder)
{
	bool taken = holder->state == STATE_PERSON;

	json_write_str(j, "error",
	    slice_str(taken ? "Another operator has taken over this conversation"
			    : "Take over the conversation first"));
	json_write_str(j, "code", slice_str(taken ? "taken" : "not_taken_over"));
}

void
holder_reply(struct store_query *q, const struct msg_holder *holder)
{
	struct json_writer *j = &q->json;

	json_write_open(j, NULL, '{');
	if (!holder->granted)
		holder_write_refusal(j, holder);
	json_write_str(j, "state", names_word(conversation_state_words, holder->state));
	admin_json_write_operator(j, "operator", &holder->operator, holder->operator_name);
	json_write_close(j, '}');
	store_query_reply_status(q, holder->granted ? 200 : 409);
}
