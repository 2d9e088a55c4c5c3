/*
 * The members of a conversation.
 */
#include "workerd/api/fields/conversation_json.h"

#include <jansson.h>

#include "proto/base/basics.h"
#include "workerd/api/fields/admin_json.h"
#include "workerd/api/fields/json_read.h"
#include "workerd/api/fields/names.h"

const char *const conversation_json_statuses[] = {
    [CONVERSATION_ANY] = "",
    [CONVERSATION_COMPLETE] = "complete",
    [CONVERSATION_STOPPED] = "stopped",
    [CONVERSATION_INTERRUPTED] = "interrupted",
    [CONVERSATION_ACTIVE] = "active",
    NULL,
};

static void
conversation_json_write_status(struct json_writer *j, uint8_t status)
{
	must(status < ARRAY_LEN(conversation_json_statuses) - 1);
	if (status == CONVERSATION_ANY)
		json_write_null(j, "status");
	else
		json_write_str(j, "status", slice_str(conversation_json_statuses[status]));
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

void
conversation_json_write(struct json_writer *j, const char *key, struct slice record,
    bool unread, const struct slice *page)
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
	json_write_id_or_null(j, "contactId", &r.contact);
	conversation_json_write_status(j, r.status);
	json_write_str(j, "state", names_conversation_state(r.state));
	admin_json_write_operator(j, "operator", &r.operator, r.operator_name);
	json_write_id_or_null(j, "assignedTo", &r.assigned);
	conversation_json_write_tags(j, r.tags);
	json_write_bool(j, "unread", unread);
	if (page != NULL) {
		conversation_json_write_page(j, *page);
		conversation_json_write_context(j, r.context);
	}
	json_write_close(j, '}');
}

void
conversation_json_write_list(struct json_writer *j, const struct msg_conversation_page *page)
{
	struct slice list = page->conversations, item;

	json_write_open(j, "conversations", '[');
	for (size_t i = 0; wire_list_next(&list, &item); i++)
		conversation_json_write(
		    j, NULL, item, i < page->unread.len && page->unread.p[i] != 0, NULL);
	json_write_close(j, ']');
}
