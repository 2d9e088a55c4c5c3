#include "storaged/structure/structure_answer.h"

#include "proto/base/basics.h"
#include "proto/structure/answer_parts.h"
#include "storaged/conversations/message_find.h"
#include "storaged/identities/contact_index.h"
#include "storaged/visitors/contact_submit.h"
#include "storaged/visitors/visitors.h"

/* Reads the structure that is answered; the slice points into the transaction. */
static int
structure_answer_find(struct txn *t, struct call *c,
    const struct msg_conversation_record *conversation, const struct id *message,
    struct slice *structure)
{
	static const char missing[] = "the conversation has no such message to answer";
	struct msg_message_record shown = {0};
	struct key key;
	uint64_t seq;
	int rc = message_find(t, conversation, message, &seq);

	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_STALE, missing);
	if (rc != 0)
		return rc;
	key = key_message(&conversation->id, seq);
	rc = txn_get_record(t, TABLE_MESSAGES, &key, &shown);
	if (rc != 0)
		return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
	*structure = shown.structure;
	return structure->len == 0 ? call_refuse(c, STORE_STALE, missing) : 0;
}

static int
structure_answer_refuse(struct txn *t, struct call *c)
{
	c->text = buf_slice(&t->env->unfit);
	return call_refuse(c, STORE_ANSWER_WRONG, "the answer does not fit what it answers");
}

/* An address that nobody has, but which no contact can be found by. */
static int
structure_answer_check_contact(
    struct txn *t, struct call *c, const struct id *org, struct slice answer)
{
	struct contact_keys keys;
	struct msg_answer_part part;
	struct slice item;

	if (contact_index_keys(org, answer_parts_value(answer, PART_EMAIL),
		answer_parts_value(answer, PART_PHONE), &keys) == NULL)
		return 0;
	while (wire_list_next(&answer, &item)) {
		must(record_decode(item, MSG_ANSWER_PART, &part) == WIRE_OK);
		if (part.kind == PART_EMAIL || part.kind == PART_PHONE)
			must(buf_printf(&t->env->unfit, "%.*s=%s\n", (int)part.name.len,
				 (const char *)part.name.p,
				 answer_unfit_words[part.kind == PART_EMAIL ? UNFIT_EMAIL
									    : UNFIT_PHONE]) ==
			    0);
	}
	return structure_answer_refuse(t, c);
}

int
structure_answer_fill(struct txn *t, struct call *c,
    const struct msg_conversation_record *conversation, bool fresh, union msg *filled)
{
	const struct msg_turn_begin *m = &c->m->turn_begin;
	struct env *env = t->env;
	char client_id[ANSWER_PARTS_CLIENT_ID_SIZE];
	struct slice structure;
	struct id message;
	int rc;

	buf_reset(&env->answer);
	buf_reset(&env->words);
	buf_reset(&env->unfit);
	if (!answer_parts_message(m->answer, &message))
		return call_refuse(c, STORE_INVALID, "an answer is to one message");
	answer_parts_client_id(&message, client_id);
	if (!slice_eq_str(m->client_id, client_id))
		return call_refuse(c, STORE_INVALID, "an answer has its own client id");
	if (fresh)
		return call_refuse(c, STORE_STALE, "the session has no message to answer");
	rc = structure_answer_find(t, c, conversation, &message, &structure);
	if (rc != 0)
		return rc;
	if (!answer_parts_check(structure, m->answer, &env->answer, &env->words, &env->unfit))
		return structure_answer_refuse(t, c);
	*filled = *c->m;
	filled->turn_begin.answer = buf_slice(&env->answer);
	filled->turn_begin.text = buf_slice(&env->words);
	return structure_answer_check_contact(t, c, &m->org, filled->turn_begin.answer);
}

int
structure_answer_contact(struct txn *t, struct call *c, const struct msg_turn_begin *m)
{
	struct msg_contact_submit submit = {
	    .token = m->visitor,
	    .fresh_id = id_new(),
	    .name = answer_parts_value(m->answer, PART_NAME),
	    .email = answer_parts_value(m->answer, PART_EMAIL),
	    .phone = answer_parts_value(m->answer, PART_PHONE),
	    .org = m->org,
	    .widget = m->widget,
	    .vouched = m->vouched,
	    .sender = m->sender,
	};
	int rc;

	if (submit.name.len + submit.email.len + submit.phone.len == 0)
		return 0;
	if (hash_is_zero(&m->visitor))
		submit.session = m->session;
	else if (!visitor_of_session(m->session, &submit.visitor))
		submit.vouched = 0;
	rc = contact_submit_accepted(t, c, &submit);
	/* TURN_BEGIN has been checked, and its message is stored. */
	return rc == CALL_REFUSED ? RECORD_DAMAGED : rc;
}
