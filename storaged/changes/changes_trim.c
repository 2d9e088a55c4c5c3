/*
 * Trimming. Most calls find nothing to do, and only read. It may use the reserve of a full store, because it
 * frees space.
 */
#include "storaged/changes/changes_trim.h"

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "storaged/changes/changes.h"

/* What is to be removed: rows before `before`, or the first `excess` rows. */
struct trimming {
	uint64_t before; /* not this one */
	uint64_t excess;
};

static int
changes_trim_plan(struct txn *t, struct changes_kept kept, struct trimming *trimming)
{
	const uint64_t now = clock_wall_ms();
	uint64_t newest;
	size_t rows;
	int rc = changes_newest(t, &newest);

	if (rc == 0)
		rc = txn_count(t, TABLE_CHANGES, &rows);
	if (rc != 0)
		return rc;
	trimming->before = now > kept.ms ? (now - kept.ms) * CHANGES_PER_MS : 0;
	/* The last row stays: the next number must be greater. */
	if (trimming->before > newest)
		trimming->before = newest;
	trimming->excess = rows > kept.rows ? rows - kept.rows : 0;
	return 0;
}

/* Whether the row at the walk, the first that is left, is to be removed. */
static bool
changes_trim_is_due(const struct walk *w, const struct trimming *trimming)
{
	if (trimming->excess > 0)
		return true;
	return !key_fits(TABLE_CHANGES, w->key) || change_seq(w->key) < trimming->before;
}

/* Removes the first rows that are due. 0: there may be more; MDB_NOTFOUND: there are none. */
static int
changes_trim_rows(struct txn *t, struct trimming *trimming)
{
	const struct key all = {0};
	struct walk w;
	int rc = walk_open(&w, t, TABLE_CHANGES, &all);

	for (unsigned n = 0; rc == 0 && n < CHANGES_TRIM_STEP; n++) {
		rc = walk_from(&w, &all);
		if (rc == 0 && !changes_trim_is_due(&w, trimming))
			rc = MDB_NOTFOUND;
		if (rc == 0)
			rc = walk_delete(&w);
		if (trimming->excess > 0)
			trimming->excess--;
	}
	walk_close(&w);
	return rc;
}

/* Whether the oldest row is to be removed. */
static int
changes_trim_look(struct env *env, struct changes_kept kept, bool *due)
{
	struct trimming trimming;
	uint64_t oldest;
	struct txn t;
	int rc = txn_begin(&t, env, TXN_READ);

	if (rc != 0)
		return rc;
	rc = changes_trim_plan(&t, kept, &trimming);
	if (rc == 0)
		rc = changes_oldest(&t, &oldest);
	*due = rc == 0 && (trimming.excess > 0 || oldest < trimming.before);
	txn_abort(&t);
	return rc;
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
		rc = changes_trim_rows(&t, &trimming);
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
	if (rc == 0 && due)
		rc = changes_trim_step(env, kept);
	else if (rc == 0)
		rc = MDB_NOTFOUND;
	if (rc != 0 && rc != MDB_NOTFOUND)
		log_event(LOG_ERROR, "changes_not_trimmed", L_STR("error", env_strerror(rc)),
		    L_STR("help", "storaged tries again in 10 seconds"));
	return rc == 0;
}
