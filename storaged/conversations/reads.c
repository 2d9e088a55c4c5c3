/*
 * The table reads. A reply that is being written when its conversation is read counts as read: its place is
 * reserved already.
 */
#include "storaged/conversations/reads.h"

#include "proto/base/clock.h"

/* Before which activity the reader has read all conversations. 0 if the record is damaged or gone: some show as
 * unread then. */
static int
read_find_floor(
    struct txn *t, const struct id *org, const struct id *reader, uint64_t *read_until)
{
	struct key key = id_is_zero(reader) ? key_id(org) : key_of_org(org, reader);
	struct msg_user_record user = {0};
	struct msg_org_record record = {0};
	int rc = id_is_zero(reader) ? txn_get_record(t, TABLE_ORGS, &key, &record)
				    : txn_get_record(t, TABLE_USERS, &key, &user);

	*read_until = rc == 0 ? user.read_until + record.read_until : 0;
	return txn_survives(rc) ? 0 : rc;
}

/* When the conversation became unread, by its last activity or a mark; 0: it is read. */
static uint64_t
read_unread_since(const struct msg_conversation_record *conversation, uint64_t mark)
{
	uint64_t marked = (mark & READ_UNREAD) != 0 ? mark & ~READ_UNREAD : 0;

	if (marked > conversation->updated_at)
		return marked;
	return marked != 0 || mark + 1 < conversation->next_seq ? conversation->updated_at : 0;
}

int
read_is_unread(struct txn *t, const struct msg_conversation_record *conversation,
    const struct id *reader, bool *unread)
{
	struct key key = key_of_org(&conversation->id, reader);
	struct msg_read_record r;
	uint64_t since, read_until;
	int rc = txn_get_record(t, TABLE_READS, &key, &r);

	*unread = false;
	if (rc != 0 && !txn_survives(rc))
		return rc;
	/* A damaged mark is no reason to fail: the conversation shows as unread. */
	since = read_unread_since(conversation, rc == 0 ? r.seq : 0);
	if (since == 0)
		return 0;
	rc = read_find_floor(t, &conversation->org, reader, &read_until);
	*unread = since >= read_until;
	return rc;
}

/* No user has this id: its time is 1970. */
const struct id read_by_visitor = {{[15] = 1}};

/* The reader's mark; one that is not there or damaged has read nothing. */
static int
read_find(struct txn *t, const struct id *conversation, const struct id *reader,
    struct msg_read_record *r)
{
	struct key key = key_of_org(conversation, reader);
	int rc = txn_get_record(t, TABLE_READS, &key, r);

	if (rc != 0)
		*r = (struct msg_read_record){
		    .v = RECORD_VERSION, .conversation = *conversation, .user = *reader};
	return txn_survives(rc) ? 0 : rc;
}

int
read_get(struct txn *t, const struct id *conversation, const struct id *reader, uint64_t *seq)
{
	struct msg_read_record r;
	int rc = read_find(t, conversation, reader, &r);

	*seq = r.seq;
	return rc;
}

static int
read_put(struct txn *t, const struct msg_read_record *r)
{
	struct key key = key_of_org(&r->conversation, &r->user);

	return txn_put_record(t, TABLE_READS, &key, r);
}

int
read_mark(struct txn *t, const struct msg_conversation_record *conversation,
    const struct id *reader, bool read)
{
	struct msg_read_record r;
	int rc = read_find(t, &conversation->id, reader, &r);

	r.seq = read ? conversation->next_seq - 1 : (READ_UNREAD | clock_wall_ms());
	return rc != 0 ? rc : read_put(t, &r);
}

int
read_is_following(
    struct txn *t, const struct id *conversation, const struct id *reader, bool *following)
{
	struct msg_read_record r;
	int rc = read_find(t, conversation, reader, &r);

	*following = r.following != 0;
	return rc;
}

int
read_follow(
    struct txn *t, const struct id *conversation, const struct id *reader, bool following)
{
	struct msg_read_record r;
	int rc = read_find(t, conversation, reader, &r);

	if (rc != 0 || (r.following != 0) == following)
		return rc;
	r.following = following;
	return read_put(t, &r);
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
		rc = txn_get_record(t, TABLE_READS, &key, &there);
	/* The user may have read more since the export. */
	if (rc == 0 && there.seq > r->seq) {
		call_ok(c);
		return 0;
	}
	if (rc == 0 || txn_survives(rc))
		rc = txn_put_record(t, TABLE_READS, &key, r);
	if (rc == 0)
		call_ok(c);
	return rc;
}
