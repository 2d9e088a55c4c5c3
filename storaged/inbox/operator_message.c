/*
 * A message is stored once, however often it is sent.
 */
#include "storaged/inbox/operator_message.h"
#include "proto/base/basics.h"

#include <stdio.h>
#include <string.h>

#include "proto/base/clock.h"
#include "proto/structure/structure.h"
#include "storaged/changes/changes.h"
#include "storaged/conversations/client_ids.h"
#include "storaged/conversations/conversations.h"
#include "storaged/conversations/reads.h"
#include "storaged/duty/responses.h"
#include "storaged/files/file_messages.h"
#include "storaged/inbox/takeover.h"
#include "storaged/mailing/unseen.h"
#include "storaged/numbers/numbers.h"
#include "storaged/records/users.h"

/* The message while it is stored. */
struct operator_message {
	struct msg_conversation_record conversation;
	uint64_t seq;
	char name[CLIENT_ID_MAX + 1]; /* of its client id in the table */
	char author[OPERATOR_NAME_MAX];
	struct buf details;
	struct slice text; /* with the words for its structure */
	struct id reader;  /* its sender, as reads.h knows it */
	bool unread;       /* for the reader, before it */
};

static struct slice
operator_message_name(const struct operator_message *o)
{
	return slice_str(o->name);
}

/* Answers with the stored record. */
static int
operator_message_answer(
    struct txn *t, struct call *c, const struct id *conversation, uint64_t seq)
{
	struct key key = key_message(conversation, seq);
	struct slice record;
	int rc = txn_get(t, TABLE_MESSAGES, &key, &record);

	if (rc != 0)
		return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
	call_answer(c, MSG_OPERATOR_MESSAGE_STORED,
	    &(struct msg_operator_message_stored){.message = record});
	return 0;
}

/* The message was sent before: answers with it, or refuses another text. */
static int
operator_message_repeat(
    struct txn *t, struct call *c, const struct operator_message *o, uint64_t seq)
{
	const struct msg_operator_message *m = &c->m->operator_message;
	struct key key = key_message(&m->conversation, seq);
	struct msg_message_record stored;
	int rc = txn_get_record(t, TABLE_MESSAGES, &key, &stored);

	if (rc != 0)
		return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
	if (stored.role != MESSAGE_OPERATOR || !slice_eq(stored.text, o->text) ||
	    !slice_eq(stored.structure, m->structure) ||
	    !file_message_has(stored.files, m->files))
		return call_refuse(c, STORE_CONFLICT, "this id names another message");
	return operator_message_answer(t, c, &m->conversation, seq);
}

/* The conversation's record, with its message counted; and how long the visitor waited for it. */
static int
operator_message_put_conversation(struct txn *t, struct operator_message *o)
{
	const struct new_message arrival = {
	    .text = file_message_title(o->text, buf_slice(&t->env->file_items)),
	    .now = clock_wall_ms(),
	    .reply = o->seq,
	    .status = CONVERSATION_COMPLETE,
	};

	const uint64_t asked_at = o->conversation.asked_at;
	int rc;

	o->conversation.next_seq = o->seq + 1;
	o->conversation.operator_at = arrival.now;
	o->conversation.asked_at = 0;
	rc = conversation_add(t, &o->conversation, false, &arrival);
	if (rc != 0 || asked_at == 0)
		return rc;
	return response_add(
	    t, &o->conversation.org, &o->conversation.widget, asked_at, arrival.now);
}

static int
operator_message_put(
    struct txn *t, struct call *c, struct operator_message *o, struct slice author)
{
	const struct msg_operator_message *m = &c->m->operator_message;
	const struct msg_message_details details = {
	    .author = m->operator, .author_name = author };
	struct key key = key_message(&m->conversation, o->seq);
	struct msg_message_record message = {
	    .v = RECORD_VERSION,
	    .id = m->message,
	    .role = MESSAGE_OPERATOR,
	    .status = MESSAGE_COMPLETE,
	    .created_at = o->conversation.operator_at,
	    .text = o->text,
	    .files = buf_slice(&t->env->file_items),
	    .structure = m->structure,
	    .lead = m->structure.len > 0 ? (uint32_t)m->text.len : 0,
	};
	int rc = record_encode(&o->details, MSG_MESSAGE_DETAILS, &details);

	if (rc != 0)
		return RECORD_DAMAGED;
	message.details = buf_slice(&o->details);
	numbers_change_message(
	    t, &o->conversation.org, &o->conversation.widget, o->seq, NULL, &message);
	return txn_put_record(t, TABLE_MESSAGES, &key, &message);
}

/* Stores the message and what depends on it. */
static int
operator_message_apply(struct txn *t, struct call *c, struct operator_message *o)
{
	const struct msg_operator_message *m = &c->m->operator_message;
	const struct id no_turn = {0};
	struct slice author = o->conversation.operator_name;
	int rc;

	call_conversation_changed(c, &o->conversation);
	/* The first put invalidates what lies in the map. */
	must(slice_copy(author, o->author, sizeof(o->author)));
	author.p = (const uint8_t *)o->author;
	rc = operator_message_put_conversation(t, o);
	if (rc == 0)
		rc = operator_message_put(t, c, o, author);
	if (rc == 0)
		rc = file_message_take(t, m->files, &m->conversation, &m->message);
	if (rc == 0)
		rc = client_id_put(
		    t, &m->conversation, operator_message_name(o), o->seq, &no_turn);
	if (rc == 0)
		rc = unseen_plan(t, &o->conversation, o->conversation.operator_at);
	/* One's own message is not unread. */
	if (rc == 0 && !o->unread)
		rc = read_mark(t, &o->conversation, &o->reader, true);
	if (rc == 0)
		rc = change_add_message(t, &m->org, CHANGE_MESSAGE, &m->message,
		    &m->conversation, o->seq, CHANGE_CREATED);
	return rc != 0 ? rc : operator_message_answer(t, c, &m->conversation, o->seq);
}

/* All senders without a user are one reader. */
static int
operator_message_find_reader(
    struct txn *t, const struct msg_operator_message *m, struct operator_message *o)
{
	const struct id *sender = &m->operator;
	struct msg_user_record user;
	int rc = user_find(t, &m->org, sender, &user);

	o->reader = rc == 0 ? *sender : (struct id){{0}};
	if (rc == 0 || rc == MDB_NOTFOUND)
		rc = read_is_unread(t, &o->conversation, &o->reader, &o->unread);
	return rc;
}

/* Stores a message that is new, if its sender holds the conversation. */
static int
operator_message_add(struct txn *t, struct call *c, struct operator_message *o)
{
	const struct msg_operator_message *m = &c->m->operator_message;
	int rc;

	if (o->conversation.state != STATE_PERSON ||
	    !id_equal(&o->conversation.operator, & m->operator)) {
		takeover_answer(c, &o->conversation, false);
		return 0;
	}
	if (o->conversation.next_seq > SEQ_MAX - 1)
		return call_refuse(c, STORE_INVALID, "the conversation is full");
	rc = operator_message_find_reader(t, m, o);
	if (rc == 0)
		rc = file_message_check(
		    t, c, m->files, &m->org, &m->org, &m->conversation, &t->env->file_items);
	/* Not the conversation. */
	if (rc == CALL_REFUSED && c->refused == STORE_NOT_FOUND)
		return call_refuse(c, STORE_GONE, c->detail);
	if (rc != 0)
		return rc;
	o->seq = o->conversation.next_seq + 1;
	buf_init(&o->details, WIRE_FRAME_MAX);
	rc = operator_message_apply(t, c, o);
	buf_clear(&o->details);
	return rc;
}

/* The text that the message is stored with. */
static struct slice
operator_message_text(struct txn *t, const struct msg_operator_message *m)
{
	struct buf *words = &t->env->words;

	if (m->structure.len == 0)
		return m->text;
	buf_reset(words);
	structure_write_text(m->text, m->structure, words);
	return buf_slice(words);
}

/* Refuses a message that says nothing, or whose structure is invalid. */
static int
operator_message_check(struct call *c)
{
	const struct msg_operator_message *m = &c->m->operator_message;
	const char *wrong = structure_wrong(m->structure);

	if (m->text.len + m->files.len + m->structure.len == 0 || m->client_id.len == 0 ||
	    id_is_zero(&m->message))
		return call_refuse(
		    c, STORE_INVALID, "an operator's message needs its ids and a text");
	return wrong == NULL ? 0 : call_refuse(c, STORE_INVALID, wrong);
}

int
handle_operator_message(struct txn *t, struct call *c)
{
	const struct msg_operator_message *m = &c->m->operator_message;
	struct msg_client_id_record known;
	struct operator_message o;
	int rc = operator_message_check(c);

	if (rc != 0)
		return rc;
	o.text = operator_message_text(t, m);
	rc = takeover_find(t, c, &m->org, &m->conversation, &o.conversation);
	if (rc != 0)
		return rc;
	(void)snprintf(o.name, sizeof(o.name), "%c%.*s", OPERATOR_CLIENT_ID,
	    (int)m->client_id.len, (const char *)m->client_id.p);
	rc = client_id_get(t, &m->conversation, operator_message_name(&o), &known);
	if (rc == MDB_NOTFOUND)
		return operator_message_add(t, c, &o);
	return rc != 0 ? rc : operator_message_repeat(t, c, &o, known.seq);
}
