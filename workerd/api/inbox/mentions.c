/*
 * /v1/admin/mentions: the notes that mention the caller, and which of them the caller has read. A caller without a user
 * names one by userId; without it there are none.
 */
#include "proto/base/basics.h"
#include "workerd/api/fields/fields_body.h"
#include "workerd/api/fields/paging.h"
#include "workerd/api/fields/parameters.h"
#include "workerd/api/inbox/note_json.h"
#include "workerd/api/inbox/operator_handlers.h"
#include "workerd/api/request/api_reply.h"

#define LIST_MAX (14u * 1024 * 1024) /* bytes of a page's JSON */

static const char mention_missing[] = "Mention not found";

/* Whose mentions are meant; zero: of nobody. False: 400 was sent. */
static bool
mentions_user(const struct api_call *c, struct id *user)
{
	uint8_t text[PARAMETER_MAX];
	struct slice named = parameter_read(c->x->req->query, "userId", text);

	*user = c->user;
	if (named.p == NULL)
		return true;
	if (id_parse(named, user) == -1 || id_is_zero(user)) {
		api_reply_invalid_query(c, "userId must be a user's id");
		return false;
	}
	if (id_is_zero(&c->user) || id_equal(user, &c->user))
		return true;
	api_reply_invalid_query(c, "userId must be the caller's, or left out");
	return false;
}

static void
mentions_write(struct json_writer *j, struct slice item)
{
	struct msg_mention_shown r;

	must(record_decode(item, MSG_MENTION_SHOWN, &r) == WIRE_OK);
	if (r.note.len == 0)
		return;
	json_write_open(j, NULL, '{');
	note_json_write_members(j, r.note);
	if (r.read_at != 0)
		json_write_uint(j, "readAt", r.read_at);
	else
		json_write_null(j, "readAt");
	json_write_close(j, '}');
}

static void
mentions_on_list(void *arg, uint16_t type, const union msg *m)
{
	struct store_query *q = arg;
	struct slice list, item;

	if (type != MSG_RECORD_PAGE) {
		store_query_fail(q, type, m);
		return;
	}
	list = m->record_page.records;
	json_write_open(&q->json, NULL, '{');
	json_write_open(&q->json, "mentions", '[');
	while (wire_list_next(&list, &item))
		mentions_write(&q->json, item);
	json_write_close(&q->json, ']');
	paging_write_next_id(&q->json, &m->record_page.next);
	json_write_close(&q->json, '}');
	store_query_reply(q);
}

void
handle_mentions_list(const struct api_call *c)
{
	struct msg_mention_list list = {.org = c->org};
	struct paging page;
	const char *wrong;

	if (!mentions_user(c, &list.user))
		return;
	wrong = paging_read(c->x->req->query, &paging_by_id, &page);
	if (wrong != NULL) {
		api_reply_invalid_query(c, wrong);
		return;
	}
	list.cursor = paging_id(&page);
	list.limit = page.limit;
	store_query_ask(store_query_new(c, sizeof(struct store_query), LIST_MAX, "Not found"),
	    MSG_MENTION_LIST, &list, mentions_on_list);
}

static const struct field change_fields[] = {
    {"read", &field_flag, offsetof(struct msg_mention_read, read), FIELD_REQUIRED, 0, 1, NULL},
    {.name = NULL},
};

static const struct field read_fields[] = {
    {"conversationId", &field_id, offsetof(struct msg_mention_read, conversation),
	FIELD_NULLABLE, 0, 0, NULL},
    {.name = NULL},
};

/* Asks for what the body says of the mentions that *ask names. */
static void
mentions_mark(
    const struct api_call *c, const struct field *fields, struct msg_mention_read *ask)
{
	struct fields in;

	ask->org = c->org;
	if (!mentions_user(c, &ask->user) || !fields_body(c, &in))
		return;
	fields_read(&in, fields, true, ask);
	if (in.n_wrong > 0)
		fields_reply_wrong(c->api, c->x, &in);
	else
		store_query_ask(
		    store_query_new(c, sizeof(struct store_query), 0, mention_missing),
		    MSG_MENTION_READ, ask, store_query_on_ok);
	fields_clear(&in);
}

/* PUT /v1/admin/mentions/{noteId} */
void
handle_mentions_change(const struct api_call *c)
{
	struct msg_mention_read ask = {.read = 0};

	if (api_path_id(c, "Invalid noteId", &ask.note))
		mentions_mark(c, change_fields, &ask);
}

/* POST /v1/admin/mentions/read: all of them, or those of a conversation. */
void
handle_mentions_read(const struct api_call *c)
{
	struct msg_mention_read ask = {.read = 1};

	mentions_mark(c, read_fields, &ask);
}
