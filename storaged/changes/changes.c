/*
 * Adding rows. The last entry is looked up once in a transaction.
 */
#include "storaged/changes/changes.h"

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"

/* No time leads to a greater number: a clock that shows a year after 2217 must leave room to count on. */
#define SEQ_OF_TIME_MAX ((UINT64_C(1) << 53) - (UINT64_C(1) << 40))

/* Bytes of a row in an entry: with its length. */
#define ROW_BYTES 128u

static const struct key all = {0};

bool
changes_next(struct slice *rows, struct slice *bytes, struct msg_change_record *row)
{
	return wire_list_next(rows, bytes) &&
	    record_decode(*bytes, MSG_CHANGE_RECORD, row) == WIRE_OK;
}

/* The rows of an entry, and the number of the first. */
static struct changes_extent
changes_count(struct slice rows)
{
	struct changes_extent extent = {0};
	struct msg_change_record row;
	struct slice bytes;

	for (; changes_next(&rows, &bytes, &row); extent.rows++)
		if (extent.rows == 0)
			extent.oldest = row.seq;
	return extent;
}

/* The entry at a walk. A damaged one has no rows. */
static struct msg_changes_record
changes_entry(const struct walk *w)
{
	struct msg_changes_record entry;

	if (record_read(w->value, TABLE_CHANGES, &entry) != 0)
		entry = (struct msg_changes_record){.total = 0};
	return entry;
}

static int
changes_look_up_last(struct txn *t)
{
	const struct key end = key_change(UINT64_MAX);
	struct walk w;
	int rc = walk_open(&w, t, TABLE_CHANGES, &all);

	if (rc == 0)
		rc = walk_before(&w, &end);
	t->feed.newest = t->feed.total = 0;
	if (rc == 0 && key_fits(TABLE_CHANGES, w.key)) {
		t->feed.newest = change_seq(w.key);
		t->feed.total = changes_entry(&w).total;
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
changes_newest(struct txn *t, uint64_t *newest)
{
	int rc = t->feed.known ? 0 : changes_look_up_last(t);

	t->feed.known = rc == 0;
	*newest = t->feed.newest;
	return rc;
}

int
changes_extent(struct txn *t, struct changes_extent *extent)
{
	struct msg_changes_record first = {0};
	uint64_t newest;
	struct walk w;
	int rc = changes_newest(t, &newest);

	if (rc != 0)
		return rc;
	rc = walk_open(&w, t, TABLE_CHANGES, &all);
	if (rc == 0)
		rc = walk_from(&w, &all);
	if (rc == 0)
		first = changes_entry(&w);
	*extent = changes_count(first.rows);
	if (t->feed.total > first.total)
		extent->rows += t->feed.total - first.total;
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* The last of these rows at or before a number; 0: none. */
static uint64_t
changes_last_before(struct slice rows, uint64_t seq)
{
	struct msg_change_record row;
	struct slice bytes;
	uint64_t found = 0;

	while (changes_next(&rows, &bytes, &row) && row.seq <= seq)
		found = row.seq;
	return found;
}

/* An entry's key is the number of its last row. */
int
changes_at_or_before(struct txn *t, uint64_t seq, uint64_t *found)
{
	const struct key at = key_change(seq);
	struct walk w;
	int rc = changes_newest(t, found);

	if (rc != 0 || *found <= seq)
		return rc;
	*found = 0;
	rc = walk_open(&w, t, TABLE_CHANGES, &all);
	if (rc == 0)
		rc = walk_from(&w, &at);
	if (rc == 0)
		*found = changes_last_before(changes_entry(&w).rows, seq);
	if (rc == 0 && *found == 0)
		rc = walk_previous(&w);
	if (rc == 0 && *found == 0)
		*found = changes_last_before(changes_entry(&w).rows, seq);
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

int
changes_write(struct txn *t)
{
	struct buf *scratch = &t->env->record;
	struct msg_changes_record entry = {.v = RECORD_VERSION};
	struct key key = key_change(t->feed.newest);

	if (t->feed.pending == 0)
		return 0;
	t->feed.total += t->feed.pending;
	t->feed.pending = 0;
	entry.total = t->feed.total;
	entry.rows = buf_slice(&t->env->changes);
	buf_reset(scratch);
	must(record_encode(scratch, MSG_CHANGES_RECORD, &entry) == 0);
	return txn_append(t, TABLE_CHANGES, &key, buf_slice(scratch));
}

/* Adds a row to those that wait to be written, as one of the same entry if it has room. */
static int
changes_collect(struct txn *t, const struct msg_change_record *row)
{
	struct buf *rows = &t->env->changes;
	int rc = 0;

	if (t->feed.pending > 0 && buf_len(rows) > CHANGES_ENTRY_BYTES - ROW_BYTES)
		rc = changes_write(t);
	if (rc != 0)
		return rc;
	if (t->feed.pending == 0)
		buf_reset(rows);
	must(record_add(rows, MSG_CHANGE_RECORD, row) == 0);
	t->feed.pending++;
	return 0;
}

/* Gives the row its number. */
static int
changes_add(struct txn *t, struct msg_change_record *row)
{
	uint64_t newest;
	int rc = changes_newest(t, &newest);

	if (rc != 0)
		return rc;
	row->v = RECORD_VERSION;
	row->seq = changes_seq_after(newest);
	rc = changes_collect(t, row);
	if (rc != 0)
		return rc;
	t->feed.newest = row->seq;
	t->feed.added = true;
	t->changes++;
	txn_before_commit(t, changes_write);
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
	return changes_add(t, &row);
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

static int
changes_begin(struct txn *t)
{
	const struct id none = {0};
	uint64_t newest;
	int rc = changes_newest(t, &newest);

	return rc != 0 || newest != 0
	    ? rc
	    : change_add(t, &none, CHANGE_FEED, &none, NULL, CHANGE_CREATED);
}

void
changes_start(struct env *env)
{
	struct txn t;
	int rc = txn_begin(&t, env, TXN_WRITE);

	if (rc == 0)
		rc = changes_begin(&t);
	if (rc == 0)
		rc = txn_commit(&t);
	txn_abort(&t);
	if (rc != 0)
		env_work_failed("changes_not_started", rc, NULL);
}
