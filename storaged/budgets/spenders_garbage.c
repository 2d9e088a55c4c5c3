/*
 * A step goes from budget to budget. The rows of a budget are in the order of their days, so the first row that stays
 * ends the work on it.
 */
#include "storaged/budgets/spenders_garbage.h"

#include <string.h>

#include "proto/base/clock.h"
#include "storaged/budgets/budget.h"

int
spenders_remove(struct txn *t, const struct id *org, const struct id *widget, unsigned *most)
{
	const struct key front = key_of_org(org, widget);
	struct walk w;
	int rc = walk_open(&w, t, TABLE_SPENDERS, &front);

	while (rc == 0 && (rc = walk_from(&w, &front)) == 0) {
		if (*most == 0)
			break;
		--*most;
		rc = walk_delete(&w);
	}
	walk_close(&w);
	if (rc == 0)
		t->env->spenders.runs = true;
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
spenders_are_left(struct txn *t, const struct id *org, const struct id *widget, bool *left)
{
	const struct key of = key_of_org(org, widget);
	struct slice budget;
	struct key first;
	int rc = txn_get(t, TABLE_BUDGETS, &of, &budget);

	*left = false;
	if (rc != MDB_NOTFOUND)
		return rc;
	rc = txn_first(t, TABLE_SPENDERS, &of, &first);
	*left = rc == 0;
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Whether the row of a budget is to be removed. */
static int
spenders_is_garbage(struct txn *t, struct slice key, bool *garbage)
{
	const struct key of = key_of((struct slice){key.p, 2 * sizeof(struct id)});
	const uint32_t today = budget_period_number(BUDGET_DAY, clock_wall_ms());
	struct slice budget;
	int rc;

	*garbage = spender_day(key) + 1 < today;
	if (*garbage)
		return 0;
	rc = txn_get(t, TABLE_BUDGETS, &of, &budget);
	*garbage = rc == MDB_NOTFOUND;
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Behind all rows of a budget. */
static struct key
spenders_end(struct slice key)
{
	const struct key of = key_of((struct slice){key.p, 2 * sizeof(struct id)});
	const struct id org = key_front(key), widget = key_back(key_slice(&of));
	struct id last;

	memset(&last, 0xff, sizeof(last));
	return key_spender(&org, &widget, UINT32_MAX, &last);
}

/* Removes the row at *at, or goes to the next budget. MDB_NOTFOUND: there is none. */
static int
spenders_look(struct txn *t, struct key *at, bool *removed)
{
	const struct key all = {0};
	bool garbage = false;
	struct walk w;
	int rc = walk_open(&w, t, TABLE_SPENDERS, &all);

	if (rc == 0)
		rc = walk_from(&w, at);
	while (rc == 0 && !key_fits(TABLE_SPENDERS, w.key))
		rc = walk_next(&w);
	if (rc == 0)
		rc = spenders_is_garbage(t, w.key, &garbage);
	if (rc == 0 && garbage)
		rc = walk_delete(&w);
	else if (rc == 0)
		*at = spenders_end(w.key);
	*removed |= garbage;
	walk_close(&w);
	return rc;
}

/* 0: there is more to do; MDB_NOTFOUND: nothing. */
static int
spenders_run(struct env *env, struct key *at)
{
	bool removed = false;
	struct txn t;
	int rc = txn_begin(&t, env, TXN_DELETE), committed = 0;

	if (rc != 0)
		return rc;
	for (unsigned n = 0; rc == 0 && n < SPENDERS_STEP; n++)
		rc = spenders_look(&t, at, &removed);
	if (removed && (rc == 0 || rc == MDB_NOTFOUND))
		committed = txn_commit(&t);
	txn_abort(&t);
	return committed != 0 ? committed : rc;
}

void
spenders_garbage_start(struct env *env)
{
	const uint32_t today = budget_period_number(BUDGET_DAY, clock_wall_ms());

	env->spenders.paused = false;
	if (env->spenders.day != today)
		env->spenders.runs = true;
	env->spenders.day = today;
}

bool
spenders_garbage_step(struct env *env)
{
	struct spenders_garbage *g = &env->spenders;
	int rc;

	if (!g->runs || g->paused || env->damage != NULL)
		return false;
	rc = spenders_run(env, &g->at);
	g->runs = rc != MDB_NOTFOUND;
	g->paused = g->runs && rc != 0;
	if (g->paused)
		env_work_failed("shares_not_removed", rc, "storaged tries again in 10 seconds");
	if (rc != 0)
		g->at = (struct key){0};
	return rc == 0;
}
