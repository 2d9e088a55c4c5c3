/*
 * Budgets, and what they have spent: each is of a widget or organization that exists, and what is reserved is
 * what the open turns have reserved.
 */
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

int
verify_budgets(struct checker *c)
{
	int rc = verify_table(c, TABLE_BUDGETS, verify_budget, NULL);

	return rc != 0 ? rc : verify_table(c, TABLE_SPENT, verify_spent, NULL);
}
