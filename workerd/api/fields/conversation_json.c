/*
 * The members of a conversation.
 */
#include "workerd/api/fields/conversation_json.h"

#include <jansson.h>

#include "proto/base/basics.h"
#include "workerd/api/fields/admin_json.h"
#include "workerd/api/fields/json_read.h"
#include "workerd/api/fields/names.h"

/* Conversations of a page, at most (messages.def). */
#define ROWS_MAX 200

static void
conversation_json_write_status(struct json_writer *j, uint8_t status)
{
	if (status == CONVERSATION_ANY)
		json_write_null(j, "status");
	else
		json_write_str(j, "status", names_word(conversation_status_words, status));
}

/* The ids stand one after the other, with a space between. */
static void
conversation_json_write_tags(struct json_writer *j, struct slice tags)
{
	json_write_open(j, "tags", '[');
	for (size_t at = 0; at + ID_TEXT_LEN <= tags.len; at += ID_TEXT_LEN + 1)
		json_write_str(j, NULL, (struct slice){tags.p + at, ID_TEXT_LEN});
	json_write_close(j, ']');
}

/* A text that is empty if it is not known. */
static void
conversation_json_write_known(struct json_writer *j, const char *key, struct slice text)
{
	if (text.len == 0)
		json_write_null(j, key);
	else
		json_write_str(j, key, text);
}

static void
conversation_json_write_page(struct json_writer *j, struct slice page)
{
	struct msg_page_record r;

	if (page.len == 0) {
		json_write_null(j, "page");
		return;
	}
	must(record_decode(page, MSG_PAGE_RECORD, &r) == WIRE_OK);
	json_write_open(j, "page", '{');
	conversation_json_write_known(j, "url", r.url);
	conversation_json_write_known(j, "title", r.title);
	conversation_json_write_known(j, "referrer", r.referrer);
	conversation_json_write_known(j, "language", r.language);
	conversation_json_write_known(j, "timezone", r.timezone);
	conversation_json_write_known(j, "browser", r.browser);
	json_write_uint(j, "at", r.at);
	json_write_close(j, '}');
}

/* An imported context may be any text. */
static void
conversation_json_write_context(struct json_writer *j, struct slice context)
{
	json_t *object = context.len == 0 ? NULL : json_read_object(context);

	if (object == NULL)
		json_write_null(j, "context");
	else
		json_write_json(j, "context", context);
	json_decref(object);
}

static struct msg_conversation_face
conversation_json_face(struct slice face)
{
	struct msg_conversation_face f = {0};

	if (face.len > 0)
		must(record_decode(face, MSG_CONVERSATION_FACE, &f) == WIRE_OK);
	return f;
}

static void
conversation_json_write_contact(
    struct json_writer *j, const struct id *contact, const struct msg_conversation_face *f)
{
	json_write_id_or_null(j, "contactId", contact);
	if (id_is_zero(contact)) {
		json_write_null(j, "contact");
		return;
	}
	json_write_open(j, "contact", '{');
	conversation_json_write_known(j, "name", f->name);
	conversation_json_write_known(j, "email", f->email);
	conversation_json_write_known(j, "phone", f->phone);
	json_write_close(j, '}');
}

void
conversation_json_write_visitor(struct json_writer *j, const char *key,
    const struct msg_conversation_record *r, struct slice face)
{
	const struct msg_conversation_face f = conversation_json_face(face);

	json_write_open(j, key, '{');
	json_write_str(j, "sessionId", r->session);
	conversation_json_write_contact(j, &r->contact, &f);
	json_write_close(j, '}');
}

/* The visitor's contact, and who wrote the last message. */
static void
conversation_json_write_face(struct json_writer *j, const struct id *contact, struct slice face)
{
	const struct msg_conversation_face f = conversation_json_face(face);

	conversation_json_write_contact(j, contact, &f);
	if (f.last_role == 0)
		json_write_null(j, "lastRole");
	else
		json_write_str(
		    j, "lastRole", names_word(message_role_words, (uint8_t)(f.last_role - 1)));
}

/* Stores of before have no such time: the last activity then. */
static void
conversation_json_write_wait(struct json_writer *j, const struct msg_conversation_record *r)
{
	if (r->state != STATE_WAITING)
		json_write_null(j, "waitingSince");
	else
		json_write_uint(
		    j, "waitingSince", r->operator_at != 0 ? r->operator_at : r->updated_at);
}

static void
conversation_json_write_snoozed(struct json_writer *j, const struct msg_conversation_record *r)
{
	if (r->snoozed_until == 0) {
		json_write_null(j, "snoozed");
		return;
	}
	json_write_open(j, "snoozed", '{');
	if (r->snoozed_until == SNOOZE_ANSWER)
		json_write_null(j, "until");
	else
		json_write_uint(j, "until", r->snoozed_until);
	json_write_close(j, '}');
}

/* Writes a CONVERSATION_RECORD and its CONVERSATION_FACE, both of which their message's decoder has checked. opened:
 * whose conversation it is; NULL: of a list. */
static void
conversation_json_write(struct json_writer *j, const char *key, struct slice record,
    struct slice face, bool unread, const struct msg_message_page *opened)
{
	struct msg_conversation_record r;

	must(record_decode(record, MSG_CONVERSATION_RECORD, &r) == WIRE_OK);
	json_write_open(j, key, '{');
	json_write_id(j, "_id", &r.id);
	json_write_uint(j, "_creationTime", r.created_at);
	json_write_str(j, "sessionId", r.session);
	json_write_uint(j, "createdAt", r.created_at);
	json_write_uint(j, "updatedAt", r.updated_at);
	json_write_str(j, "lastMessage", r.last_message);
	json_write_id(j, "widgetId", &r.widget);
	conversation_json_write_face(j, &r.contact, face);
	conversation_json_write_status(j, r.status);
	json_write_str(j, "state", names_word(conversation_state_words, r.state));
	admin_json_write_operator(j, "operator", &r.operator, r.operator_name);
	json_write_id_or_null(j, "assignedTo", &r.assigned);
	conversation_json_write_wait(j, &r);
	conversation_json_write_snoozed(j, &r);
	conversation_json_write_tags(j, r.tags);
	json_write_bool(j, "unread", unread);
	if (opened != NULL) {
		json_write_bool(j, "following", opened->following);
		conversation_json_write_page(j, opened->page);
		conversation_json_write_context(j, r.context);
	}
	json_write_close(j, '}');
}

void
conversation_json_write_opened(
    struct json_writer *j, const char *key, const struct msg_message_page *page)
{
	conversation_json_write(j, key, page->conversation, page->face, page->unread, page);
}

/* The conversations of a page, in the store's order. */
struct conversation_rows {
	size_t n;
	struct slice records[ROWS_MAX], faces[ROWS_MAX];
};

static void
conversation_json_read(const struct msg_conversation_page *page, struct conversation_rows *rows)
{
	struct slice records = page->conversations, faces = page->faces;

	rows->n = 0;
	while (rows->n < ROWS_MAX && wire_list_next(&records, &rows->records[rows->n])) {
		if (!wire_list_next(&faces, &rows->faces[rows->n]))
			rows->faces[rows->n] = (struct slice){0};
		rows->n++;
	}
}

static void
conversation_json_write_row(struct json_writer *j, const char *key,
    const struct msg_conversation_page *page, const struct conversation_rows *rows, size_t i)
{
	conversation_json_write(j, key, rows->records[i], rows->faces[i],
	    i < page->unread.len && page->unread.p[i] != 0, NULL);
}

void
conversation_json_write_one(struct json_writer *j, const struct msg_conversation_page *page)
{
	struct conversation_rows rows;

	conversation_json_read(page, &rows);
	must(rows.n == 1);
	conversation_json_write_row(j, "conversation", page, &rows, 0);
}

void
conversation_json_write_list(
    struct json_writer *j, const struct msg_conversation_page *page, bool newer)
{
	struct conversation_rows rows;

	conversation_json_read(page, &rows);
	json_write_open(j, "conversations", '[');
	for (size_t i = 0; i < rows.n; i++)
		conversation_json_write_row(j, NULL, page, &rows, newer ? rows.n - 1 - i : i);
	json_write_close(j, ']');
}
