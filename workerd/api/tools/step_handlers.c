/*
 * /v1/admin/conversations/{id}/steps: the calls of tools for a conversation's replies. /v1/admin/steps: those that an operator
 * has to decide about, and the decision.
 */
#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "workerd/api/fields/conversation_id.h"
#include "workerd/api/fields/fields.h"
#include "workerd/api/fields/fields_body.h"
#include "workerd/api/fields/paging.h"
#include "workerd/api/fields/parameters.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/api/request/store_query.h"
#include "workerd/api/tools/tool_handlers.h"

#define REPLY_STEPS_MAX 32                  /* a reply has fewer */
#define LIST_MAX        (14u * 1024 * 1024) /* bytes of a page's JSON */

#define AT(member) offsetof(struct msg_step_record, member)

static const struct field step_fields[] = {
    {"id", &field_id, AT(id), FIELD_FIXED, 0, 0, NULL},
    {"conversationId", &field_id, AT(conversation), FIELD_FIXED, 0, 0, NULL},
    {"messageId", &field_id, AT(turn), FIELD_FIXED, 0, 0, NULL},
    {"toolId", &field_id, AT(tool), FIELD_FIXED, 0, 0, NULL},
    {"name", &field_line, AT(name), FIELD_FIXED, 0, 0, NULL},
    {"class", &field_choice, AT(class), FIELD_FIXED, 0, 0, tool_class_words},
    {"state", &field_choice, AT(state), FIELD_FIXED, 0, 0, step_state_words},
    {"arguments", &field_line, AT(arguments), FIELD_FIXED, 0, 0, NULL},
    {"result", &field_line, AT(result), FIELD_FIXED, 0, 0, NULL},
    {"status", &field_count, AT(status), FIELD_FIXED, 0, 0, NULL},
    {"createdAt", &field_time, AT(created_at), FIELD_FIXED, 0, 0, NULL},
    {.name = NULL},
};

/* Of a step that is not only a read. */
static const struct field action_fields[] = {
    {"text", &field_line, AT(text), FIELD_FIXED, 0, 0, NULL},
    {"decidedBy", &field_choice, AT(decider), FIELD_FIXED, 0, 0, step_decider_words},
    {.name = NULL},
};

static void
step_handlers_write_time(struct json_writer *j, const char *name, uint64_t time)
{
	if (time != 0)
		json_write_uint(j, name, time);
	else
		json_write_null(j, name);
}

static void
step_handlers_write_members(struct json_writer *j, const struct msg_step_record *r)
{
	char hash[HASH_HEX_LEN + 1];

	fields_write(j, step_fields, r);
	json_write_uint(j, "ms", r->ms);
	if (r->class == TOOL_READ)
		return;
	fields_write(j, action_fields, r);
	json_write_uint(j, "tries", r->tries);
	hash_format_hex(&r->shown, hash);
	json_write_str(j, "hash", slice_str(hash));
	step_handlers_write_time(j, "expiresAt", r->expires_at);
	step_handlers_write_time(j, "decidedAt", r->decided_at);
	json_write_id_or_null(j, "userId", &r->decided_by);
}

static void
step_handlers_write(struct json_writer *j, struct slice record)
{
	struct msg_step_record r;

	must(record_decode(record, MSG_STEP_RECORD, &r) == WIRE_OK);
	json_write_open(j, NULL, '{');
	step_handlers_write_members(j, &r);
	json_write_close(j, '}');
}

/* The list of a conversation, or of one of its replies. */
struct step_query {
	struct store_query q;
	struct id reply; /* zero: of all */
};

static bool
step_handlers_wants(const struct step_query *s, struct slice record)
{
	struct msg_step_record r;

	must(record_decode(record, MSG_STEP_RECORD, &r) == WIRE_OK);
	return id_is_zero(&s->reply) || id_equal(&s->reply, &r.turn);
}

static void
step_handlers_on_list(void *arg, uint16_t type, const union msg *m)
{
	const struct step_query *s = arg;
	struct store_query *q = arg;
	struct id next = {0};
	struct slice list, item;

	if (type != MSG_RECORD_PAGE) {
		store_query_fail(q, type, m);
		return;
	}
	list = m->record_page.records;
	json_write_open(&q->json, NULL, '{');
	json_write_open(&q->json, "steps", '[');
	while (wire_list_next(&list, &item))
		if (step_handlers_wants(s, item))
			step_handlers_write(&q->json, item);
	json_write_close(&q->json, ']');
	/* A reply has at most as many as a page. */
	if (id_is_zero(&s->reply))
		next = m->record_page.next;
	paging_write_next_id(&q->json, &next);
	json_write_close(&q->json, '}');
	store_query_reply(q);
}

void
handle_conversations_steps(const struct api_call *c)
{
	struct msg_step_list list = {.org = c->org};
	uint8_t text[PARAMETER_MAX];
	const struct slice given = parameter_read(c->x->req->query, "message", text);
	struct id reply = {0};
	struct step_query *s;
	struct paging page;
	const char *wrong;

	if (!conversation_id_read(c, &list.conversation))
		return;
	wrong = paging_read(c->x->req->query, &paging_by_id, &page);
	if (wrong != NULL) {
		api_reply_invalid_query(c, wrong);
		return;
	}
	if (given.p != NULL && (id_parse(given, &reply) != 0 || id_is_zero(&reply))) {
		api_reply_invalid_query(c, "message must be the id of a reply");
		return;
	}
	list.cursor = paging_id(&page);
	list.limit = page.limit;
	if (!id_is_zero(&reply)) {
		/* Before the first one: a step's id is its reply's, with its number as the last byte. */
		list.cursor = reply;
		list.cursor.b[sizeof(list.cursor.b) - 1] = 0;
		list.limit = REPLY_STEPS_MAX;
	}
	s = store_query_new(c, sizeof(*s), LIST_MAX, conversation_id_missing);
	s->reply = reply;
	store_query_ask(&s->q, MSG_STEP_LIST, &list, step_handlers_on_list);
}

static void
step_handlers_on_open(void *arg, uint16_t type, const union msg *m)
{
	struct store_query *q = arg;
	struct slice list, item;

	if (type != MSG_RECORD_PAGE) {
		store_query_fail(q, type, m);
		return;
	}
	list = m->record_page.records;
	json_write_open(&q->json, NULL, '{');
	json_write_open(&q->json, "steps", '[');
	while (wire_list_next(&list, &item))
		step_handlers_write(&q->json, item);
	json_write_close(&q->json, ']');
	paging_write_next_id(&q->json, &m->record_page.next);
	json_write_close(&q->json, '}');
	store_query_reply(q);
}

void
handle_steps_list(const struct api_call *c)
{
	struct msg_steps_open list = {.org = c->org};
	struct paging page;
	const char *wrong = paging_read(c->x->req->query, &paging_by_id, &page);

	if (wrong != NULL) {
		api_reply_invalid_query(c, wrong);
		return;
	}
	list.cursor = paging_id(&page);
	list.limit = page.limit;
	store_query_ask(
	    store_query_new(c, sizeof(struct store_query), LIST_MAX, "Step not found"),
	    MSG_STEPS_OPEN, &list, step_handlers_on_open);
}

struct step_decision_body {
	uint8_t decision;
	struct slice hash;
};

static const struct field decision_fields[] = {
    {"decision", &field_choice, offsetof(struct step_decision_body, decision), FIELD_REQUIRED,
	0, 0, step_decision_words},
    {"hash", &field_ascii, offsetof(struct step_decision_body, hash), FIELD_REQUIRED, 64, 64,
	NULL},
    {.name = NULL},
};

struct step_decision_query {
	struct store_query query;
	char by[API_CALLER_SIZE];
};

static void
step_handlers_on_decided(void *arg, uint16_t type, const union msg *m)
{
	const struct step_decision_query *decision = arg;
	struct store_query *q = arg;
	struct msg_step_record r;

	if (type != MSG_STEP_DECIDED) {
		store_query_fail(q, type, m);
		return;
	}
	must(record_decode(m->step_decided.step, MSG_STEP_RECORD, &r) == WIRE_OK);
	log_event(LOG_NOTICE, m->step_decided.granted ? "step_decided" : "step_not_decided",
	    L_ID("step", &r.id), L_STR("by", decision->by), L_SLICE("tool", r.name),
	    L_STR("state", step_state_words[r.state]));
	json_write_open(&q->json, NULL, '{');
	if (!m->step_decided.granted) {
		json_write_str(&q->json, "error",
		    slice_str("This step waits for another decision, or for none any more"));
		json_write_str(&q->json, "code", slice_str("step_changed"));
	}
	json_write_open(&q->json, "step", '{');
	step_handlers_write_members(&q->json, &r);
	json_write_close(&q->json, '}');
	json_write_close(&q->json, '}');
	store_query_reply_status(q, m->step_decided.granted ? 200 : 409);
}

void
handle_steps_decide(const struct api_call *c)
{
	struct msg_step_decide decide = {.org = c->org, .user = c->user};
	struct step_decision_body body = {0};
	struct step_decision_query *q;
	struct fields in;

	if (!api_path_id(c, "Invalid stepId", &decide.step) || !fields_body(c, &in))
		return;
	fields_read(&in, decision_fields, true, &body);
	decide.decision = body.decision;
	if (in.n_wrong > 0)
		fields_reply_wrong(c->api, c->x, &in);
	else if (!hash_read_hex(body.hash, &decide.shown))
		api_reply_invalid_body(c, "hash must be that of the step");
	else {
		q = store_query_new(c, sizeof(*q), LIST_MAX, "Step not found");
		api_caller_name(c, q->by);
		store_query_ask(&q->query, MSG_STEP_DECIDE, &decide, step_handlers_on_decided);
	}
	fields_clear(&in);
}
