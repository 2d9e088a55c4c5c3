/*
 * Adding rows. The number of the last row is looked up once in a transaction.
 */
#include "storaged/changes/changes.h"

#include "proto/base/basics.h"
#include "proto/base/clock.h"

/* No time leads to a greater number: a clock that shows a year after 2217 must leave room to count on. */
#define SEQ_OF_TIME_MAX ((UINT64_C(1) << 53) - (UINT64_C(1) << 40))

static int
changes_look_up_newest(struct txn *t, uint64_t *newest)
{
	const struct key all = {0}, end = key_change(UINT64_MAX);
	struct walk w;
	int rc = walk_open(&w, t, TABLE_CHANGES, &all);

	if (rc == 0)
		rc = walk_before(&w, &end);
	if (rc == 0)
		*newest = key_fits(TABLE_CHANGES, w.key) ? change_seq(w.key) : 0;
	else
		*newest = 0;
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
changes_newest(struct txn *t, uint64_t *newest)
{
	int rc = 0;

	if (!t->feed.known)
		rc = changes_look_up_newest(t, &t->feed.newest);
	t->feed.known = rc == 0;
	*newest = t->feed.newest;
	return rc;
}

int
changes_oldest(struct txn *t, uint64_t *oldest)
{
	const struct key all = {0};
	struct walk w;
	int rc = walk_open(&w, t, TABLE_CHANGES, &all);

	*oldest = 0;
	if (rc == 0)
		rc = walk_from(&w, &all);
	if (rc == 0 && key_fits(TABLE_CHANGES, w.key))
		*oldest = change_seq(w.key);
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

uint64_t
changes_time(uint64_t seq)
{
	return seq / CHANGES_PER_MS;
}

static uint64_t
changes_seq_after(uint64_t newest)
{
	uint64_t seq = clock_wall_ms() * CHANGES_PER_MS;

	if (seq > SEQ_OF_TIME_MAX)
		seq = SEQ_OF_TIME_MAX;
	return seq > newest ? seq : newest + 1;
}

/* Adds the row, and sets its number. */
static int
changes_append(struct txn *t, struct msg_change_record *row)
{
	struct buf *scratch = &t->env->record;
	uint64_t newest;
	struct key key;
	int rc = changes_newest(t, &newest);

	if (rc != 0)
		return rc;
	row->v = RECORD_VERSION;
	row->seq = changes_seq_after(newest);
	key = key_change(row->seq);
	buf_reset(scratch);
	must(record_encode(scratch, MSG_CHANGE_RECORD, row) == 0);
	rc = txn_append(t, TABLE_CHANGES, &key, buf_slice(scratch));
	if (rc != 0)
		return rc;
	t->feed.newest = row->seq;
	t->feed.added = true;
	return 0;
}

int
change_add_message(struct txn *t, const struct id *org, enum change_kind kind,
    const struct id *id, const struct id *conversation, uint64_t place, enum change_what what)
{
	struct msg_change_record row = {
	    .org = *org,
	    .kind = (uint8_t)kind,
	    .what = (uint8_t)what,
	    .id = *id,
	    .place = place,
	};

	if (conversation != NULL)
		row.conversation = *conversation;
	return changes_append(t, &row);
}

int
change_add(struct txn *t, const struct id *org, enum change_kind kind, const struct id *id,
    const struct id *conversation, enum change_what what)
{
	return change_add_message(t, org, kind, id, conversation, 0, what);
}

int
change_add_conversation(
    struct txn *t, const struct id *org, const struct id *conversation, enum change_what what)
{
	return change_add(t, org, CHANGE_CONVERSATION, conversation, conversation, what);
}

int
changes_begin(struct txn *t)
{
	const struct id none = {0};
	uint64_t newest;
	int rc = changes_newest(t, &newest);

	return rc != 0 || newest != 0
	    ? rc
	    : change_add(t, &none, CHANGE_FEED, &none, NULL, CHANGE_CREATED);
}
