/*
 * Records of budgets.
 */
#include "storaged/budgets/budget.h"

#include <time.h>

#include "proto/base/clock.h"

/* The numbers of days and of months (since year 0) share the keys of a budget. */
#define MONTHS 0x80000000u

uint32_t
budget_period_number(enum budget_period period, uint64_t now)
{
	time_t seconds = (time_t)(now / 1000);
	struct tm utc;

	if (period == BUDGET_DAY || gmtime_r(&seconds, &utc) == NULL)
		return (uint32_t)(now / CLOCK_DAY_MS);
	return MONTHS | (uint32_t)((utc.tm_year + 1900) * 12 + utc.tm_mon);
}

int
budget_spent(struct txn *t, const struct budget *budget, enum budget_period period,
    uint64_t now, struct msg_spent_record *spent)
{
	struct key key =
	    key_spent(&budget->org, &budget->widget, budget_period_number(period, now));
	int rc = txn_get_record(t, TABLE_SPENT, &key, spent);

	if (rc == 0 || !txn_survives(rc))
		return rc;
	/* A damaged one begins again: better than a chat that refuses all messages. */
	*spent = (struct msg_spent_record){.v = RECORD_VERSION};
	return 0;
}

void
budget_replace(
    const struct budget_wish *wish, enum budget_period period, struct msg_spent_record *spent)
{
	const struct budget_replaced *old = &wish->replaced;

	if (budget_period_number(period, old->when) != budget_period_number(period, wish->when))
		return;
	spent->used += old->pays;
	spent->reserved = budget_sum(spent->reserved, -(int64_t)old->reserved);
}

struct spenders
budget_opened_by(const struct msg_open_turn_record *open)
{
	return (struct spenders){
	    .of = {[SPENDER_NETWORK] = open->network, [SPENDER_SESSION] = open->session}};
}

uint64_t
budget_sum(uint64_t n, int64_t more)
{
	return more >= 0 || n >= (uint64_t)-more ? n + (uint64_t)more : 0;
}
