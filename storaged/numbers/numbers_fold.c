/*
 * A pass over the table, once a day and after each start. A step looks at a number of rows in a read
 * transaction, and only if some of them are hours of an old day, it changes these.
 */
#include "storaged/numbers/numbers_fold.h"

#include <string.h>

#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "storaged/numbers/numbers_rows.h"

/* Rows that a step looks at, and days that it adds up, at most. */
#define LOOKS_MAX 1000u
#define DAYS_MAX  32u

/* The days that a step adds up: keys of one of their hours. */
struct fold_days {
	unsigned n;
	struct key of[DAYS_MAX];
};

/* Notes the day of an old hour, once. */
static void
numbers_fold_note(struct fold_days *days, struct slice key)
{
	const struct numbers_key parts = numbers_key_parts(key);

	if (parts.hour == NUMBERS_DAY || !numbers_day_is_old(parts.day))
		return;
	if (days->n > 0 && memcmp(days->of[days->n - 1].b, key.p, key.len - 1) == 0)
		return;
	days->of[days->n++] = key_of(key);
}

/* MDB_NOTFOUND: the table ends. */
static int
numbers_fold_look(struct numbers_fold *f, struct txn *t, struct fold_days *days)
{
	const struct key all = {0};
	struct walk w;
	int rc = walk_open(&w, t, TABLE_NUMBERS, &all);

	if (rc == 0)
		rc = walk_from(&w, &f->at);
	for (unsigned n = 0; rc == 0 && n < LOOKS_MAX && days->n < DAYS_MAX; n++) {
		f->at = key_of(w.key);
		if (key_fits(TABLE_NUMBERS, w.key))
			numbers_fold_note(days, w.key);
		rc = walk_next(&w);
	}
	walk_close(&w);
	return rc;
}

static int
numbers_fold_days(struct env *env, const struct fold_days *days)
{
	struct txn t;
	int rc = txn_begin(&t, env, TXN_WRITE);

	for (unsigned i = 0; rc == 0 && i < days->n; i++)
		rc = numbers_fold_day(&t, &days->of[i]);
	if (rc == 0)
		return txn_commit(&t);
	txn_abort(&t);
	return rc;
}

/* 0, MDB_NOTFOUND after the last row, or another error. */
static int
numbers_fold_some(struct numbers_fold *f, struct env *env)
{
	struct fold_days days = {.n = 0};
	struct txn t;
	int rc = txn_begin(&t, env, TXN_READ), written = 0;

	if (rc == 0)
		rc = numbers_fold_look(f, &t, &days);
	txn_abort(&t);
	if (days.n > 0 && (rc == 0 || rc == MDB_NOTFOUND))
		written = numbers_fold_days(env, &days);
	return written != 0 ? written : rc;
}

bool
numbers_fold_step(struct numbers_fold *f, struct env *env)
{
	uint64_t today = clock_wall_ms() / CLOCK_DAY_MS;
	int rc;

	if (f->done == today || !env->writable)
		return false;
	rc = numbers_fold_some(f, env);
	if (rc == 0)
		return true;
	if (rc != MDB_NOTFOUND)
		env_work_failed("numbers_not_folded", rc, NULL);
	*f = (struct numbers_fold){.done = today};
	return false;
}
