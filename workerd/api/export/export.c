/*
 * GET /v1/admin/conversations/{id}/export and /v1/admin/contacts/{id}/export, and POST /v1/admin/conversations/export
 * for many conversations: an attachment, which is written while
 * it is read from the store, page by page, so that neither a long conversation nor many of them need memory. The
 * next page is read when the client has taken most of the one before.
 *
 * After the first bytes, the only way to report an error is to break the stream off.
 */
#include <stdio.h>
#include <string.h>

#include <event2/event.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "workerd/api/admin/contact_fields.h"
#include "workerd/api/export/export_handlers.h"
#include "workerd/api/export/export_text.h"
#include "workerd/api/fields/admin_json.h"
#include "workerd/api/fields/conversation_id.h"
#include "workerd/api/fields/conversation_json.h"
#include "workerd/api/fields/fields_body.h"
#include "workerd/api/fields/paging.h"
#include "workerd/api/fields/parameters.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/api/request/store_query.h"
#include "workerd/http/reply.h"
#include "workerd/turn/turn.h"

#define PAGE_MESSAGES      500
#define PAGE_CONVERSATIONS 200
#define MANY_MAX           1000

/* Bytes of a page: the longest of the store with each byte escaped, and the members around the texts. */
#define PIECE_MAX (6u * 786432 + PAGE_MESSAGES * 2048)

/* The next page is read when fewer bytes wait for the client; otherwise this is checked again after ROOM_WAIT_MS. */
#define ROOM_BYTES   (128u * 1024)
#define ROOM_WAIT_MS 20

enum export_format {
	EXPORT_JSON,
	EXPORT_TEXT,
};

/* What the export is of, by the object in the path, or by the ids in the body. */
enum export_of {
	EXPORT_CONVERSATION,
	EXPORT_CONTACT,
	EXPORT_MANY,
};

struct export
{
	struct store_query q; /* out: the piece that is being written */
	enum export_format format;
	enum export_of of;
	struct id id;
	char by[API_CALLER_SIZE];
	bool is_head; /* the client wants the headers only */
	/* Conversations that were listed, and the one that is being written. */
	struct id conversations[MANY_MAX];
	size_t n, at;
	bool opened; /* the object of the one at `at` is open */
	uint64_t from;
	/* The next page of the list; empty: there is none. */
	uint8_t cursor[CURSOR_MAX];
	size_t cursor_len;
	uint64_t written; /* conversations */
};

static void export_go_on(struct export *e);

static const char *
export_extension(const struct export *e)
{
	return e->format == EXPORT_TEXT ? "txt" : "json";
}

/* Sends the head of the answer. */
static void
export_begin(struct export *e)
{
	struct http_exchange *x = e->q.x;
	char id[ID_TEXT_LEN + 1];

	if (e->q.streams)
		return;
	e->q.streams = true;
	id_format(&e->id, id);
	reply_start(x, 200);
	reply_header_str(x, "Cache-Control", "no-store");
	if (e->of == EXPORT_MANY)
		reply_header_fmt(x, "Content-Disposition",
		    "attachment; filename=\"conversations.%s\"", export_extension(e));
	else
		reply_header_fmt(x, "Content-Disposition", "attachment; filename=\"%s-%s.%s\"",
		    e->of == EXPORT_CONTACT ? "contact" : "conversation", id,
		    export_extension(e));
	reply_stream_begin(x,
	    e->format == EXPORT_TEXT ? "text/plain; charset=utf-8"
				     : "application/json; charset=utf-8");
}

static void
export_end(struct export *e)
{
	struct http_exchange *x;

	log_event(LOG_NOTICE,
	    e->of == EXPORT_CONTACT    ? "contact_exported"
		: e->of == EXPORT_MANY ? "conversations_exported"
				       : "conversation_exported",
	    L_UINT("conn", e->q.x->number), L_ID("org", &e->q.org), L_ID("id", &e->id),
	    L_UINT("conversations", e->written), L_STR("by", e->by));
	x = store_query_done(&e->q);
	reply_stream_end(x);
}

static void
export_cancel_nothing(void *pending)
{
	(void)pending;
}

/* Sends what was written. False: the client has left, which ends the export (on_close). */
static bool
export_send(struct export *e)
{
	int rc;

	must(!e->q.json.failed);
	rc = reply_stream_write(e->q.x, buf_slice(&e->q.out));
	buf_reset(&e->q.out);
	if (rc == -1)
		store_query_wait(&e->q, NULL, export_cancel_nothing);
	return rc == 0;
}

static void
export_cancel_timer(void *timer)
{
	event_free(timer);
}

static void export_wait(struct export *e);

static void
export_on_timer(int fd, short what, void *arg)
{
	struct export *e = arg;

	(void)fd;
	(void)what;
	event_free(e->q.pending);
	if (reply_stream_waiting(e->q.x) > ROOM_BYTES)
		export_wait(e);
	else
		export_go_on(e);
}

static void
export_wait(struct export *e)
{
	struct timeval in = clock_timeval(ROOM_WAIT_MS);
	struct event *timer = evtimer_new(e->q.api->turns->base, export_on_timer, e);

	must(timer != NULL && evtimer_add(timer, &in) == 0);
	store_query_wait(&e->q, timer, export_cancel_timer);
}

/* Sends what was written, and continues when the client has room for more. */
static void
export_continue(struct export *e)
{
	if (e->is_head)
		export_end(e);
	else if (!export_send(e))
		return;
	else if (reply_stream_waiting(e->q.x) > ROOM_BYTES)
		export_wait(e);
	else
		export_go_on(e);
}

static void
export_write_message(struct export *e, const struct msg_message_record *r)
{
	if (e->format == EXPORT_JSON)
		admin_json_write_message(&e->q.json, r);
	else
		must(export_text_message(&e->q.out, r) == 0);
}

static void
export_write_page(struct export *e, const struct msg_message_page *page)
{
	struct json_writer *j = &e->q.json;
	struct slice list = page->messages, item;
	struct msg_message_record r;

	if (!e->opened && e->format == EXPORT_JSON) {
		json_write_open(j, NULL, '{');
		conversation_json_write_opened(j, "conversation", page);
		json_write_open(j, "messages", '[');
	} else if (!e->opened) {
		/* Behind the one before. */
		if (e->written > 0)
			must(buf_append_str(&e->q.out, "\n\n") == 0);
		must(export_text_head(&e->q.out, page) == 0);
	}
	e->opened = true;
	while (wire_list_next(&list, &item)) {
		must(record_decode(item, MSG_MESSAGE_RECORD, &r) == WIRE_OK);
		export_write_message(e, &r);
	}
	e->from = page->next;
}

/* The conversation at `at` is written, or was erased meanwhile. */
static void
export_close_conversation(struct export *e)
{
	if (e->opened && e->format == EXPORT_JSON) {
		json_write_close(&e->q.json, ']');
		json_write_close(&e->q.json, '}');
	}
	e->written += e->opened;
	e->opened = false;
	e->from = 1;
	e->at++;
}

static void
export_on_messages(void *arg, uint16_t type, const union msg *m)
{
	struct export *e = arg;
	bool erased = store_refused(type, m, STORE_NOT_FOUND);
	bool may_miss = e->q.streams || e->of == EXPORT_MANY;

	if (!(erased && may_miss) && type != MSG_MESSAGE_PAGE) {
		store_query_fail(&e->q, type, m);
		return;
	}
	export_begin(e);
	if (!erased)
		export_write_page(e, &m->message_page);
	if (erased || e->from == 0)
		export_close_conversation(e);
	export_continue(e);
}

static void
export_on_list(void *arg, uint16_t type, const union msg *m)
{
	struct export *e = arg;
	struct msg_conversation_record r;
	struct slice list, item;

	if (type != MSG_CONVERSATION_PAGE) {
		store_query_fail(&e->q, type, m);
		return;
	}
	e->n = e->at = 0;
	list = m->conversation_page.conversations;
	while (e->n < PAGE_CONVERSATIONS && wire_list_next(&list, &item)) {
		must(record_decode(item, MSG_CONVERSATION_RECORD, &r) == WIRE_OK);
		e->conversations[e->n++] = r.id;
	}
	e->cursor_len = m->conversation_page.next.len;
	must(slice_copy(m->conversation_page.next, e->cursor, sizeof(e->cursor)));
	export_go_on(e);
}

static void
export_list(struct export *e)
{
	struct msg_conversation_list list = {
	    .org = e->q.org,
	    .contact = e->id,
	    .limit = PAGE_CONVERSATIONS,
	    .cursor = {e->cursor, e->cursor_len},
	};

	store_query_read(&e->q, MSG_CONVERSATION_LIST, &list, export_on_list);
}

static void
export_write_end(struct export *e)
{
	if (e->of == EXPORT_CONTACT || (e->of == EXPORT_MANY && e->format == EXPORT_JSON)) {
		json_write_close(&e->q.json, ']');
		json_write_close(&e->q.json, '}');
	}
	if (export_send(e))
		export_end(e);
}

/* Reads what comes next. */
static void
export_go_on(struct export *e)
{
	struct msg_message_list list = {
	    .org = e->q.org, .from = e->from, .limit = PAGE_MESSAGES, .inbox = true};

	if (e->at < e->n) {
		list.conversation = e->conversations[e->at];
		store_query_read(&e->q, MSG_MESSAGE_LIST, &list, export_on_messages);
	} else if (e->cursor_len > 0) {
		export_list(e);
	} else {
		export_write_end(e);
	}
}

static struct export *
export_new(const struct api_call *c, enum export_of of, const char *missing)
{
	struct export *e = store_query_new(c, sizeof(*e), PIECE_MAX, missing);

	e->of = of;
	e->from = 1;
	e->is_head = c->x->method == HTTP_HEAD;
	api_caller_name(c, e->by);
	return e;
}

void
handle_conversations_export(const struct api_call *c)
{
	struct slice query = c->x->req->query;
	uint8_t text[PARAMETER_MAX];
	struct export *e;
	struct id id;
	bool is_text = parameter_is(query, "format", "text");

	if (!conversation_id_read(c, &id))
		return;
	if (!is_text && !parameter_is(query, "format", "json") &&
	    parameter_read(query, "format", text).p != NULL) {
		api_reply_invalid_query(c, "format must be json or text");
		return;
	}
	e = export_new(c, EXPORT_CONVERSATION, conversation_id_missing);
	e->format = is_text ? EXPORT_TEXT : EXPORT_JSON;
	e->id = e->conversations[0] = id;
	e->n = 1;
	export_go_on(e);
}

static void
export_on_contact(void *arg, uint16_t type, const union msg *m)
{
	struct export *e = arg;
	struct json_writer *j = &e->q.json;
	struct msg_contact_record r;

	if (type != MSG_RECORD ||
	    record_decode(m->record.record, MSG_CONTACT_RECORD, &r) != WIRE_OK) {
		store_query_fail(&e->q, type, m);
		return;
	}
	export_begin(e);
	if (e->is_head) {
		export_end(e);
		return;
	}
	json_write_open(j, NULL, '{');
	json_write_open(j, "contact", '{');
	fields_write(j, contact_fields, &r);
	json_write_close(j, '}');
	json_write_open(j, "conversations", '[');
	export_list(e);
}

void
handle_contacts_export(const struct api_call *c)
{
	struct msg_record_get get = {.kind = MSG_CONTACT_RECORD, .org = c->org};
	struct export *e;

	if (!api_path_id(c, "Invalid contactId", &get.id))
		return;
	e = export_new(c, EXPORT_CONTACT, "Contact not found");
	e->id = get.id;
	store_query_ask(&e->q, MSG_RECORD_GET, &get, export_on_contact);
}

struct export_body {
	struct slice ids;
	uint8_t format;
};

static const char *const export_formats[] = {"json", "text", NULL};

static const struct field export_fields[] = {
    {"ids", &field_ids, offsetof(struct export_body, ids), FIELD_REQUIRED, 1, MANY_MAX, NULL},
    {"format", &field_choice, offsetof(struct export_body, format), FIELD_OPTIONAL, 0, 0,
	export_formats},
    {.name = NULL},
};

/* Erased conversations, and those of another organization, are left out. */
static void
export_many(const struct api_call *c, const struct export_body *body)
{
	struct export *e = export_new(c, EXPORT_MANY, conversation_id_missing);

	e->format = body->format == 1 ? EXPORT_TEXT : EXPORT_JSON;
	e->n = body->ids.len / sizeof(struct id);
	must(slice_copy(body->ids, e->conversations, sizeof(e->conversations)));
	if (e->format == EXPORT_JSON) {
		json_write_open(&e->q.json, NULL, '{');
		json_write_open(&e->q.json, "conversations", '[');
	}
	export_go_on(e);
}

void
handle_conversations_export_many(const struct api_call *c)
{
	struct export_body body = {.format = 0};
	struct fields in;

	if (!fields_body(c, &in))
		return;
	fields_read(&in, export_fields, true, &body);
	if (in.n_wrong > 0)
		fields_reply_wrong(c->api, c->x, &in);
	else
		export_many(c, &body);
	fields_clear(&in);
}
