/*
 * Lists and replaces an organization's budgets.
 */
#include "storaged/budgets/budget_requests.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "storaged/budgets/budgets.h"
#include "storaged/budgets/spenders_garbage.h"

/* One for the organization and one for each of its widgets (WIDGETS_MAX). */
#define BUDGETS_MAX 1001u

static struct budget
budget_of(const struct msg_budget_record *record)
{
	return (struct budget){
	    record->org, record->widget, {record->daily_tokens, record->monthly_tokens}};
}

/* Adds a budget with what it has spent to env->list. */
static int
budget_list_add(struct txn *t, struct slice value, uint64_t now)
{
	struct msg_budget_record record;
	struct msg_budget_status status = {.budget = value};
	struct msg_spent_record spent[BUDGET_PERIODS];
	struct budget budget;
	int rc = record_read(value, TABLE_BUDGETS, &record);

	if (rc != 0)
		return 0;
	budget = budget_of(&record);
	for (enum budget_period p = 0; p < BUDGET_PERIODS && rc == 0; p++)
		rc = budget_spent(t, &budget, p, now, &spent[p]);
	if (rc != 0)
		return rc;
	status.today = spent[BUDGET_DAY].used;
	status.reserved = spent[BUDGET_DAY].reserved;
	status.this_month = spent[BUDGET_MONTH].used;
	buf_reset(&t->env->record);
	must(record_encode(&t->env->record, MSG_BUDGET_STATUS, &status) == 0);
	must(wire_list_add(&t->env->list, buf_slice(&t->env->record)) == 0);
	return 0;
}

int
handle_budget_list(struct txn *t, struct call *c)
{
	const struct msg_budget_list *m = &c->m->budget_list;
	struct key front = key_id(&m->org);
	uint64_t now = clock_wall_ms();
	struct walk w;
	int rc = walk_open(&w, t, TABLE_BUDGETS, &front);

	buf_reset(&t->env->list);
	if (rc == 0)
		rc = walk_from(&w, &front);
	while (rc == 0) {
		rc = budget_list_add(t, w.value, now);
		if (rc == 0)
			rc = walk_next(&w);
	}
	walk_close(&w);
	if (rc != MDB_NOTFOUND)
		return rc;
	call_answer(
	    c, MSG_BUDGET_PAGE, &(struct msg_budget_page){.budgets = buf_slice(&t->env->list)});
	return 0;
}

int
budget_remove(struct txn *t, const struct id *org, const struct id *widget, unsigned *most)
{
	struct key key = key_of_org(org, widget);
	int rc = txn_del(t, TABLE_BUDGETS, &key);

	if (rc == 0)
		rc = txn_del_all(t, TABLE_SPENT, &key);
	return rc != 0 ? rc : spenders_remove(t, org, widget, most);
}

/* Whether a widget, or the organization, exists. */
static int
budget_check_widget(
    struct txn *t, struct call *c, const struct id *org, const struct id *widget)
{
	struct key key = id_is_zero(widget) ? key_id(org) : key_of_org(org, widget);
	enum table table = id_is_zero(widget) ? TABLE_ORGS : TABLE_WIDGETS;
	struct slice there;
	int rc = txn_get(t, table, &key, &there);

	if (rc == MDB_NOTFOUND)
		return call_refuse(c, id_is_zero(widget) ? STORE_NOT_FOUND : STORE_INVALID,
		    "the widget of a budget does not exist");
	return rc;
}

/* Whether it may have a budget. */
static int
budget_check(struct txn *t, struct call *c, const struct id *org, const struct id *widget)
{
	bool left = false;
	int rc = budget_check_widget(t, c, org, widget);

	if (rc == 0)
		rc = spenders_are_left(t, org, widget, &left);
	if (left)
		return call_refuse(
		    c, STORE_BUSY, "the budget is still being removed: try again");
	return rc;
}

/* The widgets that the budgets of a request name (zero: the organization), in the order of their ids. */
struct budget_names {
	struct id of[BUDGETS_MAX];
	size_t n;
};

static int
budget_compare_names(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct id));
}

static bool
budget_is_named(const struct budget_names *names, const struct id *widget)
{
	return bsearch(widget, names->of, names->n, sizeof(names->of[0]),
		   budget_compare_names) != NULL;
}

/* False: a budget is invalid, there are two of a widget, or too many. */
static bool
budget_read_names(const struct msg_budget_put *m, struct budget_names *names)
{
	struct slice list = m->budgets, item;
	struct msg_budget_record record;

	names->n = 0;
	while (wire_list_next(&list, &item)) {
		if (names->n == BUDGETS_MAX ||
		    record_decode(item, MSG_BUDGET_RECORD, &record) != WIRE_OK ||
		    !id_equal(&record.org, &m->org))
			return false;
		names->of[names->n++] = record.widget;
	}
	qsort(names->of, names->n, sizeof(names->of[0]), budget_compare_names);
	for (size_t i = 1; i < names->n; i++)
		if (id_equal(&names->of[i - 1], &names->of[i]))
			return false;
	return true;
}

static int
budget_check_list(struct txn *t, struct call *c, struct budget_names *names)
{
	const struct msg_budget_put *m = &c->m->budget_put;
	const struct id all = {0};
	int rc = budget_check_widget(t, c, &m->org, &all);

	if (rc == 0 && !budget_read_names(m, names))
		return call_refuse(c, STORE_INVALID, "invalid list of budgets");
	for (size_t i = 0; rc == 0 && i < names->n; i++)
		rc = budget_check(t, c, &m->org, &names->of[i]);
	return rc;
}

/* Removes the first budget after *at that has no name here; *at becomes its key. MDB_NOTFOUND: there is none. */
static int
budget_remove_unnamed(struct txn *t, const struct id *org, const struct budget_names *names,
    struct key *at, unsigned *most)
{
	struct key front = key_id(org);
	struct id widget = {0};
	struct walk w;
	int rc = walk_open(&w, t, TABLE_BUDGETS, &front);

	if (rc == 0)
		rc = walk_from(&w, at);
	for (; rc == 0; rc = walk_next(&w)) {
		widget = key_back(w.key);
		if (!budget_is_named(names, &widget))
			break;
	}
	if (rc == 0)
		*at = key_of(w.key);
	walk_close(&w);
	return rc != 0 ? rc : budget_remove(t, org, &widget, most);
}

static int
budget_remove_others(struct txn *t, const struct id *org, const struct budget_names *names)
{
	struct key at = key_id(org);
	unsigned most = SPENDERS_STEP;
	int rc;

	do
		rc = budget_remove_unnamed(t, org, names, &at, &most);
	while (rc == 0);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int
budget_put(struct txn *t, const struct msg_budget_record *record)
{
	struct key key = key_of_org(&record->org, &record->widget);

	return txn_put_record(t, TABLE_BUDGETS, &key, record);
}

static int
budget_put_list(struct txn *t, struct slice list)
{
	struct msg_budget_record record;
	struct slice item;
	int rc = 0;

	while (rc == 0 && wire_list_next(&list, &item)) {
		must(record_decode(item, MSG_BUDGET_RECORD, &record) == WIRE_OK);
		rc = budget_put(t, &record);
	}
	return rc;
}

int
handle_budget_put(struct txn *t, struct call *c)
{
	const struct msg_budget_put *m = &c->m->budget_put;
	struct budget_names names;
	int rc = budget_check_list(t, c, &names);

	if (rc == 0)
		rc = budget_remove_others(t, &m->org, &names);
	if (rc == 0)
		rc = budget_put_list(t, m->budgets);
	if (rc == 0)
		rc = budgets_add_new(t, &m->org);
	if (rc == 0)
		call_ok(c);
	return rc;
}

int
budget_import(struct txn *t, struct call *c, const struct msg_budget_record *record)
{
	int rc;

	if (record->v != RECORD_VERSION)
		return call_refuse(c, STORE_INVALID, "the budget has an unknown version");
	rc = budget_check(t, c, &record->org, &record->widget);
	if (rc == 0)
		rc = budget_put(t, record);
	if (rc == 0)
		rc = budgets_add_new(t, &record->org);
	if (rc == 0)
		call_ok(c);
	return rc;
}
