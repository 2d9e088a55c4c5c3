/*
 * Lists and replaces an organization's budgets.
 */
#include "storaged/budgets/budget_requests.h"

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "storaged/budgets/budgets.h"

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
	int rc = record_read(value, TABLE_BUDGETS, MSG_BUDGET_RECORD, &record);

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
budget_remove(struct txn *t, const struct id *org, const struct id *widget)
{
	struct key key = key_of_org(org, widget);
	int rc = txn_del(t, TABLE_BUDGETS, &key);

	return rc != 0 ? rc : txn_del_all(t, TABLE_SPENT, &key);
}

/* Whether the list of a request names this widget (zero: the organization). */
static bool
budget_is_listed(struct slice list, const struct id *widget)
{
	struct msg_budget_record record;
	struct slice item;

	while (wire_list_next(&list, &item))
		if (record_decode(item, MSG_BUDGET_RECORD, &record) == WIRE_OK &&
		    id_equal(&record.widget, widget))
			return true;
	return false;
}

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

static int
budget_check_list(struct txn *t, struct call *c)
{
	const struct msg_budget_put *m = &c->m->budget_put;
	struct slice list = m->budgets, item;
	struct msg_budget_record record;
	const struct id all = {0};
	unsigned n = 0;
	int rc = budget_check_widget(t, c, &m->org, &all);

	while (rc == 0 && wire_list_next(&list, &item)) {
		if (record_decode(item, MSG_BUDGET_RECORD, &record) != WIRE_OK ||
		    !id_equal(&record.org, &m->org) || ++n > BUDGETS_MAX ||
		    budget_is_listed(list, &record.widget))
			return call_refuse(c, STORE_INVALID, "invalid list of budgets");
		rc = budget_check_widget(t, c, &m->org, &record.widget);
	}
	return rc;
}

/* Removes the first budget that the new list does not contain. MDB_NOTFOUND: there is none. */
static int
budget_remove_unlisted(struct txn *t, const struct msg_budget_put *m)
{
	struct key front = key_id(&m->org);
	struct id widget = {0};
	struct walk w;
	int rc = walk_open(&w, t, TABLE_BUDGETS, &front);

	if (rc == 0)
		rc = walk_from(&w, &front);
	for (; rc == 0; rc = walk_next(&w)) {
		widget = key_back(w.key);
		if (!budget_is_listed(m->budgets, &widget))
			break;
	}
	walk_close(&w);
	return rc != 0 ? rc : budget_remove(t, &m->org, &widget);
}

/* A new budget counts what was spent before it was set. */
static int
budget_put(struct txn *t, const struct msg_budget_record *record)
{
	struct key key = key_of_org(&record->org, &record->widget);
	struct budget budget = budget_of(record);
	struct slice there;
	int rc = txn_get(t, TABLE_BUDGETS, &key, &there);
	bool fresh = rc == MDB_NOTFOUND;

	if (rc != 0 && !txn_survives(rc))
		return rc;
	rc = txn_put_record(t, TABLE_BUDGETS, &key, MSG_BUDGET_RECORD, record);
	return rc != 0 || !fresh ? rc : budget_recount(t, &budget, clock_wall_ms());
}

int
handle_budget_put(struct txn *t, struct call *c)
{
	const struct msg_budget_put *m = &c->m->budget_put;
	struct slice list = m->budgets, item;
	struct msg_budget_record record;
	int rc = budget_check_list(t, c);

	if (rc != 0)
		return rc;
	do
		rc = budget_remove_unlisted(t, m);
	while (rc == 0);
	if (rc == MDB_NOTFOUND)
		rc = 0;
	while (rc == 0 && wire_list_next(&list, &item)) {
		must(record_decode(item, MSG_BUDGET_RECORD, &record) == WIRE_OK);
		rc = budget_put(t, &record);
	}
	if (rc == 0)
		call_ok(c);
	return rc;
}

int
budget_import(struct txn *t, struct call *c, const struct msg_budget_record *record)
{
	int rc = budget_check_widget(t, c, &record->org, &record->widget);

	if (rc == 0)
		rc = budget_put(t, record);
	if (rc == 0)
		call_ok(c);
	return rc;
}
