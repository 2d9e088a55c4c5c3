/*
 * Conversations and their messages, in one walk over both; and that each conversation has its
 * entry in both indexes and each entry its conversation.
 */
#include "storaged/verify_internal.h"

#include <stdio.h>

#include "proto/basics.h"
#include "proto/utf8.h"
#include "storaged/conversations.h"

/* A conversation while its messages pass by. */
struct thread {
	struct id id;
	struct msg_conversation_record record;
	bool readable;
	uint64_t messages;
	uint64_t last_seq;
};

static unsigned long long
number(uint64_t n)
{
	return n;
}

/* What is wrong with a record by itself; NULL: nothing. */
static const char *
conversation_fault(const struct thread *thread)
{
	const struct msg_conversation_record *r = &thread->record;

	if (!id_equal(&r->id, &thread->id))
		return "carries another id";
	if (r->session.len == 0)
		return "has no session";
	if (r->created_at > r->updated_at)
		return "was updated before it was made";
	if (utf8_utf16_len(r->last_message) > LAST_MESSAGE_UNITS)
		return "has a last message that is too long";
	return NULL;
}

/* Whether a reply's turn is there and names this very place. */
static int
check_reply(struct checker *c, const struct thread *thread, uint64_t seq,
    const struct msg_message_record *message)
{
	struct key key = key_id(&message->id);
	struct msg_turn_record turn;
	struct slice value;
	int rc = txn_get(c->txn, TABLE_TURNS, &key, &value);

	if (rc == MDB_NOTFOUND) {
		check_found(c, TABLE_MESSAGES, "reply %s of conversation %s has no turn",
		    id_text(&message->id).s, id_text(&thread->id).s);
		return 0;
	}
	/* One that does not decode is said to be so among the turns. */
	if (rc != 0 || record_decode(value, MSG_TURN_RECORD, &turn) != WIRE_OK)
		return rc;
	if (!id_equal(&turn.conversation, &thread->id) || turn.seq != seq)
		check_found(c, TABLE_MESSAGES,
		    "reply %s stands at %llu of conversation %s, its turn names %llu of %s",
		    id_text(&message->id).s, number(seq), id_text(&thread->id).s,
		    number(turn.seq), id_text(&turn.conversation).s);
	return 0;
}

static const char *
message_fault(uint64_t seq, const struct msg_message_record *message)
{
	if (seq == 0)
		return "has no place: they count from 1";
	if (id_is_zero(&message->id))
		return "has no id";
	if (message->status > MESSAGE_INTERRUPTED)
		return "has a status that there is not";
	if (message->role == MESSAGE_USER && message->status != MESSAGE_COMPLETE)
		return "is a question that is not complete";
	return NULL;
}

static int
check_message(struct checker *c, struct thread *thread, struct slice key, struct slice value)
{
	struct msg_message_record message;
	uint64_t seq = message_seq(key);
	const char *fault;
	char name[96];

	thread->messages++;
	thread->last_seq = seq;
	(void)snprintf(name, sizeof(name), "message %llu of conversation %s", number(seq),
	    id_text(&thread->id).s);
	if (!check_record(
		c, TABLE_MESSAGES, name, value, MSG_MESSAGE_RECORD, RECORD_VERSION, &message))
		return 0;
	fault = message_fault(seq, &message);
	if (fault != NULL)
		check_found(c, TABLE_MESSAGES, "%s %s", name, fault);
	else if (message.role == MESSAGE_ASSISTANT)
		return check_reply(c, thread, seq, &message);
	return 0;
}

/* What a record says of its messages. */
static void
check_counts(struct checker *c, const struct thread *thread)
{
	const struct msg_conversation_record *r = &thread->record;

	if (r->messages != thread->messages)
		check_found(c, TABLE_CONVERSATIONS,
		    "conversation %s counts %llu messages and has %llu", id_text(&thread->id).s,
		    number(r->messages), number(thread->messages));
	if (r->next_seq <= thread->last_seq)
		check_found(c, TABLE_CONVERSATIONS,
		    "conversation %s has a message at %llu, but %llu is its next place",
		    id_text(&thread->id).s, number(thread->last_seq), number(r->next_seq));
}

static int
check_session_entry_of(struct checker *c, const struct thread *thread)
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
		check_found(c, TABLE_CONVERSATIONS_BY_SESSION,
		    "the session of conversation %s %s", id_text(&thread->id).s,
		    rc == 0 ? "leads to another" : "does not lead to it");
		rc = 0;
	}
	return rc;
}

static int
check_activity_entry_of(struct checker *c, const struct thread *thread)
{
	const struct msg_conversation_record *r = &thread->record;
	struct key key = key_activity(&r->org, r->updated_at, &thread->id);
	int rc;

	if (!check_has(c, TABLE_CONVERSATIONS_BY_ACTIVITY, &key, &rc) && rc == 0)
		check_found(c, TABLE_CONVERSATIONS_BY_ACTIVITY,
		    "conversation %s is not where its last activity puts it",
		    id_text(&thread->id).s);
	return rc;
}

/* Everything about a conversation that its messages do not tell. */
static int
check_conversation(struct checker *c, const struct thread *thread)
{
	const char *fault = conversation_fault(thread);
	int rc;

	if (fault != NULL)
		check_found(c, TABLE_CONVERSATIONS, "conversation %s %s",
		    id_text(&thread->id).s, fault);
	check_counts(c, thread);
	rc = check_session_entry_of(c, thread);
	return rc != 0 ? rc : check_activity_entry_of(c, thread);
}

/* arg: the walk over all messages. */
static int
check_thread(struct checker *c, struct slice key, struct slice value, void *arg)
{
	struct children *messages = arg;
	struct thread thread = {.id = key_front(key)};
	char name[64];
	int rc = 0;

	(void)snprintf(name, sizeof(name), "conversation %s", id_text(&thread.id).s);
	thread.readable = check_record(c, TABLE_CONVERSATIONS, name, value,
	    MSG_CONVERSATION_RECORD, RECORD_VERSION, &thread.record);
	if (!thread.readable)
		c->unreadable_orgs = true;
	children_seek(messages, &thread.id);
	while (rc == 0 && children_at(messages, &thread.id)) {
		rc = check_message(c, &thread, messages->walk.key, messages->walk.value);
		if (rc == 0)
			children_next(messages);
	}
	return rc == 0 && thread.readable ? check_conversation(c, &thread) : rc;
}

/* The key that the index entry of a conversation should have. */
typedef struct key index_key_fn(const struct msg_conversation_record *r, const struct id *id);

static struct key
session_key_of(const struct msg_conversation_record *r, const struct id *id)
{
	(void)id;
	return key_session(&r->org, &r->widget, r->session);
}

static struct key
activity_key_of(const struct msg_conversation_record *r, const struct id *id)
{
	return key_activity(&r->org, r->updated_at, id);
}

/* Whether an entry of an index has its conversation, and is the one that this should have. */
static int
check_entry(struct checker *c, enum table table, struct slice entry, const struct id *id,
    index_key_fn *key_fn)
{
	struct msg_conversation_record record;
	struct key key = key_id(id), right;
	struct slice value;
	int rc = txn_get(c->txn, TABLE_CONVERSATIONS, &key, &value);

	if (rc == MDB_NOTFOUND) {
		check_found(c, table, "an entry leads to conversation %s, which is not there",
		    id_text(id).s);
		return 0;
	}
	if (rc != 0 || record_decode(value, MSG_CONVERSATION_RECORD, &record) != WIRE_OK)
		return rc;
	right = key_fn(&record, id);
	if (!slice_eq(entry, key_slice(&right)))
		check_found(c, table, "an entry that is not its own leads to conversation %s",
		    id_text(id).s);
	return 0;
}

static int
check_session_entry(struct checker *c, struct slice key, struct slice value, void *arg)
{
	struct id id;

	(void)arg;
	if (value.len != sizeof(id.b)) {
		check_found(c, TABLE_CONVERSATIONS_BY_SESSION,
		    "an entry has %zu bytes that are no id", value.len);
		return 0;
	}
	id = key_front(value);
	return check_entry(c, TABLE_CONVERSATIONS_BY_SESSION, key, &id, session_key_of);
}

static int
check_activity_entry(struct checker *c, struct slice key, struct slice value, void *arg)
{
	struct id id = activity_conversation(key);

	(void)arg;
	if (value.len != 0)
		check_found(c, TABLE_CONVERSATIONS_BY_ACTIVITY,
		    "the entry of conversation %s has %zu bytes that nobody wrote",
		    id_text(&id).s, value.len);
	return check_entry(c, TABLE_CONVERSATIONS_BY_ACTIVITY, key, &id, activity_key_of);
}

int
check_threads(struct checker *c)
{
	struct children messages;
	int rc, walked;

	children_open(&messages, c, TABLE_MESSAGES, "messages of conversation");
	rc = check_table(c, TABLE_CONVERSATIONS, check_thread, &messages);
	if (rc == 0)
		children_seek(&messages, NULL);
	walked = children_close(&messages);
	if (rc == 0)
		rc = walked;
	if (rc == 0)
		rc = check_table(c, TABLE_CONVERSATIONS_BY_SESSION, check_session_entry, NULL);
	if (rc == 0)
		rc =
		    check_table(c, TABLE_CONVERSATIONS_BY_ACTIVITY, check_activity_entry, NULL);
	return rc;
}
