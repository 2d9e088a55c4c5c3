/*
 * Checks conversations and their messages in one walk over both tables, and that conversations and
 * their index entries match.
 */
#include "proto/structure/answer_parts.h"
#include "storaged/verify/verify_internal.h"

#include <stdio.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "storaged/conversations/conversations.h"
#include "storaged/inbox/receipts.h"

/* A conversation during the walk over its messages. */
struct thread {
	struct id id;
	struct msg_conversation_record record;
	bool readable;
	uint64_t messages;
	uint64_t last_seq;
	/* The message before next_seq. */
	enum { NEWEST_NONE, NEWEST_QUESTION, NEWEST_REPLY, NEWEST_UNREADABLE } newest;
	struct id newest_id; /* the turn of a model's reply; zero: there is none */
	uint8_t newest_status;
};

static unsigned long long
verify_thread_number(uint64_t n)
{
	return n;
}

/* Why a record is invalid; NULL: it is valid. */
static const char *
verify_thread_conversation_fault(const struct thread *thread)
{
	const struct msg_conversation_record *r = &thread->record;

	if (!id_equal(&r->id, &thread->id))
		return "has another id than its key";
	if (r->session.len == 0)
		return "has no session";
	if (r->created_at > r->updated_at)
		return "was updated before it was made";
	if ((r->state == STATE_PERSON) == id_is_zero(&r->operator))
		return r->state == STATE_PERSON
		    ? "is with a person, but nobody has taken it over"
		    : "has an operator, but is not with a person";
	if (r->state == STATE_RESOLVED && r->snoozed_until != 0)
		return "is resolved, but snoozed";
	if (utf8_utf16_len(r->last_message) > LAST_MESSAGE_UNITS)
		return "has a last message that is too long";
	return NULL;
}

/* Checks that a reply's turn exists and names its position. */
static int
verify_thread_reply(struct checker *c, const struct thread *thread, uint64_t seq,
    const struct msg_message_record *message)
{
	struct key key = key_id(&message->id);
	struct msg_turn_record turn;
	struct slice value;
	int rc = txn_get(c->txn, TABLE_TURNS, &key, &value);

	if (rc == MDB_NOTFOUND) {
		verify_found(c, TABLE_MESSAGES, "reply %s of conversation %s has no turn",
		    verify_id_text(&message->id).s, verify_id_text(&thread->id).s);
		return 0;
	}
	/* verify_turns.c reports a turn that does not decode. */
	if (rc != 0 || record_decode(value, MSG_TURN_RECORD, &turn) != WIRE_OK)
		return rc;
	if (!id_equal(&turn.conversation, &thread->id) || turn.seq != seq)
		verify_found(c, TABLE_MESSAGES,
		    "reply %s stands at %llu of conversation %s, its turn names %llu of %s",
		    verify_id_text(&message->id).s, verify_thread_number(seq),
		    verify_id_text(&thread->id).s, verify_thread_number(turn.seq),
		    verify_id_text(&turn.conversation).s);
	return 0;
}

static const char *
verify_thread_message_fault(uint64_t seq, const struct msg_message_record *message)
{
	if (seq == 0)
		return "has position 0; positions count from 1";
	if (id_is_zero(&message->id))
		return "has no id";
	if (structure_wrong(message->structure) != NULL ||
	    answer_parts_wrong(message->answer) != NULL || message->lead > message->text.len)
		return "has an invalid structure or answer";
	if (receipt_fault(message) != NULL)
		return receipt_fault(message);
	switch (message->role) {
	case MESSAGE_ASSISTANT:
		return message_status_is_of_reply(message->status) ? NULL
								   : "has an invalid status";
	case MESSAGE_OPERATOR:
		return message->status != MESSAGE_COMPLETE ? "is an operator's and not complete"
							   : NULL;
	default:
		return message->status != MESSAGE_COMPLETE && message->status != MESSAGE_HANDED
		    ? "is a question that is not complete"
		    : NULL;
	}
}

/* message: NULL if it does not decode. */
static void
verify_thread_note_newest(struct thread *thread, const struct msg_message_record *message)
{
	if (!thread->readable || thread->last_seq + 1 != thread->record.next_seq)
		return;
	if (message == NULL || verify_thread_message_fault(thread->last_seq, message) != NULL) {
		thread->newest = NEWEST_UNREADABLE;
		return;
	}
	thread->newest = message->role == MESSAGE_USER ? NEWEST_QUESTION : NEWEST_REPLY;
	if (message->role == MESSAGE_ASSISTANT)
		thread->newest_id = message->id;
	thread->newest_status = message->status;
}

static int
verify_thread_message(
    struct checker *c, struct thread *thread, struct slice key, struct slice value)
{
	struct msg_message_record message;
	uint64_t seq = message_seq(key);
	const char *fault;
	char name[96];

	thread->messages++;
	thread->last_seq = seq;
	(void)snprintf(name, sizeof(name), "message %llu of conversation %s",
	    verify_thread_number(seq), verify_id_text(&thread->id).s);
	if (!verify_record(c, TABLE_MESSAGES, name, value, &message)) {
		c->unreadable_messages = true;
		verify_thread_note_newest(thread, NULL);
		return 0;
	}
	verify_thread_note_newest(thread, &message);
	fault = verify_thread_message_fault(seq, &message);
	if (fault != NULL)
		verify_found(c, TABLE_MESSAGES, "%s %s", name, fault);
	else if (message.role == MESSAGE_ASSISTANT)
		return verify_thread_reply(c, thread, seq, &message);
	return 0;
}

/* Checks the message count and the next position of a conversation. */
static void
verify_thread_counts(struct checker *c, const struct thread *thread)
{
	const struct msg_conversation_record *r = &thread->record;

	if (r->messages != thread->messages)
		verify_found(c, TABLE_CONVERSATIONS,
		    "conversation %s counts %llu messages and has %llu",
		    verify_id_text(&thread->id).s, verify_thread_number(r->messages),
		    verify_thread_number(thread->messages));
	if (r->next_seq <= thread->last_seq)
		verify_found(c, TABLE_CONVERSATIONS,
		    "conversation %s has a message at %llu, but %llu is its next place",
		    verify_id_text(&thread->id).s, verify_thread_number(thread->last_seq),
		    verify_thread_number(r->next_seq));
}

static int
verify_thread_session_entry_of(struct checker *c, const struct thread *thread)
{
	const struct msg_conversation_record *r = &thread->record;
	struct key key = key_session(&r->org, &r->widget, r->session);
	struct key id = key_id(&thread->id);
	struct slice value;
	int rc;

	if (r->session.len == 0)
		return 0;
	rc = txn_get(c->txn, TABLE_CONVERSATIONS_BY_SESSION, &key, &value);
	if (rc == MDB_NOTFOUND || (rc == 0 && !slice_eq(value, key_slice(&id)))) {
		verify_found(c, TABLE_CONVERSATIONS_BY_SESSION,
		    "the session of conversation %s %s", verify_id_text(&thread->id).s,
		    rc == 0 ? "leads to another" : "does not lead to it");
		rc = 0;
	}
	return rc;
}

/* The key that a conversation should have in an index; of length 0: none. */
typedef struct key index_key_fn(const struct msg_conversation_record *r, const struct id *id);

static struct key
verify_thread_session_key_of(const struct msg_conversation_record *r, const struct id *id)
{
	(void)id;
	return key_session(&r->org, &r->widget, r->session);
}

static struct key
verify_thread_activity_key_of(const struct msg_conversation_record *r, const struct id *id)
{
	return key_activity(&r->org, r->updated_at, id);
}

static struct key
verify_thread_widget_key_of(const struct msg_conversation_record *r, const struct id *id)
{
	return key_activity_of(&r->org, &r->widget, r->updated_at, id);
}

static struct key
verify_thread_contact_key_of(const struct msg_conversation_record *r, const struct id *id)
{
	if (id_is_zero(&r->contact))
		return (struct key){.len = 0};
	return key_activity_of(&r->org, &r->contact, r->updated_at, id);
}

/* The indexes by activity. */
static const struct list {
	enum table table;
	index_key_fn *key;
} lists[] = {
    {TABLE_CONVERSATIONS_BY_ACTIVITY, verify_thread_activity_key_of},
    {TABLE_CONVERSATIONS_BY_WIDGET, verify_thread_widget_key_of},
    {TABLE_CONVERSATIONS_BY_CONTACT, verify_thread_contact_key_of},
};

static int
verify_thread_list_entry_of(
    struct checker *c, const struct thread *thread, const struct list *list)
{
	struct key key = list->key(&thread->record, &thread->id);
	int rc;

	if (key.len == 0)
		return 0;
	if (!verify_has(c, list->table, &key, &rc) && rc == 0)
		verify_found(c, list->table,
		    "conversation %s is not where its last activity puts it",
		    verify_id_text(&thread->id).s);
	return rc;
}

/* Derives the status of a conversation from its messages. If the newest reply has no message,
 * only the turns tell whether it is open (verify_turns.c). */
static int
verify_thread_find_status(
    struct checker *c, const struct thread *thread, enum conversation_status *status)
{
	struct key turn = key_id(&thread->newest_id);
	int rc = 0;

	*status = thread->record.status;
	switch (thread->newest) {
	case NEWEST_UNREADABLE:
		break;
	case NEWEST_NONE:
		if (thread->record.status == CONVERSATION_ACTIVE)
			c->awaiting++;
		else
			*status = CONVERSATION_ANY;
		break;
	case NEWEST_QUESTION:
		*status = CONVERSATION_ANY;
		break;
	case NEWEST_REPLY:
		*status = verify_has(c, TABLE_OPEN_TURNS, &turn, &rc)
		    ? CONVERSATION_ACTIVE
		    : conversation_status_of((enum message_status)thread->newest_status);
		break;
	}
	return rc;
}

static int
verify_thread_status(struct checker *c, const struct thread *thread)
{
	enum conversation_status status;
	int rc = verify_thread_find_status(c, thread, &status);

	/* Schema 7 and before knew no other status for a reply that was cut. */
	if (status == CONVERSATION_LENGTH && thread->record.status == CONVERSATION_COMPLETE)
		return rc;
	if (rc == 0 && status != thread->record.status)
		verify_found(c, TABLE_CONVERSATIONS,
		    "conversation %s is marked %s, but its newest message makes it %s",
		    verify_id_text(&thread->id).s,
		    conversation_status_words[thread->record.status],
		    conversation_status_words[status]);
	return rc;
}

static int
verify_thread_contact_of(struct checker *c, const struct thread *thread)
{
	const struct msg_conversation_record *r = &thread->record;
	struct key contact = key_of_org(&r->org, &r->contact);
	struct record_name name = verify_record_name("conversation", &thread->id);

	if (id_is_zero(&r->contact))
		return 0;
	return verify_named(
	    c, TABLE_CONVERSATIONS, name.s, "is with contact", TABLE_CONTACTS, &contact);
}

/* A snoozed one has its row in the table due; verify_indexes.c checks the rest of that row. */
static int
verify_thread_snoozed(struct checker *c, const struct thread *thread)
{
	const struct msg_conversation_record *r = &thread->record;
	const struct key row = key_due(r->snoozed_until, DUE_WAKE, &thread->id);
	int rc = 0;

	if (r->snoozed_until != 0 && !verify_has(c, TABLE_DUE, &row, &rc) && rc == 0)
		verify_found(c, TABLE_DUE, "snoozed conversation %s has no row",
		    verify_id_text(&thread->id).s);
	return rc;
}

/* Checks everything of a conversation that does not depend on the walk. */
static int
verify_thread_conversation(struct checker *c, const struct thread *thread)
{
	const char *fault = verify_thread_conversation_fault(thread);
	int rc;

	if (fault != NULL)
		verify_found(c, TABLE_CONVERSATIONS, "conversation %s %s",
		    verify_id_text(&thread->id).s, fault);
	verify_thread_counts(c, thread);
	rc = verify_thread_status(c, thread);
	if (rc == 0)
		rc = verify_thread_contact_of(c, thread);
	if (rc == 0)
		rc = verify_labels_of(c, &thread->id, &thread->record);
	if (rc == 0)
		rc = verify_thread_snoozed(c, thread);
	if (rc == 0)
		rc = verify_thread_session_entry_of(c, thread);
	for (size_t i = 0; i < ARRAY_LEN(lists) && rc == 0; i++)
		rc = verify_thread_list_entry_of(c, thread, &lists[i]);
	return rc;
}

/* arg: the walk over all messages. */
static int
verify_thread_record(struct checker *c, struct slice key, struct slice value, void *arg)
{
	struct children *messages = arg;
	struct thread thread = {.id = key_front(key)};
	char name[64];
	int rc = 0;

	(void)snprintf(name, sizeof(name), "conversation %s", verify_id_text(&thread.id).s);
	thread.readable = verify_record(c, TABLE_CONVERSATIONS, name, value, &thread.record);
	if (!thread.readable)
		c->unreadable_orgs = true;
	verify_children_seek(messages, &thread.id);
	while (rc == 0 && verify_children_at(messages, &thread.id)) {
		rc =
		    verify_thread_message(c, &thread, messages->walk.key, messages->walk.value);
		if (rc == 0)
			verify_children_next(messages);
	}
	if (rc == 0)
		rc = verify_children_failed(messages);
	return rc == 0 && thread.readable ? verify_thread_conversation(c, &thread) : rc;
}

/* Checks that an index entry has its conversation and the right key. */
static int
verify_thread_entry(struct checker *c, enum table table, struct slice entry,
    const struct id *id, index_key_fn *key_fn)
{
	struct msg_conversation_record record;
	struct key key = key_id(id), right;
	struct slice value;
	int rc = txn_get(c->txn, TABLE_CONVERSATIONS, &key, &value);

	if (rc == MDB_NOTFOUND) {
		verify_found(c, table,
		    "an entry leads to conversation %s, which does not exist",
		    verify_id_text(id).s);
		return 0;
	}
	if (rc != 0 || record_decode(value, MSG_CONVERSATION_RECORD, &record) != WIRE_OK)
		return rc;
	right = key_fn(&record, id);
	if (!slice_eq(entry, key_slice(&right)))
		verify_found(c, table, "an entry does not match its record, conversation %s",
		    verify_id_text(id).s);
	return 0;
}

static int
verify_thread_session_entry(struct checker *c, struct slice key, struct slice value, void *arg)
{
	struct id id;

	(void)arg;
	if (value.len != sizeof(id.b)) {
		verify_found(c, TABLE_CONVERSATIONS_BY_SESSION,
		    "an entry has %zu bytes, which are no id", value.len);
		return 0;
	}
	id = key_front(value);
	return verify_thread_entry(
	    c, TABLE_CONVERSATIONS_BY_SESSION, key, &id, verify_thread_session_key_of);
}

/* arg: struct list. */
static int
verify_thread_list_entry(struct checker *c, struct slice key, struct slice value, void *arg)
{
	const struct list *list = arg;
	struct id id = activity_conversation(key);

	if (value.len != 0)
		verify_found(c, list->table,
		    "the entry of conversation %s has %zu unexpected bytes",
		    verify_id_text(&id).s, value.len);
	return verify_thread_entry(c, list->table, key, &id, list->key);
}

int
verify_threads(struct checker *c)
{
	struct children messages;
	int rc, walked;

	verify_children_open(&messages, c, TABLE_MESSAGES, "messages of conversation");
	rc = verify_table(c, TABLE_CONVERSATIONS, verify_thread_record, &messages);
	if (rc == 0)
		verify_children_seek(&messages, NULL);
	walked = verify_children_close(&messages);
	if (rc == 0)
		rc = walked;
	if (rc == 0)
		rc = verify_table(
		    c, TABLE_CONVERSATIONS_BY_SESSION, verify_thread_session_entry, NULL);
	for (size_t i = 0; i < ARRAY_LEN(lists) && rc == 0; i++) {
		struct list list = lists[i];

		rc = verify_table(c, list.table, verify_thread_list_entry, &list);
	}
	return rc;
}
