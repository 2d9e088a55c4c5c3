/*
 * /v1/admin/conversations/{id}/notes: private notes, which no visitor sees.
 */
#include "proto/base/basics.h"
#include "workerd/api/fields/conversation_id.h"
#include "workerd/api/fields/fields_body.h"
#include "workerd/api/fields/paging.h"
#include "workerd/api/guard/rights.h"
#include "workerd/api/inbox/note_json.h"
#include "workerd/api/inbox/operator_handlers.h"
#include "workerd/api/request/api_reply.h"

#define LIST_MAX   (14u * 1024 * 1024) /* bytes of a page's JSON */
#define ONE_MAX    (128u * 1024)
#define RECORD_MAX 16384u

#define MENTIONS_MAX 20u /* users whom a note mentions */

#define AT(member) offsetof(struct msg_note_record, member)

static const struct field note_fields[] = {
    {"id", &field_id, AT(id), FIELD_FIXED, 0, 0, NULL},
    {"conversationId", &field_id, AT(conversation), FIELD_FIXED, 0, 0, NULL},
    {"author", &field_id, AT(author), FIELD_FIXED, 0, 0, NULL},
    {"text", &field_text, AT(text), FIELD_REQUIRED, 1, 4000, NULL},
    {"mentions", &field_ids, AT(mentions), FIELD_OPTIONAL, 0, MENTIONS_MAX, NULL},
    {"createdAt", &field_time, AT(created_at), FIELD_FIXED, 0, 0, NULL},
    {.name = NULL},
};

void
note_json_write_members(struct json_writer *j, struct slice record)
{
	struct msg_note_record r;

	must(record_decode(record, MSG_NOTE_RECORD, &r) == WIRE_OK);
	fields_write(j, note_fields, &r);
	if (r.author_name.len > 0)
		json_write_str(j, "authorName", r.author_name);
	else
		json_write_null(j, "authorName");
}

static void
notes_write(struct json_writer *j, struct slice record)
{
	json_write_open(j, NULL, '{');
	note_json_write_members(j, record);
	json_write_close(j, '}');
}

static void
notes_on_list(void *arg, uint16_t type, const union msg *m)
{
	struct store_query *q = arg;
	struct slice list, item;

	if (type != MSG_RECORD_PAGE) {
		store_query_fail(q, type, m);
		return;
	}
	list = m->record_page.records;
	json_write_open(&q->json, NULL, '{');
	json_write_open(&q->json, "notes", '[');
	while (wire_list_next(&list, &item))
		notes_write(&q->json, item);
	json_write_close(&q->json, ']');
	paging_write_next_id(&q->json, &m->record_page.next);
	json_write_close(&q->json, '}');
	store_query_reply(q);
}

void
handle_conversations_notes(const struct api_call *c)
{
	struct msg_note_list list = {.org = c->org};
	struct paging page;
	const char *wrong;

	if (!conversation_id_read(c, &list.conversation))
		return;
	wrong = paging_read(c->x->req->query, &paging_by_id, &page);
	if (wrong != NULL) {
		api_reply_invalid_query(c, wrong);
		return;
	}
	list.cursor = paging_id(&page);
	list.limit = page.limit;
	store_query_ask(
	    store_query_new(c, sizeof(struct store_query), LIST_MAX, conversation_id_missing),
	    MSG_NOTE_LIST, &list, notes_on_list);
}

/* A note that is being added; its body, for errors of the store. */
struct note_query {
	struct store_query q;
	struct fields in;
};

static void
notes_on_end(struct store_query *q)
{
	fields_clear(&((struct note_query *)q)->in);
}

static void
notes_on_added(void *arg, uint16_t type, const union msg *m)
{
	struct note_query *q = arg;

	if (store_refused(type, m, STORE_CONFLICT)) {
		fields_refuse(&q->in, "mentions", REASON_USERS);
		fields_refuse_query(&q->q, &q->in);
		return;
	}
	if (type != MSG_RECORD) {
		store_query_fail(&q->q, type, m);
		return;
	}
	notes_write(&q->q.json, m->record.record);
	store_query_reply_status(&q->q, 201);
}

/* The query takes the body. */
static void
notes_add(const struct api_call *c, const struct msg_note_record *note, struct fields *in)
{
	static const struct store_refusal refusals[] = {
	    {STORE_LIMIT, 409, "limit_reached", "The conversation has too many notes"},
	    {.status = 0},
	};
	struct note_query *q = store_query_new(c, sizeof(*q), ONE_MAX, conversation_id_missing);
	struct msg_note_add ask = {.key = c->key};
	struct buf record;

	q->in = *in;
	q->q.on_end = notes_on_end;
	q->q.refusals = refusals;
	buf_init(&record, RECORD_MAX);
	must(record_encode(&record, MSG_NOTE_RECORD, note) == 0);
	ask.note = buf_slice(&record);
	store_query_ask(&q->q, MSG_NOTE_ADD, &ask, notes_on_added);
	buf_clear(&record);
}

void
handle_conversations_note(const struct api_call *c)
{
	struct msg_note_record note = {
	    .v = RECORD_VERSION, .id = id_new(), .org = c->org, .author = c->user};
	struct fields in;

	if (!conversation_id_read(c, &note.conversation) || !fields_body(c, &in))
		return;
	fields_read(&in, note_fields, true, &note);
	if (fields_wrong(&in).len == 0) {
		notes_add(c, &note, &in);
		return;
	}
	fields_reply_wrong(c->api, c->x, &in);
	fields_clear(&in);
}

static void
notes_on_deleted(void *arg, uint16_t type, const union msg *m)
{
	struct store_query *q = arg;

	if (store_query_removed(q, type, m))
		store_query_reply_empty(q);
	else
		store_query_fail(q, type, m);
}

void
handle_conversations_unnote(const struct api_call *c)
{
	static const struct store_refusal refusals[] = {
	    {STORE_DENIED, 403, "owners_only",
		"Only its author may delete a note, until an owner grants members the right to "
		"delete"},
	    {.status = 0},
	};
	struct msg_note_delete ask = {.org = c->org};
	struct store_query *q;
	uint8_t text[ROUTER_CAPTURE_MAX];

	if (!conversation_id_read(c, &ask.conversation))
		return;
	if (id_parse(router_capture(&c->match, 1, text), &ask.note) == -1) {
		api_reply_invalid(c, "Invalid noteId", "the id must be a UUID");
		return;
	}
	if (!rights_has(c, RIGHT_DELETE))
		ask.author = c->user;
	q = store_query_new(c, sizeof(*q), 0, "Note not found");
	q->refusals = refusals;
	store_query_ask(q, MSG_NOTE_DELETE, &ask, notes_on_deleted);
}
