/*
 * /v1/admin/tools: what agents' models may call, and a call to try one, which is a real one: an action is done.
 */
#include <jansson.h>
#include <stdlib.h>

#include "proto/base/basics.h"
#include "workerd/api/admin/resource.h"
#include "workerd/api/tools/tool_fields.h"
#include "workerd/api/tools/tool_handlers.h"
#include "workerd/tools/tool.h"
#include "workerd/turn/turns.h"

#define TIMEOUT_MS 10000 /* of a new tool */

static void
tools_make(void *object, const struct id *id, const struct id *org)
{
	*(struct msg_tool_record *)object = (struct msg_tool_record){.v = RECORD_VERSION,
	    .id = *id,
	    .org = *org,
	    .enabled = 1,
	    .timeout_ms = TIMEOUT_MS};
}

static void
tools_check(struct fields *in, const void *object, const struct settings *settings)
{
	(void)settings;
	tool_fields_check(in, object);
}

static const struct store_refusal refusals[] = {
    {STORE_LIMIT, 409, "limit_reached", "There are too many tools"},
    {.status = 0},
};

static const struct resource tools = {
    .many = "tools",
    .wrong_id = "Invalid toolId",
    .missing = "Tool not found",
    .refusals = refusals,
    .fields = tool_fields,
    .size = sizeof(struct msg_tool_record),
    .record = MSG_TOOL_RECORD,
    .log_id = "id",
    .created = "tool_created",
    .changed = "tool_changed",
    .deleted = "tool_deleted",
    .check = tools_check,
    .make = tools_make,
};

RESOURCE_LIST_HANDLERS(tools)
RESOURCE_ITEM_HANDLERS(tools)

/* Who a test pretends to be, and what the model would write. */
struct tool_test {
	struct json_t *arguments;
	struct slice user_id, name, email, phone;
};

#define AT(member) offsetof(struct tool_test, member)

static const struct field test_fields[] = {
    {"arguments", &field_object, AT(arguments), FIELD_OPTIONAL, 0, 0, NULL},
    {"userId", &field_line, AT(user_id), FIELD_NULLABLE, 1, 128, NULL},
    {"name", &field_line, AT(name), FIELD_NULLABLE, 1, 200, NULL},
    {"email", &field_email, AT(email), FIELD_NULLABLE, 0, 254, NULL},
    {"phone", &field_phone, AT(phone), FIELD_NULLABLE, 0, 64, NULL},
    {.name = NULL},
};

static void
tool_resource_cancel_test(void *pending)
{
	tool_call_cancel(pending);
}

static void
tool_resource_on_outcome(void *arg, const struct tool_outcome *outcome)
{
	struct resource_query *q = arg;
	struct json_writer *j = &q->q.json;

	q->q.pending = NULL;
	json_write_str(j, "state", slice_str(step_state_words[outcome->state]));
	if (outcome->status == 0)
		json_write_null(j, "status");
	else
		json_write_uint(j, "status", (uint64_t)outcome->status);
	json_write_uint(j, "ms", outcome->ms);
	json_write_str(j, "result", outcome->result);
	json_write_close(j, '}');
	store_query_reply(&q->q);
}

static void
tool_resource_write_request(struct json_writer *j, const struct tool *t, struct slice arguments,
    const struct tool_values *values)
{
	char why[TOOL_WHY_MAX];
	struct buf url, body;

	buf_init(&url, FIELDS_JSON_MAX);
	buf_init(&body, WIRE_FRAME_MAX);
	if (!tool_show(t, arguments, values, &url, &body, why)) {
		json_write_null(j, "request");
	} else {
		json_write_open(j, "request", '{');
		json_write_str(
		    j, "method", slice_str(t->record.method == TOOL_POST ? "POST" : "GET"));
		json_write_str(j, "url", buf_slice(&url));
		if (t->record.method == TOOL_POST)
			json_write_str(j, "body", buf_slice(&body));
		else
			json_write_null(j, "body");
		json_write_close(j, '}');
	}
	buf_clear(&url);
	buf_clear(&body);
}

static void
tool_resource_call(struct resource_query *q, const struct tool *t, const struct tool_test *test)
{
	const struct tool_values values = {
	    .user_id = test->user_id,
	    .name = test->name,
	    .email = test->email,
	    .phone = test->phone,
	    .conversation = slice_str("00000000-0000-0000-0000-000000000000"),
	};
	char *arguments = test->arguments == NULL ? NULL : tool_fields_text(test->arguments);
	const struct slice text = slice_str(arguments == NULL ? "" : arguments);

	json_write_open(&q->q.json, NULL, '{');
	tool_resource_write_request(&q->q.json, t, text, &values);
	store_query_wait(&q->q,
	    tool_call_start(
		q->q.api->turns->tools, t, text, &values, NULL, tool_resource_on_outcome, q),
	    tool_resource_cancel_test);
	free(arguments);
}

static void
tool_resource_on_record(void *arg, uint16_t type, const union msg *m)
{
	struct resource_query *q = arg;
	struct tool_test test = {0};
	struct tool t;

	fields_read(&q->in, test_fields, true, &test);
	if (fields_wrong(&q->in).len > 0) {
		resource_refuse(q);
		return;
	}
	if (type != MSG_RECORD) {
		store_query_fail(&q->q, type, m);
		return;
	}
	/* The rules may have changed since it was stored. */
	if (!tool_init(&t, m->record.record)) {
		fields_refuse(&q->in, "arguments", REASON_TOOL_OUTDATED);
		resource_refuse(q);
		return;
	}
	tool_resource_call(q, &t, &test);
	tool_clear(&t);
}

void
handle_tools_test(const struct api_call *c)
{
	resource_ask_with_body(c, &tools, tool_resource_on_record);
}
