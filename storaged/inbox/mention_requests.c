/*
 * The notes that mention a user, and which of them the user has read.
 */
#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "storaged/changes/changes.h"
#include "storaged/conversations/mentions.h"
#include "storaged/inbox/inbox.h"
#include "storaged/request/listing.h"

/* What a list shows of a mention, in env->record. */
static int
mention_item(struct txn *t, struct slice record, struct slice *item)
{
	struct buf *scratch = &t->env->record;
	struct msg_mention_record r;
	struct msg_mention_shown shown;
	struct key key;
	int rc = record_read(record, TABLE_MENTIONS, &r);

	if (rc != 0)
		return rc;
	shown = (struct msg_mention_shown){.read_at = r.read_at};
	key = key_of_org(&r.conversation, &r.note);
	rc = txn_get(t, TABLE_NOTES, &key, &shown.note);
	if (rc != 0 && !txn_survives(rc))
		return rc;
	if (rc != 0 || record_decode(shown.note, MSG_NOTE_RECORD, NULL) != WIRE_OK)
		shown.note = (struct slice){0};
	buf_reset(scratch);
	must(record_encode(scratch, MSG_MENTION_SHOWN, &shown) == 0);
	*item = buf_slice(scratch);
	return 0;
}

int
handle_mention_list(struct txn *t, struct call *c)
{
	static const struct id greatest = {{[0 ... 15] = 0xff}};
	const struct msg_mention_list *m = &c->m->mention_list;
	const struct listing l = {.table = TABLE_MENTIONS,
	    .front = key_of_org(&m->org, &m->user),
	    .after =
		key_mention(&m->org, &m->user, id_is_zero(&m->cursor) ? &greatest : &m->cursor),
	    .limit = m->limit,
	    .item = mention_item,
	    .newest_first = true};

	return listing_answer(t, c, &l, MSG_RECORD_PAGE);
}

/* Which mentions of a user a request marks, without their slices. */
struct mention_marks {
	struct msg_mention_record *of;
	size_t n;
};

static bool
mention_is_meant(const struct msg_mention_read *m, const struct msg_mention_record *r)
{
	return (r->read_at != 0) != (m->read != 0) &&
	    (id_is_zero(&m->conversation) || id_equal(&r->conversation, &m->conversation));
}

static int
mention_mark(struct txn *t, const struct msg_mention_read *m, struct msg_mention_record *r)
{
	struct key key = key_mention(&r->org, &r->user, &r->note);
	int rc;

	r->read_at = m->read != 0 ? clock_wall_ms() : 0;
	rc = txn_put_record(t, TABLE_MENTIONS, &key, r);
	if (rc != 0)
		return rc;
	return change_add(t, &r->org, CHANGE_MENTION, &r->user, &r->conversation, CHANGE_READ);
}

/* The first one behind *at that is meant. */
static int
mention_find_next(struct txn *t, const struct msg_mention_read *m, struct key *at,
    struct msg_mention_record *r)
{
	struct key front = key_of_org(&m->org, &m->user);
	struct walk w;
	int rc = walk_open(&w, t, TABLE_MENTIONS, &front);

	if (rc == 0)
		rc = walk_from(&w, at);
	for (; rc == 0; rc = walk_next(&w)) {
		if (slice_eq(w.key, key_slice(at)))
			continue;
		if (record_read(w.value, TABLE_MENTIONS, r) == 0 && mention_is_meant(m, r)) {
			*at = key_of(w.key);
			break;
		}
	}
	walk_close(&w);
	return rc;
}

static int
mention_mark_all(struct txn *t, const struct msg_mention_read *m)
{
	struct key at = key_of_org(&m->org, &m->user);
	struct msg_mention_record r;
	int rc;

	while ((rc = mention_find_next(t, m, &at, &r)) == 0) {
		rc = mention_mark(t, m, &r);
		if (rc != 0)
			return rc;
	}
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
handle_mention_read(struct txn *t, struct call *c)
{
	const struct msg_mention_read *m = &c->m->mention_read;
	struct key key = key_mention(&m->org, &m->user, &m->note);
	struct msg_mention_record r;
	int rc;

	if (id_is_zero(&m->note)) {
		rc = mention_mark_all(t, m);
	} else {
		rc = txn_get_record(t, TABLE_MENTIONS, &key, &r);
		if (rc == MDB_NOTFOUND)
			return call_refuse(c, STORE_NOT_FOUND, "no such mention");
		if (rc == 0 && mention_is_meant(m, &r))
			rc = mention_mark(t, m, &r);
	}
	if (rc == 0)
		call_ok(c);
	return rc;
}
