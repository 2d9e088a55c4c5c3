/*
 * The table reads. A reply that is being written when its conversation is read counts as read: its place is
 * reserved already.
 */
#include "storaged/conversations/reads.h"

int
read_is_unread(struct txn *t, const struct msg_conversation_record *conversation,
    const struct id *reader, bool *unread)
{
	struct key key = key_of_org(&conversation->id, reader);
	struct msg_read_record r;
	int rc = txn_get_record(t, TABLE_READS, &key, MSG_READ_RECORD, &r);

	/* A damaged mark is no reason to fail: the conversation shows as unread. */
	*unread = rc != 0 || r.seq + 1 < conversation->next_seq;
	return txn_survives(rc) ? 0 : rc;
}

int
read_mark(struct txn *t, const struct msg_conversation_record *conversation,
    const struct id *reader, bool read)
{
	struct key key = key_of_org(&conversation->id, reader);
	const struct msg_read_record r = {
	    .v = RECORD_VERSION,
	    .conversation = conversation->id,
	    .user = *reader,
	    .seq = conversation->next_seq - 1,
	};

	if (!read)
		return txn_del(t, TABLE_READS, &key);
	return txn_put_record(t, TABLE_READS, &key, MSG_READ_RECORD, &r);
}

int
read_import(struct txn *t, struct call *c, const struct msg_read_record *r)
{
	struct key key = key_of_org(&r->conversation, &r->user),
		   parent = key_id(&r->conversation);
	struct msg_read_record there;
	struct slice conversation;
	int rc = txn_get(t, TABLE_CONVERSATIONS, &parent, &conversation);

	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_NOT_FOUND, "no such conversation");
	if (rc == 0)
		rc = txn_get_record(t, TABLE_READS, &key, MSG_READ_RECORD, &there);
	/* The user may have read more since the export. */
	if (rc == 0 && there.seq > r->seq) {
		call_ok(c);
		return 0;
	}
	if (rc == 0 || txn_survives(rc))
		rc = txn_put_record(t, TABLE_READS, &key, MSG_READ_RECORD, r);
	if (rc == 0)
		call_ok(c);
	return rc;
}
