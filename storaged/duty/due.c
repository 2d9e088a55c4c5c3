/*
 * The first row is looked up in a read transaction: most steps find nothing that is due.
 */
#include "storaged/duty/due.h"

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "storaged/duty/availability.h"
#include "storaged/visitors/erase_plan.h"

/* A row is due, and removed already. about: its value. A call without a request, for effects. */
typedef int due_fn(struct txn *t, struct call *c, const struct key *about, uint64_t now);

static due_fn *const kinds[DUE_KINDS] = {
    [DUE_AWAY] = availability_due,
    [DUE_ERASE] = erase_plan_due,
};

/* The first row whose time has come. MDB_NOTFOUND: there is none. */
static int
due_find(struct txn *t, uint64_t now, struct key *row, struct key *about)
{
	const struct key all = {0};
	struct walk w;
	int rc = walk_open(&w, t, TABLE_DUE, &all);

	if (rc == 0)
		rc = walk_from(&w, &all);
	/* A key of another length is damaged; it is removed like a row of an unknown kind. One whose value
	 * is damaged is about nobody. */
	if (rc == 0 && key_fits(TABLE_DUE, w.key) && due_time(w.key) > now)
		rc = MDB_NOTFOUND;
	if (rc == 0) {
		*row = key_of(w.key);
		*about = w.damaged ? (struct key){0} : key_of(w.value);
	}
	walk_close(&w);
	return rc;
}

static int
due_do(
    struct txn *t, struct call *c, const struct key *row, const struct key *about, uint64_t now)
{
	const bool fits = key_fits(TABLE_DUE, key_slice(row));
	const uint8_t kind = fits ? due_kind(key_slice(row)) : DUE_KINDS;
	int rc = txn_del(t, TABLE_DUE, row);

	return rc != 0 || kind >= DUE_KINDS || kinds[kind] == NULL
	    ? rc
	    : kinds[kind](t, c, about, now);
}

/* MDB_NOTFOUND: nothing more is due. */
static int
due_do_some(struct txn *t, struct call *c, uint64_t now)
{
	struct key row, about;
	int rc = 0;

	for (unsigned n = 0; rc == 0 && n < DUE_ROWS && t->changes < DUE_CHANGES; n++) {
		rc = due_find(t, now, &row, &about);
		if (rc == 0)
			rc = due_do(t, c, &row, &about, now);
	}
	return rc;
}

/* Whether anything is due. */
static bool
due_has_come(struct env *env, uint64_t now)
{
	struct key row, about;
	struct txn t;
	int rc = txn_begin(&t, env, TXN_READ);

	if (rc != 0)
		return false;
	rc = due_find(&t, now, &row, &about);
	txn_abort(&t);
	return rc == 0;
}

/* A transaction with some rows. MDB_NOTFOUND: nothing more is due; else an error, and nothing was changed. */
static int
due_run(struct env *env, struct call *c, uint64_t now)
{
	struct txn t;
	int rc = txn_begin(&t, env, TXN_WRITE), committed;

	if (rc != 0)
		return rc;
	rc = due_do_some(&t, c, now);
	if (rc != 0 && rc != MDB_NOTFOUND) {
		txn_abort(&t);
		return rc;
	}
	committed = txn_commit(&t);
	return committed != 0 ? committed : rc;
}

bool
due_step(struct env *env, struct live *live)
{
	const uint64_t now = clock_wall_ms();
	struct effects effects = {0};
	struct call c = {.open = live->open, .live = live, .effects = &effects};
	int rc;

	if (!env->writable || env->damage != NULL || !due_has_come(env, now))
		return false;
	rc = due_run(env, &c, now);
	if (rc == 0 || rc == MDB_NOTFOUND)
		effects_apply(&effects, live);
	else if (rc != COMMIT_LOG_LOST)
		log_event(LOG_ERROR, "due_failed", L_STR("error", env_strerror(rc)),
		    L_STR("help", "storaged tries again; run banter verify"));
	effects_clear(&effects);
	return rc == 0;
}
