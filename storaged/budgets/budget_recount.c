/*
 * What a new budget has spent before it was set: tokens as numbers/ has counted them, and reservations of
 * running replies. The shares of its visitors begin with the latter.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "storaged/budgets/budgets.h"
#include "storaged/budgets/spenders.h"
#include "storaged/numbers/numbers.h"
#include "storaged/numbers/numbers_rows.h"

/* The first day of the period of a time. */
static uint32_t
budget_first_day(enum budget_period period, uint64_t now)
{
	uint32_t day = (uint32_t)(now / CLOCK_DAY_MS);
	uint32_t month = budget_period_number(BUDGET_MONTH, now);

	while (period == BUDGET_MONTH && day > 0 &&
	    budget_period_number(BUDGET_MONTH, (day - 1) * CLOCK_DAY_MS) == month)
		day--;
	return day;
}

/* The new budgets of an organization, in the order of their widgets, and what they have spent. */
struct budget_sums {
	struct budget_sum {
		struct budget budget;
		uint64_t used[BUDGET_PERIODS], reserved[BUDGET_PERIODS];
	} * of;
	size_t n;
	uint32_t first[BUDGET_PERIODS], number[BUDGET_PERIODS]; /* of the periods of now */
};

static int
budget_sum_compare(const void *a, const void *b)
{
	const struct budget_sum *x = a, *y = b;

	return memcmp(x->budget.widget.b, y->budget.widget.b, sizeof(x->budget.widget.b));
}

/* The new budget of this widget (zero: of the organization); NULL if it has none. */
static struct budget_sum *
budget_sums_find(const struct budget_sums *sums, const struct id *widget)
{
	const struct budget_sum key = {.budget.widget = *widget};

	return bsearch(&key, sums->of, sums->n, sizeof(key), budget_sum_compare);
}

/* What the budget of the widget and that of the organization have spent. */
static void
budget_sums_add_used(
    struct budget_sums *sums, const struct id *widget, uint32_t day, uint64_t tokens)
{
	struct budget_sum *sum = budget_sums_find(sums, widget);

	for (enum budget_period p = 0; sum != NULL && p < BUDGET_PERIODS; p++)
		if (day >= sums->first[p])
			sum->used[p] += tokens;
}

static void
budget_sums_add_row(struct budget_sums *sums, const struct walk *w)
{
	const struct numbers_key key = numbers_key_parts(w->key);
	const struct id all = {0};
	struct numbers_row row;
	uint64_t tokens = 0;

	if (!numbers_row_read(w->value, &row))
		return;
	for (unsigned kind = NUMBERS_COUNTED; kind <= NUMBERS_KEPT; kind++)
		tokens += row.of[kind].n[COUNT_TOKENS_IN] + row.of[kind].n[COUNT_TOKENS_OUT];
	budget_sums_add_used(sums, &all, key.day, tokens);
	budget_sums_add_used(sums, &key.widget, key.day, tokens);
}

/* Adds what was counted in the month and the day so far. */
static int
budget_sums_count_used(struct txn *t, struct budget_sums *sums)
{
	const struct id *id = &sums->of[0].budget.org;
	struct key org = key_id(id), start = key_numbers_day(id, sums->first[BUDGET_MONTH]);
	struct walk w;
	int rc = walk_open(&w, t, TABLE_NUMBERS, &org);

	if (rc == 0)
		rc = walk_from(&w, &start);
	for (; rc == 0; rc = walk_next(&w))
		if (key_fits(TABLE_NUMBERS, w.key))
			budget_sums_add_row(sums, &w);
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* An open turn, and whose tokens it has reserved. */
typedef void budget_open_fn(void *arg, const struct msg_open_turn_record *open,
    const struct msg_conversation_record *conversation);

/* Calls fn for the open turn where the walk stands. */
static int
budget_look_at_open(struct txn *t, struct slice value, budget_open_fn *fn, void *arg)
{
	struct msg_open_turn_record open;
	struct msg_conversation_record conversation;
	struct key key;
	int rc = record_read(value, TABLE_OPEN_TURNS, &open);

	if (rc != 0)
		return 0;
	key = key_id(&open.conversation);
	rc = txn_get_record(t, TABLE_CONVERSATIONS, &key, &conversation);
	if (rc == 0)
		fn(arg, &open, &conversation);
	return txn_survives(rc) ? 0 : rc;
}

static int
budget_each_open(struct txn *t, budget_open_fn *fn, void *arg)
{
	const struct key all = {0};
	struct walk w;
	int rc = walk_open(&w, t, TABLE_OPEN_TURNS, &all);

	if (rc == 0)
		rc = walk_from(&w, &all);
	while (rc == 0) {
		rc = budget_look_at_open(t, w.value, fn, arg);
		if (rc == 0)
			rc = walk_next(&w);
	}
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

static void
budget_sums_add_reserved(
    struct budget_sums *sums, const struct id *widget, const struct msg_open_turn_record *open)
{
	struct budget_sum *sum = budget_sums_find(sums, widget);

	for (enum budget_period p = 0; sum != NULL && p < BUDGET_PERIODS; p++)
		if (budget_is_in(sums->number[p], open->started_at))
			sum->reserved[p] +=
			    (uint64_t)open->reserved_prompt + open->reserved_completion;
}

/* budget_open_fn */
static void
budget_sums_on_open(void *arg, const struct msg_open_turn_record *open,
    const struct msg_conversation_record *conversation)
{
	struct budget_sums *sums = arg;
	const struct id all = {0};

	if (!id_equal(&conversation->org, &sums->of[0].budget.org))
		return;
	budget_sums_add_reserved(sums, &all, open);
	budget_sums_add_reserved(sums, &conversation->widget, open);
}

static int
budget_sums_put(struct txn *t, const struct budget_sums *sums, const struct budget_sum *sum)
{
	int rc = 0;

	for (enum budget_period p = 0; p < BUDGET_PERIODS && rc == 0; p++) {
		struct key key =
		    key_spent(&sum->budget.org, &sum->budget.widget, sums->number[p]);
		const struct msg_spent_record spent = {
		    .v = RECORD_VERSION, .used = sum->used[p], .reserved = sum->reserved[p]};

		rc = txn_put_record(t, TABLE_SPENT, &key, &spent);
	}
	return rc;
}

/* Whether a budget has counted anything yet, even 0. */
static int
budget_is_counted(struct txn *t, const struct budget *budget, bool *counted)
{
	struct key front = key_of_org(&budget->org, &budget->widget), first;
	int rc = txn_first(t, TABLE_SPENT, &front, &first);

	*counted = rc == 0;
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Adds the budget of an entry, if it is new. A damaged one limits nothing. */
static int
budget_sums_add(struct txn *t, struct budget_sums *sums, const struct id *org, struct slice key)
{
	const struct budget budget = {.org = *org, .widget = key_back(key)};
	bool counted;
	int rc = budget_is_counted(t, &budget, &counted);

	if (rc != 0 || counted)
		return rc;
	sums->of = xreallocarray(sums->of, sums->n + 1, sizeof(sums->of[0]));
	sums->of[sums->n++] = (struct budget_sum){.budget = budget};
	return 0;
}

/* The new budgets of an organization, in the order of their keys. */
static int
budget_sums_init(struct txn *t, struct budget_sums *sums, const struct id *org, uint64_t now)
{
	struct key front = key_id(org);
	struct walk w;
	int rc = walk_open(&w, t, TABLE_BUDGETS, &front);

	*sums = (struct budget_sums){.n = 0};
	for (enum budget_period p = 0; p < BUDGET_PERIODS; p++) {
		sums->first[p] = budget_first_day(p, now);
		sums->number[p] = budget_period_number(p, now);
	}
	if (rc == 0)
		rc = walk_from(&w, &front);
	while (rc == 0) {
		rc = budget_sums_add(t, sums, org, w.key);
		if (rc == 0)
			rc = walk_next(&w);
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* What the spenders of one reply have reserved of a new budget. */
struct budget_opened {
	const struct budget *budget;
	struct msg_open_turn_record open;
};

/* The open turns that draw on new budgets. */
struct budget_openings {
	const struct budget_sums *sums;
	struct budget_opened *of;
	size_t n;
};

static void
budget_openings_add(
    struct budget_openings *o, const struct id *widget, const struct msg_open_turn_record *open)
{
	const struct budget_sum *sum = budget_sums_find(o->sums, widget);

	if (sum == NULL || open->reserved_prompt + open->reserved_completion == 0)
		return;
	o->of = xreallocarray(o->of, o->n + 1, sizeof(o->of[0]));
	o->of[o->n++] = (struct budget_opened){&sum->budget, *open};
}

/* budget_open_fn */
static void
budget_openings_on_open(void *arg, const struct msg_open_turn_record *open,
    const struct msg_conversation_record *conversation)
{
	struct budget_openings *o = arg;
	const struct id all = {0};

	if (!id_equal(&conversation->org, &o->sums->of[0].budget.org))
		return;
	budget_openings_add(o, &all, open);
	budget_openings_add(o, &conversation->widget, open);
}

static int
budget_sums_put_spenders(struct txn *t, const struct budget_sums *sums)
{
	struct budget_openings o = {.sums = sums};
	int rc = budget_each_open(t, budget_openings_on_open, &o);

	for (size_t i = 0; i < o.n && rc == 0; i++) {
		const struct msg_open_turn_record *open = &o.of[i].open;
		const struct spenders by = budget_opened_by(open);

		rc = spenders_change(t, o.of[i].budget, &by, open->started_at, 0,
		    (int64_t)open->reserved_prompt + open->reserved_completion);
	}
	free(o.of);
	return rc;
}

static int
budget_sums_count(struct txn *t, struct budget_sums *sums)
{
	/* The transaction may hold numbers that the table does not show yet. */
	int rc = numbers_write(t);

	if (rc == 0)
		rc = budget_sums_count_used(t, sums);
	if (rc == 0)
		rc = budget_each_open(t, budget_sums_on_open, sums);
	for (size_t i = 0; i < sums->n && rc == 0; i++)
		rc = budget_sums_put(t, sums, &sums->of[i]);
	return rc != 0 ? rc : budget_sums_put_spenders(t, sums);
}

int
budgets_count_new(struct txn *t)
{
	struct budget_sums sums;
	int rc;

	if (!t->new_budgets.some)
		return 0;
	t->new_budgets.some = false;
	rc = budget_sums_init(t, &sums, &t->new_budgets.org, clock_wall_ms());
	if (rc == 0 && sums.n > 0)
		rc = budget_sums_count(t, &sums);
	free(sums.of);
	return rc;
}

int
budgets_add_new(struct txn *t, const struct id *org)
{
	int rc = id_equal(&t->new_budgets.org, org) ? 0 : budgets_count_new(t);

	t->new_budgets.some = true;
	t->new_budgets.org = *org;
	txn_before_commit(t, budgets_count_new);
	return rc;
}

/* The reservations of one budget in one period. */
struct budget_reserved {
	const struct budget *budget;
	uint32_t number;
	uint64_t *tokens;
};

/* budget_open_fn */
static void
budget_reserved_on_open(void *arg, const struct msg_open_turn_record *open,
    const struct msg_conversation_record *conversation)
{
	const struct budget_reserved *r = arg;
	const struct budget *budget = r->budget;

	if (budget_is_in(r->number, open->started_at) &&
	    id_equal(&conversation->org, &budget->org) &&
	    (id_is_zero(&budget->widget) || id_equal(&budget->widget, &conversation->widget)))
		*r->tokens += (uint64_t)open->reserved_prompt + open->reserved_completion;
}

int
budget_count_reserved(
    struct txn *t, const struct budget *budget, uint32_t number, uint64_t *reserved)
{
	struct budget_reserved r = {budget, number, reserved};

	*reserved = 0;
	return budget_each_open(t, budget_reserved_on_open, &r);
}

/* The parts of all open turns, not added up yet. */
struct budget_parts {
	struct spender_sum *of;
	size_t n;
};

static void
budget_parts_add(struct budget_parts *parts, const struct id *org, const struct id *widget,
    const struct msg_open_turn_record *open)
{
	const struct spenders by = budget_opened_by(open);

	for (enum spender s = 0; s < SPENDERS; s++) {
		if (id_is_zero(&by.of[s]))
			continue;
		parts->of = xreallocarray(parts->of, parts->n + 1, sizeof(parts->of[0]));
		parts->of[parts->n++] = (struct spender_sum){*org, *widget, by.of[s],
		    (uint64_t)open->reserved_prompt + open->reserved_completion};
	}
}

/* budget_open_fn */
static void
budget_parts_on_open(void *arg, const struct msg_open_turn_record *open,
    const struct msg_conversation_record *conversation)
{
	const struct id all = {0};

	budget_parts_add(arg, &conversation->org, &all, open);
	budget_parts_add(arg, &conversation->org, &conversation->widget, open);
}

int
budget_compare_spenders(const void *a, const void *b)
{
	const struct spender_sum *x = a, *y = b;
	int order = memcmp(&x->org, &y->org, sizeof(x->org));

	if (order == 0)
		order = memcmp(&x->widget, &y->widget, sizeof(x->widget));
	return order != 0 ? order : memcmp(&x->spender, &y->spender, sizeof(x->spender));
}

int
budget_count_spenders(struct txn *t, struct spender_sum **sums, size_t *n)
{
	struct budget_parts parts = {0};
	int rc = budget_each_open(t, budget_parts_on_open, &parts);

	*sums = parts.of;
	*n = 0;
	if (rc != 0 || parts.n == 0)
		return rc;
	qsort(parts.of, parts.n, sizeof(parts.of[0]), budget_compare_spenders);
	for (size_t i = 1; i < parts.n; i++)
		if (budget_compare_spenders(&parts.of[*n], &parts.of[i]) == 0)
			parts.of[*n].reserved += parts.of[i].reserved;
		else
			parts.of[++*n] = parts.of[i];
	++*n;
	return 0;
}
