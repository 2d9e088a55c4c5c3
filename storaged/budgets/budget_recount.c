/*
 * What a new budget has spent before it was set: tokens as numbers/ has counted them, and reservations of
 * running replies.
 */
#include "proto/base/clock.h"
#include "storaged/budgets/budgets.h"
#include "storaged/numbers/numbers.h"
#include "storaged/numbers/numbers_rows.h"

#define DAY_MS ((uint64_t)24 * 3600 * 1000)

/* The first day of the period of a time. */
static uint32_t
budget_first_day(enum budget_period period, uint64_t now)
{
	uint32_t day = (uint32_t)(now / DAY_MS);
	uint32_t month = budget_period_number(BUDGET_MONTH, now);

	while (period == BUDGET_MONTH && day > 0 &&
	    budget_period_number(BUDGET_MONTH, (day - 1) * DAY_MS) == month)
		day--;
	return day;
}

static bool
budget_is_of(const struct budget *budget, const struct id *widget)
{
	return id_is_zero(&budget->widget) || id_equal(&budget->widget, widget);
}

static void
budget_add_row(const struct budget *budget, const struct walk *w, uint64_t *used)
{
	const struct numbers_key key = numbers_key_parts(w->key);
	struct numbers_row row;

	if (!budget_is_of(budget, &key.widget) || !numbers_row_read(w->value, &row))
		return;
	for (unsigned kind = NUMBERS_COUNTED; kind <= NUMBERS_KEPT; kind++)
		*used += row.of[kind].n[COUNT_TOKENS_IN] + row.of[kind].n[COUNT_TOKENS_OUT];
}

/* The tokens that were counted from this day on. */
static int
budget_count_used(struct txn *t, const struct budget *budget, uint32_t first, uint64_t *used)
{
	struct key org = key_id(&budget->org), start = key_numbers_day(&budget->org, first);
	struct walk w;
	int rc = walk_open(&w, t, TABLE_NUMBERS, &org);

	*used = 0;
	if (rc == 0)
		rc = walk_from(&w, &start);
	for (; rc == 0; rc = walk_next(&w))
		if (key_fits(TABLE_NUMBERS, w.key))
			budget_add_row(budget, &w, used);
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Days and months have different numbers. */
static bool
budget_is_in(uint32_t number, uint64_t time)
{
	return budget_period_number(BUDGET_DAY, time) == number ||
	    budget_period_number(BUDGET_MONTH, time) == number;
}

/* Adds the reservation of an open turn, if it draws on this budget in this period. */
static int
budget_add_open(struct txn *t, const struct budget *budget, uint32_t number, struct slice value,
    uint64_t *reserved)
{
	struct msg_open_turn_record open;
	struct msg_conversation_record conversation;
	struct key key;
	int rc = record_read(value, TABLE_OPEN_TURNS, MSG_OPEN_TURN_RECORD, &open);

	if (rc != 0 || !budget_is_in(number, open.started_at))
		return 0;
	key = key_id(&open.conversation);
	rc = txn_get_record(
	    t, TABLE_CONVERSATIONS, &key, MSG_CONVERSATION_RECORD, &conversation);
	if (rc == 0 && id_equal(&conversation.org, &budget->org) &&
	    budget_is_of(budget, &conversation.widget))
		*reserved += (uint64_t)open.reserved_prompt + open.reserved_completion;
	return txn_survives(rc) ? 0 : rc;
}

int
budget_count_reserved(
    struct txn *t, const struct budget *budget, uint32_t number, uint64_t *reserved)
{
	const struct key all = {0};
	struct walk w;
	int rc = walk_open(&w, t, TABLE_OPEN_TURNS, &all);

	*reserved = 0;
	if (rc == 0)
		rc = walk_from(&w, &all);
	while (rc == 0) {
		rc = budget_add_open(t, budget, number, w.value, reserved);
		if (rc == 0)
			rc = walk_next(&w);
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int
budget_recount_period(
    struct txn *t, const struct budget *budget, enum budget_period period, uint64_t now)
{
	uint32_t number = budget_period_number(period, now);
	struct key key = key_spent(&budget->org, &budget->widget, number);
	struct msg_spent_record spent = {.v = RECORD_VERSION};
	int rc = budget_count_used(t, budget, budget_first_day(period, now), &spent.used);

	if (rc == 0)
		rc = budget_count_reserved(t, budget, number, &spent.reserved);
	return rc != 0 ? rc : txn_put_record(t, TABLE_SPENT, &key, MSG_SPENT_RECORD, &spent);
}

int
budget_recount(struct txn *t, const struct budget *budget, uint64_t now)
{
	/* The transaction may hold numbers that the table does not show yet. */
	int rc = numbers_write(t);

	for (enum budget_period p = 0; p < BUDGET_PERIODS && rc == 0; p++)
		rc = budget_recount_period(t, budget, p, now);
	return rc;
}
