/*
 * GET and PUT /v1/admin/budgets: the tokens that an organization and its widgets may spend by day and month, and
 * have spent.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/base/basics.h"
#include "workerd/api/budgets/budgets_handlers.h"
#include "workerd/api/fields/fields_body.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/api/request/store_query.h"
#include "workerd/store/store_client.h"

#define TOKENS_MAX 4000000000u
#define BODY_MAX   (256u * 1024)

/* Bytes of JSON of a budget, and how many there may be. */
#define BUDGET_JSON 256u
#define ANSWER_MAX  (1100u * BUDGET_JSON)

/* today, thisMonth and reserved are accepted, so that what was read can be sent back, and ignored. */
struct budget_shown {
	uint32_t daily, monthly;
	uint32_t ignored[3];
};

static const struct field budget_fields[] = {
    {"dailyTokens", &field_count, offsetof(struct budget_shown, daily), FIELD_NULLABLE, 1,
	TOKENS_MAX, NULL},
    {"monthlyTokens", &field_count, offsetof(struct budget_shown, monthly), FIELD_NULLABLE, 1,
	TOKENS_MAX, NULL},
    {"today", &field_count, offsetof(struct budget_shown, ignored[0]), FIELD_NULLABLE, 0,
	UINT32_MAX, NULL},
    {"thisMonth", &field_count, offsetof(struct budget_shown, ignored[1]), FIELD_NULLABLE, 0,
	UINT32_MAX, NULL},
    {"reserved", &field_count, offsetof(struct budget_shown, ignored[2]), FIELD_NULLABLE, 0,
	UINT32_MAX, NULL},
    {.name = NULL},
};

struct budgets_shown {
	json_t *organization, *widgets;
};

static const struct field budgets_fields[] = {
    {"organization", &field_object, offsetof(struct budgets_shown, organization),
	FIELD_NULLABLE, 0, 0, NULL},
    {"widgets", &field_object, offsetof(struct budgets_shown, widgets), FIELD_NULLABLE, 0, 0,
	NULL},
    {.name = NULL},
};

static void
budgets_write_limit(struct json_writer *j, const char *name, uint64_t tokens)
{
	if (tokens == 0)
		json_write_null(j, name);
	else
		json_write_uint(j, name, tokens);
}

/* A budget of a list, with what it has spent. */
struct budgets_item {
	struct msg_budget_status status;
	struct msg_budget_record budget;
};

static bool
budgets_next(struct slice *list, struct budgets_item *item)
{
	struct slice bytes;

	if (!wire_list_next(list, &bytes))
		return false;
	must(record_decode(bytes, MSG_BUDGET_STATUS, &item->status) == WIRE_OK);
	must(record_decode(item->status.budget, MSG_BUDGET_RECORD, &item->budget) == WIRE_OK);
	return true;
}

static void
budgets_write_item(struct json_writer *j, const char *name, const struct budgets_item *item)
{
	json_write_open(j, name, '{');
	budgets_write_limit(j, "dailyTokens", item->budget.daily_tokens);
	budgets_write_limit(j, "monthlyTokens", item->budget.monthly_tokens);
	json_write_uint(j, "today", item->status.today);
	json_write_uint(j, "thisMonth", item->status.this_month);
	json_write_uint(j, "reserved", item->status.reserved);
	json_write_close(j, '}');
}

/* The list is in the order of the store's keys: the organization's budget is the first, if it has one. */
static void
budgets_write(struct json_writer *j, struct slice list)
{
	struct budgets_item item;
	char id[ID_TEXT_LEN + 1];
	bool more = budgets_next(&list, &item);

	json_write_open(j, NULL, '{');
	if (more && id_is_zero(&item.budget.widget)) {
		budgets_write_item(j, "organization", &item);
		more = budgets_next(&list, &item);
	} else {
		json_write_null(j, "organization");
	}
	json_write_open(j, "widgets", '{');
	for (; more; more = budgets_next(&list, &item)) {
		id_format(&item.budget.widget, id);
		budgets_write_item(j, id, &item);
	}
	json_write_close(j, '}');
	json_write_close(j, '}');
}

static void
budgets_on_page(void *arg, uint16_t type, const union msg *m)
{
	struct store_query *q = arg;

	if (type != MSG_BUDGET_PAGE) {
		store_query_fail(q, type, m);
		return;
	}
	budgets_write(&q->json, m->budget_page.budgets);
	store_query_reply(q);
}

static void
budgets_ask(struct store_query *q)
{
	store_query_ask(
	    q, MSG_BUDGET_LIST, &(struct msg_budget_list){.org = q->org}, budgets_on_page);
}

void
handle_budgets_get(const struct api_call *c)
{
	budgets_ask(store_query_new(c, sizeof(struct store_query), ANSWER_MAX, "Not found"));
}

static void
budgets_on_put(void *arg, uint16_t type, const union msg *m)
{
	struct store_query *q = arg;
	struct fields in;

	if (type == MSG_OK) {
		budgets_ask(q);
		return;
	}
	/* Shares of a removed budget are still being removed. */
	if (store_refused(type, m, STORE_BUSY)) {
		api_reply_store_failure(store_query_done(q), 0, NULL);
		return;
	}
	if (!store_refused(type, m, STORE_INVALID)) {
		store_query_fail(q, type, m);
		return;
	}
	must(fields_parse(slice_str("{}"), &in) == NULL);
	fields_refuse(&in, "widgets", REASON_BUDGETS);
	fields_refuse_query(q, &in);
}

/* Adds the budget that stands in the body's current object to a list; one without limits is none. */
static void
budgets_read_one(
    struct fields *in, const struct id *org, const struct id *widget, struct buf *list)
{
	struct budget_shown shown = {.daily = 0};
	struct msg_budget_record r = {.v = RECORD_VERSION, .org = *org, .widget = *widget};
	struct buf record;

	fields_read(in, budget_fields, true, &shown);
	r.daily_tokens = shown.daily;
	r.monthly_tokens = shown.monthly;
	if (r.daily_tokens == 0 && r.monthly_tokens == 0)
		return;
	buf_init(&record, BUDGET_JSON);
	must(record_encode(&record, MSG_BUDGET_RECORD, &r) == 0);
	must(wire_list_add(list, buf_slice(&record)) == 0);
	buf_clear(&record);
}

static void
budgets_read_widget(
    struct fields *in, const struct id *org, const char *name, json_t *object, struct buf *list)
{
	char before[FIELDS_NAME_MAX];
	struct id widget;

	if (id_parse(slice_str(name), &widget) == -1 || id_is_zero(&widget)) {
		fields_refuse(in, "widgets", REASON_BUDGETS);
		return;
	}
	snprintf(before, sizeof(before), "widgets.%s", name);
	if (!json_is_object(object)) {
		fields_refuse(in, before, REASON_BUDGET);
		return;
	}
	snprintf(before, sizeof(before), "widgets.%s.", name);
	fields_enter(in, object, before);
	budgets_read_one(in, org, &widget, list);
	fields_enter(in, in->json, "");
}

static void
budgets_read(struct fields *in, const struct id *org, struct buf *list)
{
	struct budgets_shown shown = {.organization = NULL};
	const struct id all = {0};
	const char *name;
	json_t *object;

	fields_read(in, budgets_fields, true, &shown);
	if (shown.organization != NULL) {
		fields_enter(in, shown.organization, "organization.");
		budgets_read_one(in, org, &all, list);
		fields_enter(in, in->json, "");
	}
	json_object_foreach (shown.widgets, name, object) {
		budgets_read_widget(in, org, name, object, list);
	}
}

void
handle_budgets_put(const struct api_call *c)
{
	struct store_query *q;
	struct fields in;
	struct buf list;

	if (!fields_body(c, &in))
		return;
	buf_init(&list, BODY_MAX);
	budgets_read(&in, &c->org, &list);
	if (fields_wrong(&in).len > 0) {
		fields_reply_wrong(c->api, c->x, &in);
	} else {
		q = store_query_new(c, sizeof(*q), ANSWER_MAX, "Not found");
		store_query_ask(q, MSG_BUDGET_PUT,
		    &(struct msg_budget_put){.org = c->org, .budgets = buf_slice(&list)},
		    budgets_on_put);
	}
	buf_clear(&list);
	fields_clear(&in);
}
