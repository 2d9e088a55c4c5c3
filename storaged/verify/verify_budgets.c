/*
 * Budgets, and what they and their spenders have spent: each is of a widget or organization that exists, and what is
 * reserved is what the open turns have reserved. The shares of removed budgets are removed later.
 */
#include <stdlib.h>

#include "storaged/budgets/budgets.h"
#include "storaged/verify/verify_internal.h"

static int
verify_budget(struct checker *c, struct slice key, struct slice value, void *arg)
{
	struct key right, owner;
	struct msg_budget_record r;
	struct id id = key_back(key);
	struct record_name name = verify_record_name("the budget of widget", &id);
	bool all = id_is_zero(&id);

	(void)arg;
	if (!verify_record(c, TABLE_BUDGETS, name.s, value, &r))
		return 0;
	right = key_of_org(&r.org, &r.widget);
	if (!slice_eq(key, key_slice(&right)))
		verify_found(c, TABLE_BUDGETS, "%s has other ids than its key", name.s);
	owner = all ? key_id(&r.org) : right;
	return verify_named(c, TABLE_BUDGETS, name.s,
	    all ? "is of organization" : "is of widget", all ? TABLE_ORGS : TABLE_WIDGETS,
	    &owner);
}

static int
verify_spent(struct checker *c, struct slice key, struct slice value, void *arg)
{
	struct key of = key_of((struct slice){key.p, 2 * sizeof(struct id)});
	struct budget budget = {key_front(key), key_back(key_slice(&of)), {0}};
	struct record_name name = verify_record_name("what is spent by widget", &budget.widget);
	uint32_t number = spent_period(key);
	struct msg_spent_record r;
	uint64_t reserved;
	int rc;

	(void)arg;
	if (!verify_record(c, TABLE_SPENT, name.s, value, &r))
		return 0;
	rc = budget_count_reserved(c->txn, &budget, number, &reserved);
	if (rc != 0)
		return rc;
	if (reserved != r.reserved)
		verify_found(c, TABLE_SPENT, "%s has %llu tokens reserved, its open turns %llu",
		    name.s, (unsigned long long)r.reserved, (unsigned long long)reserved);
	return verify_named(c, TABLE_SPENT, name.s, "is of budget", TABLE_BUDGETS, &of);
}

/* What the open turns of all spenders have reserved. */
struct verify_reserved {
	struct spender_sum *sums;
	size_t n;
};

static int
verify_spender(struct checker *c, struct slice key, struct slice value, void *arg)
{
	const struct verify_reserved *reserved = arg;
	struct key of = key_of((struct slice){key.p, 2 * sizeof(struct id)});
	const struct spender_sum wanted = {.org = key_front(key),
	    .widget = key_back(key_slice(&of)),
	    .spender = key_back(key)};
	struct record_name name =
	    verify_record_name("a share of the budget of widget", &wanted.widget);
	const struct spender_sum *found = NULL;
	struct msg_spent_record r;
	struct slice budget;
	int rc;

	if (!verify_record(c, TABLE_SPENDERS, name.s, value, &r))
		return 0;
	rc = txn_get(c->txn, TABLE_BUDGETS, &of, &budget);
	if (rc != 0)
		return rc == MDB_NOTFOUND ? 0 : rc;
	if (reserved->n > 0)
		found = bsearch(&wanted, reserved->sums, reserved->n, sizeof(wanted),
		    budget_compare_spenders);
	if (r.reserved != (found == NULL ? 0 : found->reserved))
		verify_found(c, TABLE_SPENDERS,
		    "%s has %llu tokens reserved, its open turns %llu", name.s,
		    (unsigned long long)r.reserved,
		    (unsigned long long)(found == NULL ? 0 : found->reserved));
	return 0;
}

static int
verify_spenders(struct checker *c)
{
	struct verify_reserved reserved = {0};
	int rc = budget_count_spenders(c->txn, &reserved.sums, &reserved.n);

	if (rc == 0)
		rc = verify_table(c, TABLE_SPENDERS, verify_spender, &reserved);
	free(reserved.sums);
	return rc;
}

int
verify_budgets(struct checker *c)
{
	int rc = verify_table(c, TABLE_BUDGETS, verify_budget, NULL);

	if (rc == 0)
		rc = verify_table(c, TABLE_SPENT, verify_spent, NULL);
	return rc != 0 ? rc : verify_spenders(c);
}
