/*
 * /v1/admin/conversations/{id}/steps: the calls of tools for a conversation's replies.
 */
#include "proto/base/basics.h"
#include "workerd/api/fields/conversation_id.h"
#include "workerd/api/fields/fields.h"
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
    {"messageId", &field_id, AT(turn), FIELD_FIXED, 0, 0, NULL},
    {"toolId", &field_id, AT(tool), FIELD_FIXED, 0, 0, NULL},
    {"name", &field_line, AT(name), FIELD_FIXED, 0, 0, NULL},
    {"state", &field_choice, AT(state), FIELD_FIXED, 0, 0, step_state_words},
    {"arguments", &field_line, AT(arguments), FIELD_FIXED, 0, 0, NULL},
    {"result", &field_line, AT(result), FIELD_FIXED, 0, 0, NULL},
    {"status", &field_count, AT(status), FIELD_FIXED, 0, 0, NULL},
    {"createdAt", &field_time, AT(created_at), FIELD_FIXED, 0, 0, NULL},
    {.name = NULL},
};

static void
step_handlers_write(struct json_writer *j, struct slice record)
{
	struct msg_step_record r;

	must(record_decode(record, MSG_STEP_RECORD, &r) == WIRE_OK);
	json_write_open(j, NULL, '{');
	fields_write(j, step_fields, &r);
	json_write_uint(j, "ms", r.ms);
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
