/*
 * /v1/admin/answers: questions with the answers that the organization has written. Members write them, too.
 *
 * An answer that is made of a reply has the reply's id. So there is at most one, also if two people make it at once, and
 * it is found by the reply.
 */
#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "workerd/api/admin/resource.h"
#include "workerd/api/content/answer_fields.h"
#include "workerd/api/content/content_handlers.h"
#include "workerd/api/content/gap_asking.h"
#include "workerd/api/fields/parameters.h"
#include "workerd/api/request/api_reply.h"

/* Messages around a reply, of which half are before it: the visitor's question is the last of those. */
#define AROUND_LIMIT 40

static void
answers_show(void *object, const struct settings *settings)
{
	(void)settings;
	answer_fields_show(object);
}

static void
answers_check_members(struct fields *in, const void *object, const struct settings *settings)
{
	(void)settings;
	answer_fields_check(in, object);
}

static void
answers_make(void *object, const struct id *id, const struct id *org)
{
	*(struct answer_object *)object =
	    (struct answer_object){.record = {.v = RECORD_VERSION, .id = *id, .org = *org}};
}

/* Finds the reply and the visitor's message before it. False: there is no such reply with a text. */
static bool
answers_find_reply(const struct msg_answer_record *answer, struct slice messages,
    struct slice *question, struct slice *text)
{
	struct msg_message_record r;
	struct slice item;

	*question = (struct slice){0};
	while (wire_list_next(&messages, &item)) {
		if (record_decode(item, MSG_MESSAGE_RECORD, &r) != WIRE_OK)
			return false;
		if (id_equal(&r.id, &answer->message)) {
			*text = r.text;
			return r.role != MESSAGE_USER && utf8_trim(r.text).len > 0;
		}
		if (r.role == MESSAGE_USER)
			*question = r.text;
	}
	return false;
}

static void
answers_on_messages(void *arg, uint16_t type, const union msg *m)
{
	struct resource_query *r = arg;
	struct answer_object *answer = r->object;
	struct slice question, text;

	if (type != MSG_MESSAGE_PAGE && !store_refused(type, m, STORE_NOT_FOUND) &&
	    !store_refused(type, m, STORE_STALE)) {
		store_query_fail(&r->q, type, m);
		return;
	}
	if (type != MSG_MESSAGE_PAGE ||
	    !answers_find_reply(&answer->record, m->message_page.messages, &question, &text)) {
		fields_refuse(&r->in, "message", REASON_REPLY);
		resource_refuse(r);
		return;
	}
	if (answer->record.question.len == 0 && utf8_trim(question).len == 0) {
		fields_refuse(&r->in, "message", REASON_REPLY);
		resource_refuse(r);
		return;
	}
	if (answer->record.question.len == 0)
		answer->record.question = utf8_prefix(question, ANSWER_QUESTION_MAX);
	if (answer->record.text.len == 0)
		answer->record.text = utf8_prefix(text, ANSWER_TEXT_MAX);
	resource_put(r);
}

static void
answers_on_existing(void *arg, uint16_t type, const union msg *m)
{
	struct resource_query *r = arg;
	const struct answer_object *answer = r->object;
	const struct msg_message_list list = {
	    .org = r->q.org,
	    .conversation = answer->record.conversation,
	    .limit = AROUND_LIMIT,
	    .around = answer->record.message,
	};
	struct answer_object existing;

	if (store_refused(type, m, STORE_NOT_FOUND)) {
		store_query_ask(&r->q, MSG_MESSAGE_LIST, &list, answers_on_messages);
		return;
	}
	if (resource_read(r->resource, r->q.api->settings, type, m, &existing) &&
	    !id_equal(&existing.record.conversation, &answer->record.conversation)) {
		fields_refuse(&r->in, "message", REASON_REPLY);
		resource_refuse(r);
		return;
	}
	resource_reply_with(r, type, m);
}

/* A new answer may be made of a reply. */
static void
answers_store(struct resource_query *r)
{
	struct answer_object *answer = r->object;

	if (r->fresh && !id_is_zero(&answer->record.message)) {
		r->id = answer->record.id = answer->record.message;
		resource_ask(r, answers_on_existing);
	} else {
		resource_put(r);
	}
}

static void
answers_stored(struct resource_query *r, const void *object)
{
	const struct answer_object *stored = object, *asked = r->object;

	if (stored->record.published)
		gap_asking_start(r->q.api, &stored->record, asked->gaps);
}

static const struct store_refusal refusals[] = {
    {STORE_LIMIT, 409, "limit_reached", "There are too many answers"},
    {.status = 0},
};

static const struct resource answers = {
    .many = "answers",
    .wrong_id = "Invalid answerId",
    .missing = "Answer not found",
    .refusals = refusals,
    .fields = answer_fields,
    .size = sizeof(struct answer_object),
    .record = MSG_ANSWER_RECORD,
    .log_id = "id",
    .created = "answer_created",
    .changed = "answer_changed",
    .deleted = "answer_deleted",
    .show = answers_show,
    .check = answers_check_members,
    .make = answers_make,
    .store = answers_store,
    .stored = answers_stored,
    .keeps_existing = true,
};

/* All, or the one that is made of a reply. */
void
handle_answers_list(const struct api_call *c)
{
	uint8_t text[PARAMETER_MAX];
	struct slice given = parameter_read(c->x->req->query, "message", text);
	struct id reply;

	if (given.p == NULL)
		resource_list(c, &answers, NULL);
	else if (id_parse(given, &reply) != 0 || id_is_zero(&reply))
		api_reply_invalid_query(c, "message must be the id of a reply");
	else
		resource_list_one(c, &answers, &reply);
}

void
handle_answers_create(const struct api_call *c)
{
	resource_create(c, &answers);
}

RESOURCE_ITEM_HANDLERS(answers)
