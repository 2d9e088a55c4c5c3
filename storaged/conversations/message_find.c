/*
 * A binary search by id. Requests that overtake each other, and a clock that was set back, leave ids out of order:
 * then the newest messages are searched one by one.
 */
#include "storaged/conversations/message_find.h"

#include <string.h>

/* Messages that are searched one by one. */
#define SCAN_MAX 20000u

/* Where the id is in a MESSAGE_RECORD: behind the version. */
#define ID_AT 1u

/* Compares the id of the walk's message. */
static int
message_find_compare(const struct walk *w, const struct id *message)
{
	if (w->value.len < ID_AT + sizeof(message->b))
		return -1;
	return memcmp(w->value.p + ID_AT, message->b, sizeof(message->b));
}

/* The first message with this id or a later one, if ids are in order. */
static int
message_find_by_order(struct walk *w, const struct msg_conversation_record *conversation,
    const struct id *message, uint64_t *seq)
{
	uint64_t from = 0, to = conversation->next_seq;
	int rc = 0;

	while (from < to) {
		uint64_t middle = from + (to - from) / 2;
		struct key at = key_message(&conversation->id, middle);
		int order = 1;

		rc = walk_from(w, &at);
		if (rc == 0)
			order = message_find_compare(w, message);
		else if (rc != MDB_NOTFOUND)
			return rc;
		if (order == 0) {
			*seq = message_seq(w->key);
			return 0;
		}
		if (order < 0)
			from = message_seq(w->key) + 1;
		else
			to = middle;
	}
	return MDB_NOTFOUND;
}

static int
message_find_by_scan(struct walk *w, const struct msg_conversation_record *conversation,
    const struct id *message, uint64_t *seq)
{
	struct key end = key_message(&conversation->id, conversation->next_seq);
	unsigned n = 0;
	int rc;

	for (rc = walk_before(w, &end); rc == 0 && n < SCAN_MAX; rc = walk_previous(w), n++)
		if (message_find_compare(w, message) == 0) {
			*seq = message_seq(w->key);
			return 0;
		}
	return rc != 0 ? rc : MDB_NOTFOUND;
}

int
message_find(struct txn *t, const struct msg_conversation_record *conversation,
    const struct id *message, uint64_t *seq)
{
	struct key front = key_id(&conversation->id);
	struct walk w;
	int rc = walk_open(&w, t, TABLE_MESSAGES, &front);

	if (rc == 0)
		rc = message_find_by_order(&w, conversation, message, seq);
	if (rc == MDB_NOTFOUND)
		rc = message_find_by_scan(&w, conversation, message, seq);
	walk_close(&w);
	return rc;
}
