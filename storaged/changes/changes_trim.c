/*
 * Trimming, by whole entries. Most calls find nothing to do, and only read. It may use the reserve of a full
 * store, because it frees space.
 */
#include "storaged/changes/changes_trim.h"

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "storaged/changes/changes.h"

/* What is to be removed: entries before `before`, and so many of the first rows, but never the last entry. */
struct trimming {
	uint64_t before, newest;
	uint64_t excess;
};

static int
changes_trim_plan(struct txn *t, struct changes_kept kept, struct trimming *trimming)
{
	const uint64_t now = clock_wall_ms();
	struct changes_extent extent;
	int rc = changes_extent(t, &extent);

	if (rc == 0)
		rc = changes_newest(t, &trimming->newest);
	if (rc != 0)
		return rc;
	trimming->before = now > kept.ms ? (now - kept.ms) * CHANGES_PER_MS : 0;
	trimming->excess = extent.rows > kept.rows ? extent.rows - kept.rows : 0;
	return 0;
}

/* Whether the entry at the walk, the first that is left, is to be removed. */
static bool
changes_trim_is_due(const struct walk *w, const struct trimming *trimming)
{
	uint64_t seq = key_fits(TABLE_CHANGES, w->key) ? change_seq(w->key) : 0;

	if (seq >= trimming->newest)
		return false;
	return trimming->excess > 0 || seq < trimming->before;
}

/* The rows of an entry no longer count as too many. */
static void
changes_trim_count(const struct walk *w, struct trimming *trimming)
{
	struct msg_changes_record entry;
	struct msg_change_record row;
	struct slice bytes;

	if (trimming->excess == 0 || record_read(w->value, TABLE_CHANGES, &entry) != 0)
		return;
	while (trimming->excess > 0 && changes_next(&entry.rows, &bytes, &row))
		trimming->excess--;
}

/* Removes the first entries that are due. 0: there may be more; MDB_NOTFOUND: there are none. */
static int
changes_trim_entries(struct txn *t, struct trimming *trimming)
{
	const struct key all = {0};
	struct walk w;
	int rc = walk_open(&w, t, TABLE_CHANGES, &all);

	for (unsigned n = 0; rc == 0 && n < CHANGES_TRIM_STEP; n++) {
		rc = walk_from(&w, &all);
		if (rc == 0 && !changes_trim_is_due(&w, trimming))
			rc = MDB_NOTFOUND;
		if (rc != 0)
			break;
		changes_trim_count(&w, trimming);
		rc = walk_delete(&w);
	}
	walk_close(&w);
	return rc;
}

/* Whether the first entry is to be removed. */
static int
changes_trim_look(struct env *env, struct changes_kept kept, bool *due)
{
	const struct key all = {0};
	struct trimming trimming;
	struct walk w = {0};
	struct txn t;
	int rc = txn_begin(&t, env, TXN_READ);

	if (rc != 0)
		return rc;
	rc = changes_trim_plan(&t, kept, &trimming);
	if (rc == 0)
		rc = walk_open(&w, &t, TABLE_CHANGES, &all);
	if (rc == 0)
		rc = walk_from(&w, &all);
	*due = rc == 0 && changes_trim_is_due(&w, &trimming);
	if (w.txn != NULL)
		walk_close(&w);
	txn_abort(&t);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* 0 if there may be more. */
static int
changes_trim_step(struct env *env, struct changes_kept kept)
{
	struct trimming trimming;
	struct txn t;
	bool more;
	int rc = txn_begin(&t, env, TXN_DELETE);

	if (rc != 0)
		return rc;
	rc = changes_trim_plan(&t, kept, &trimming);
	if (rc == 0)
		rc = changes_trim_entries(&t, &trimming);
	more = rc == 0;
	if (rc == 0 || rc == MDB_NOTFOUND)
		rc = txn_commit(&t);
	txn_abort(&t);
	return rc == 0 && !more ? MDB_NOTFOUND : rc;
}

bool
changes_trim(struct env *env, struct changes_kept kept)
{
	bool due = false;
	int rc;

	if (env->damage != NULL)
		return false;
	rc = changes_trim_look(env, kept, &due);
	if (rc == 0)
		rc = due ? changes_trim_step(env, kept) : MDB_NOTFOUND;
	if (rc != 0 && rc != MDB_NOTFOUND)
		env_work_failed(
		    "changes_not_trimmed", rc, "storaged tries again in 10 seconds");
	return rc == 0;
}
