/*
 * The first row is looked up in a read transaction: most steps find nothing that is due.
 */
#include "storaged/duty/due.h"

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "storaged/actions/actions.h"
#include "storaged/duty/availability.h"
#include "storaged/duty/wake.h"
#include "storaged/files/file_records.h"
#include "storaged/mail/mails.h"
#include "storaged/mailing/unseen.h"
#include "storaged/visitors/erase_plan.h"

/* How long after a failure because of damage an erasure is tried again: totals may be counted again meanwhile. */
#define AGAIN_MS 3600000u

/*
 * A row is due, and removed already. id: of what its key names; about: its value, or an empty key if that is damaged. A
 * call without a request, for effects.
 */
typedef int due_fn(
    struct txn *t, struct call *c, const struct id *id, const struct key *about, uint64_t now);

static const struct {
	due_fn *run;
	const char *name;
	bool again; /* after a failure */
} kinds[DUE_KINDS] = {
    [DUE_AWAY] = {.run = availability_due, .name = "away"},
    [DUE_ERASE] = {.run = erase_plan_due, .name = "erase", .again = true},
    [DUE_FILE] = {.run = file_due, .name = "file"},
    [DUE_WAKE] = {.run = wake_due, .name = "wake"},
    [DUE_MAIL] = {.run = mail_due, .name = "mail"},
    [DUE_UNSEEN] = {.run = unseen_due, .name = "unseen"},
    [DUE_STEP] = {.run = action_due, .name = "step", .again = true},
};

struct due {
	struct key row, about;
};

/* The kind of a row; 0: it is unknown, or the key is damaged. */
static uint8_t
due_known_kind(const struct due *due)
{
	const struct slice row = key_slice(&due->row);
	const uint8_t kind = key_fits(TABLE_DUE, row) ? due_kind(row) : 0;

	return kind < DUE_KINDS && kinds[kind].run != NULL ? kind : 0;
}

/* The first row whose time has come. MDB_NOTFOUND: there is none. */
static int
due_find(struct txn *t, uint64_t now, struct due *due)
{
	const struct key all = {0};
	struct walk w;
	int rc = walk_open(&w, t, TABLE_DUE, &all);

	if (rc == 0)
		rc = walk_from(&w, &all);
	if (rc == 0 && key_fits(TABLE_DUE, w.key) && due_time(w.key) > now)
		rc = MDB_NOTFOUND;
	if (rc == 0) {
		due->row = key_of(w.key);
		due->about = w.damaged || !key_fits(TABLE_USERS, w.value) ? (struct key){0}
									  : key_of(w.value);
	}
	walk_close(&w);
	return rc;
}

static void
due_log_failure(const struct due *due, const char *error)
{
	const uint8_t kind = due_known_kind(due);
	struct id id = {0};

	if (kind != 0)
		id = due_id(key_slice(&due->row));
	log_event(LOG_ERROR, "due_undone",
	    L_STR("kind", kind == 0 ? "unknown" : kinds[kind].name), L_ID("id", &id),
	    L_STR("error", error),
	    L_STR("help",
		kinds[kind].again ? "storaged tries again in an hour; run banter verify"
				  : "run banter verify"));
}

/* RECORD_DAMAGED: the transaction must be aborted, and the row left alone. */
static int
due_do(struct txn *t, struct call *c, const struct due *due, uint64_t now)
{
	const uint8_t kind = due_known_kind(due);
	struct id id;
	int rc = txn_del(t, TABLE_DUE, &due->row);

	if (rc != 0 || kind == 0)
		return rc != 0 ? rc : RECORD_DAMAGED;
	id = due_id(key_slice(&due->row));
	rc = kinds[kind].run(t, c, &id, &due->about, now);
	return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
}

/* MDB_NOTFOUND: nothing more is due. */
static int
due_do_some(struct txn *t, struct call *c, uint64_t now, unsigned rows)
{
	struct due due;
	int rc = 0;

	for (unsigned n = 0; rc == 0 && n < rows && t->changes < DUE_CHANGES; n++) {
		rc = due_find(t, now, &due);
		if (rc == 0)
			rc = due_do(t, c, &due, now);
	}
	return rc;
}

/* Whether anything is due. */
static bool
due_has_come(struct env *env, uint64_t now)
{
	struct due due;
	struct txn t;
	int rc = txn_begin(&t, env, TXN_READ);

	if (rc != 0)
		return false;
	rc = due_find(&t, now, &due);
	txn_abort(&t);
	return rc == 0;
}

/* A transaction with some rows. MDB_NOTFOUND: nothing more is due; else an error, and nothing was changed. */
static int
due_run(struct env *env, struct call *c, uint64_t now, unsigned rows)
{
	struct txn t;
	int rc = txn_begin(&t, env, TXN_WRITE), committed;

	if (rc != 0)
		return rc;
	rc = due_do_some(&t, c, now, rows);
	if (rc != 0 && rc != MDB_NOTFOUND) {
		effects_clear(c->effects);
		txn_abort(&t);
		return rc;
	}
	committed = txn_commit(&t);
	return committed != 0 ? committed : rc;
}

/* Moves the row behind the others, or removes it. */
static int
due_put_off(struct txn *t, const struct due *due, uint64_t now)
{
	const uint8_t kind = due_known_kind(due);
	struct key later;
	struct id id;
	int rc = txn_del(t, TABLE_DUE, &due->row);

	if (rc != 0 || !kinds[kind].again)
		return rc;
	id = due_id(key_slice(&due->row));
	later = key_due(now + AGAIN_MS, kind, &id);
	return txn_put(t, TABLE_DUE, &later, key_slice(&due->about));
}

/* The first row cannot be done: those behind it need not wait for it. */
static int
due_pass(struct env *env, uint64_t now)
{
	struct due due;
	struct txn t;
	int rc = txn_begin(&t, env, TXN_WRITE);

	if (rc != 0)
		return rc;
	rc = due_find(&t, now, &due);
	if (rc == 0)
		rc = due_put_off(&t, &due, now);
	if (rc != 0) {
		txn_abort(&t);
		return rc;
	}
	rc = txn_commit(&t);
	if (rc != 0)
		return rc;
	env->due_undone++;
	due_log_failure(&due, env_strerror(RECORD_DAMAGED));
	return 0;
}

/* A row that fails because of damage undoes the transaction: the others are done without it. */
static int
due_run_with_damage(struct env *env, struct call *c, uint64_t now)
{
	int rc = due_run(env, c, now, DUE_ROWS);

	if (rc == RECORD_DAMAGED)
		rc = due_run(env, c, now, 1);
	return rc == RECORD_DAMAGED ? due_pass(env, now) : rc;
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
	rc = due_run_with_damage(env, &c, now);
	if (rc == 0 || rc == MDB_NOTFOUND)
		effects_apply(&effects, live);
	else if (rc != COMMIT_LOG_LOST)
		log_event(LOG_ERROR, "due_failed", L_STR("error", env_strerror(rc)),
		    L_STR("help", "storaged tries again; run banter verify"));
	effects_clear(&effects);
	return rc == 0;
}
