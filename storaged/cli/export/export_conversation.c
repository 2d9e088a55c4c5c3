/*
 * Exports a conversation: its line, its messages, and its client ids. Unfinished replies are merged
 * into the first two.
 */
#include <inttypes.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "storaged/cli/base/console.h"
#include "storaged/cli/export/export.h"
#include "storaged/conversations/conversations.h"
#include "storaged/conversations/mentions.h"
#include "storaged/engine/garbage.h"

/* At most this many conversations with missing messages are named. */
#define MISSING_SHOWN 20u

/* The unfinished replies of one conversation. */
struct replies {
	const struct unfinished_reply *of;
	size_t n;
};

/* The unfinished replies of a conversation; they are in the order of conversations. */
static struct replies
export_find_replies(const struct unfinished *u, const struct id *conversation)
{
	size_t first = 0, high = u->n, end;

	while (first < high) {
		size_t middle = (first + high) / 2;

		if (memcmp(u->of[middle].conversation.b, conversation->b,
			sizeof(conversation->b)) < 0)
			first = middle + 1;
		else
			high = middle;
	}
	for (end = first; end < u->n; end++)
		if (!id_equal(&u->of[end].conversation, conversation))
			break;
	return (struct replies){u->of + first, end - first};
}

static bool
export_is_wanted(const struct export *e, const struct msg_conversation_record *conversation)
{
	return (e->org == NULL || id_equal(e->org, &conversation->org)) &&
	    conversation->updated_at >= e->since;
}

/* Applies what storing an interrupted reply changes in its conversation (conversation_add()); last
 * is the memory of last_message. */
static int
export_add_reply(struct txn *t, const struct unfinished_reply *reply,
    struct msg_conversation_record *conversation, uint8_t *last)
{
	struct key key = key_message(&reply->conversation, reply->seq);
	struct msg_message_record message;
	struct slice stored;
	int rc;

	rc = txn_get(t, TABLE_MESSAGES, &key, &stored);
	if (rc == MDB_NOTFOUND)
		conversation->messages++;
	else if (rc != 0)
		return rc;
	rc = unfinished_message(t, reply, &message);
	if (rc != 0)
		return rc;
	if (message.created_at > conversation->updated_at)
		conversation->updated_at = message.created_at;
	if (message.text.len > 0) {
		struct slice text = utf8_prefix(message.text, LAST_MESSAGE_UNITS);

		must(slice_copy(text, last, 3 * (size_t)LAST_MESSAGE_UNITS));
		conversation->last_message = (struct slice){last, text.len};
	}
	conversation_note_reply(conversation, reply->seq, CONVERSATION_INTERRUPTED);
	return 0;
}

static int
export_put_conversation(struct export *e, struct msg_conversation_record conversation,
    const struct replies *replies)
{
	struct buf *record = &e->txn.env->record;
	uint8_t last[3 * LAST_MESSAGE_UNITS];
	int rc;

	for (size_t i = 0; i < replies->n; i++) {
		rc = export_add_reply(&e->txn, &replies->of[i], &conversation, last);
		if (rc != 0)
			return rc;
	}
	buf_reset(record);
	if (record_encode(record, MSG_CONVERSATION_RECORD, &conversation) == -1)
		return RECORD_DAMAGED;
	return export_line(e, MSG_IMPORT_CONVERSATION,
	    &(struct msg_import_conversation){.conversation = buf_slice(record)});
}

/* One that cannot be written is left out. */
static int
export_put_message(
    struct export *e, const struct id *conversation, uint64_t seq, struct slice record)
{
	int rc = export_line(e, MSG_IMPORT_MESSAGE,
	    &(struct msg_import_message){
		.conversation = *conversation, .seq = seq, .message = record});

	if (rc == RECORD_DAMAGED) {
		char text[ID_TEXT_LEN + 1];

		id_format(conversation, text);
		export_damaged(e, "message %" PRIu64 " of conversation %s", seq, text);
		return 0;
	}
	return rc;
}

static int
export_put_reply(struct export *e, const struct unfinished_reply *reply)
{
	struct buf *record = &e->txn.env->record;
	struct msg_message_record message;
	int rc = unfinished_message(&e->txn, reply, &message);

	if (rc != 0)
		return rc;
	buf_reset(record);
	if (record_encode(record, MSG_MESSAGE_RECORD, &message) == -1)
		return RECORD_DAMAGED;
	return export_put_message(e, &reply->conversation, reply->seq, buf_slice(record));
}

/* Writes the stored message at the cursor, after unfinished replies with a lower seq; an unfinished
 * reply with the same seq replaces it. */
static int
export_put_next(struct export *e, const struct id *conversation, const struct walk *w,
    struct replies *replies)
{
	uint64_t seq;
	int rc = 0;

	if (!key_fits(TABLE_MESSAGES, w->key)) {
		export_damaged(e, "a message");
		return 0;
	}
	seq = message_seq(w->key);
	while (replies->n > 0 && replies->of->seq <= seq && rc == 0) {
		bool instead = replies->of->seq == seq;

		rc = export_put_reply(e, replies->of++);
		replies->n--;
		if (instead)
			return rc;
	}
	return rc != 0 ? rc : export_put_message(e, conversation, seq, w->value);
}

/* Compares the messages that were found with those that the conversation counts. */
static void
export_check_messages(
    struct export *e, const struct msg_conversation_record *conversation, uint64_t found)
{
	char text[ID_TEXT_LEN + 1];

	if (found >= conversation->messages)
		return;
	e->missing += conversation->messages - found;
	if (++e->missing_in > MISSING_SHOWN)
		return;
	id_format(&conversation->id, text);
	console_warn("conversation %s has %" PRIu64 " messages, of which %" PRIu64
		     " cannot be found",
	    text, conversation->messages, conversation->messages - found);
}

static int
export_put_messages(struct export *e, const struct msg_conversation_record *conversation,
    struct replies replies)
{
	struct key front = key_id(&conversation->id);
	uint64_t found = 0;
	struct walk w;
	int rc;

	rc = walk_open(&w, &e->txn, TABLE_MESSAGES, &front);
	if (rc == 0)
		rc = walk_from(&w, &front);
	while (rc == 0) {
		found++;
		rc = export_put_next(e, &conversation->id, &w, &replies);
		if (rc == 0)
			rc = walk_next(&w);
	}
	walk_close(&w);
	if (rc != MDB_NOTFOUND)
		return rc;
	export_check_messages(e, conversation, found);
	for (rc = 0; replies.n > 0 && rc == 0; replies.n--)
		rc = export_put_reply(e, replies.of++);
	return rc;
}

static int
export_put_client_id(struct export *e, const struct id *conversation, const struct walk *w)
{
	struct msg_client_id_record record;
	int rc = RECORD_DAMAGED;

	if (key_fits(TABLE_CLIENT_IDS, w->key) && utf8_valid(client_id_name(w->key)) &&
	    record_decode(w->value, MSG_CLIENT_ID_RECORD, &record) == WIRE_OK)
		rc = export_line(e, MSG_IMPORT_CLIENT_ID,
		    &(struct msg_import_client_id){
			.conversation = *conversation,
			.seq = record.seq,
			.client_id = client_id_name(w->key),
		    });
	if (rc != RECORD_DAMAGED)
		return rc;
	export_damaged(e, "a client id");
	return 0;
}

static int
export_put_client_ids(struct export *e, const struct id *conversation)
{
	struct key front = key_id(conversation);
	struct walk w;
	int rc;

	rc = walk_open(&w, &e->txn, TABLE_CLIENT_IDS, &front);
	if (rc == 0)
		rc = walk_from(&w, &front);
	while (rc == 0) {
		rc = export_put_client_id(e, conversation, &w);
		if (rc == 0)
			rc = walk_next(&w);
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Writes the records of a table that belong to a conversation. */
static int
export_put_records(struct export *e, const struct id *conversation, enum table table)
{
	struct key front = key_id(conversation);
	struct walk w;
	int rc;

	rc = walk_open(&w, &e->txn, table, &front);
	if (rc == 0)
		rc = walk_from(&w, &front);
	while (rc == 0) {
		rc = export_line(e, MSG_IMPORT_RECORD,
		    &(struct msg_import_record){
			.type = (uint16_t)table_record(table), .record = w.value});
		if (rc == RECORD_DAMAGED) {
			export_damaged(e, "an entry of %s", table_name(table));
			rc = 0;
		}
		if (rc == 0)
			rc = walk_next(&w);
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Writes a user's mention by a note; the author has none. */
static int
export_put_mention(struct export *e, const struct msg_note_record *note, const struct id *user)
{
	struct key key = key_mention(&note->org, user, &note->id);
	struct slice record;
	int rc = txn_get(&e->txn, TABLE_MENTIONS, &key, &record);

	if (rc == 0)
		rc = export_line(e, MSG_IMPORT_RECORD,
		    &(struct msg_import_record){.type = MSG_MENTION_RECORD, .record = record});
	if (rc == RECORD_DAMAGED)
		export_damaged(e, "an entry of %s", table_name(TABLE_MENTIONS));
	return txn_survives(rc) ? 0 : rc;
}

/* Writes the mentions of users by the notes of a conversation. */
static int
export_put_mentions(struct export *e, const struct id *conversation)
{
	struct key front = key_id(conversation);
	struct msg_note_record note;
	struct id user;
	struct walk w;
	int rc = walk_open(&w, &e->txn, TABLE_NOTES, &front);

	if (rc == 0)
		rc = walk_from(&w, &front);
	while (rc == 0) {
		/* A damaged note is reported already. */
		if (record_decode(w.value, MSG_NOTE_RECORD, &note) != WIRE_OK)
			note.mentions = (struct slice){0};
		while (rc == 0 && mention_next(&note.mentions, &user))
			rc = export_put_mention(e, &note, &user);
		if (rc == 0)
			rc = walk_next(&w);
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Writes what was noted about a conversation. */
static int
export_put_inbox(struct export *e, const struct id *conversation)
{
	int rc = export_put_records(e, conversation, TABLE_NOTES);

	if (rc == 0)
		rc = export_put_mentions(e, conversation);
	if (rc == 0)
		rc = export_put_records(e, conversation, TABLE_PAGES);
	if (rc == 0)
		rc = export_put_records(e, conversation, TABLE_READS);
	if (rc == 0)
		rc = export_put_records(e, conversation, TABLE_STEPS);
	if (rc == 0)
		rc = export_gaps(e, conversation);
	return rc != 0 ? rc : export_files(e, conversation);
}

/* Writes what belongs to a conversation whose record is known. */
static int
export_put_all(struct export *e, const struct msg_conversation_record *conversation)
{
	struct replies replies = export_find_replies(&e->unfinished, &conversation->id);
	int rc;

	if (!export_is_wanted(e, conversation))
		return 0;
	rc = export_put_conversation(e, *conversation, &replies);
	if (rc == RECORD_DAMAGED) {
		export_damaged(e, "a conversation, with its messages");
		return 0;
	}
	if (rc == 0)
		rc = export_put_messages(e, conversation, replies);
	if (rc == 0)
		rc = export_put_client_ids(e, &conversation->id);
	return rc != 0 ? rc : export_put_inbox(e, &conversation->id);
}

/* The owner of a conversation is unknown. That of an erased one is, until its messages are removed. */
static int
export_leave_out(struct export *e, const struct id *id, const char *text)
{
	bool erased;
	int rc = garbage_exists(&e->txn, id, &erased);

	if (rc == 0 && !erased)
		export_damaged(e, "conversation %s, with its messages,", text);
	return rc;
}

/* The conversation's own record is damaged. */
static int
export_put_recovered(struct export *e, const struct id *id)
{
	struct recovered r;
	char text[ID_TEXT_LEN + 1];
	int rc = recover_conversation(&e->recover, &e->txn, id, &r);

	id_format(id, text);
	if (rc == MDB_NOTFOUND)
		return export_leave_out(e, id, text);
	if (rc != 0)
		return rc;
	export_damaged(e, "the record of conversation %s", text);
	console_warn("its messages are exported: session %.*s, from the indexes",
	    (int)r.record.session.len, (const char *)r.record.session.p);
	return export_put_all(e, &r.record);
}

int
export_conversation(struct export *e, struct slice key, struct slice value)
{
	struct msg_conversation_record conversation;
	struct id id;

	if (!key_fits(TABLE_CONVERSATIONS, key)) {
		export_damaged(e, "a conversation, with its messages");
		return 0;
	}
	if (record_decode(value, MSG_CONVERSATION_RECORD, &conversation) == WIRE_OK)
		return export_put_all(e, &conversation);
	id = key_front(key);
	return export_put_recovered(e, &id);
}

/* The first conversation with messages after this one. */
static int
export_next_with_messages(struct export *e, struct id *id)
{
	const struct key all = {0};
	struct key end = key_message(id, UINT64_MAX);
	struct walk w;
	int rc = walk_open(&w, &e->txn, TABLE_MESSAGES, &all);

	if (rc == 0)
		rc = walk_from(&w, &end);
	while (rc == 0 && !key_fits(TABLE_MESSAGES, w.key))
		rc = walk_next(&w);
	if (rc == 0)
		*id = key_front(w.key);
	walk_close(&w);
	return rc;
}

int
export_lost_conversations(struct export *e, struct id *at, const struct id *before)
{
	int rc;

	while ((rc = export_next_with_messages(e, at)) == 0 &&
	    memcmp(at->b, before->b, sizeof(at->b)) < 0) {
		rc = export_put_recovered(e, at);
		if (rc != 0)
			return rc;
	}
	return rc == MDB_NOTFOUND ? 0 : rc;
}
