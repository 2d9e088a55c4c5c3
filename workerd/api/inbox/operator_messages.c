/*
 * POST /v1/admin/conversations/{id}/messages: a person's message to the visitor. It is stored once, however
 * often it is sent with the same clientMessageId.
 */
#include <string.h>

#include "proto/base/basics.h"
#include "proto/structure/structure.h"
#include "workerd/api/attached/files_json.h"
#include "workerd/api/fields/admin_json.h"
#include "workerd/api/fields/conversation_id.h"
#include "workerd/api/fields/fields_body.h"
#include "workerd/api/inbox/holder.h"
#include "workerd/api/inbox/operator_handlers.h"
#include "workerd/api/request/client_id.h"

#define CONTENT_MAX 16000 /* UTF-16 code units */
#define ANSWER_MAX  (6u * (48000 + STRUCTURE_WORDS_MAX + STRUCTURE_PARTS_MAX) + 8192)

struct operator_text {
	struct slice content, client_id, files, structure;
};

static const struct field message_fields[] = {
    {"content", &field_text, offsetof(struct operator_text, content), FIELD_NULLABLE, 1,
	CONTENT_MAX, NULL},
    {"files", &field_ids, offsetof(struct operator_text, files), FIELD_OPTIONAL, 0,
	FILES_JSON_IDS_MAX, NULL},
    {"structure", &field_structure, offsetof(struct operator_text, structure), FIELD_NULLABLE,
	0, 0, NULL},
    {"clientMessageId", &field_ascii, offsetof(struct operator_text, client_id), FIELD_NULLABLE,
	1, 128, NULL},
    {.name = NULL},
};

static void
operator_messages_on_stored(void *arg, uint16_t type, const union msg *m)
{
	struct store_query *q = arg;
	struct msg_message_record r;

	if (type == MSG_HOLDER) {
		holder_reply(q, &m->holder);
		return;
	}
	if (type != MSG_OPERATOR_MESSAGE_STORED ||
	    record_decode(m->operator_message_stored.message, MSG_MESSAGE_RECORD, &r) !=
		WIRE_OK) {
		store_query_fail(q, type, m);
		return;
	}
	admin_json_write_message(&q->json, &r);
	store_query_reply_status(q, 201);
}

/* Sends the message; one without an id of the client has its own, for requests that are repeated after a lost
 * answer. */
static void
operator_messages_send(
    const struct api_call *c, const struct id *conversation, const struct operator_text *text)
{
	static const struct store_refusal refusals[] = {
	    {STORE_CONFLICT, 409, "id_conflict",
		"This id was already used for another message"},
	    {STORE_LIMIT, 409, "too_many_files", "This conversation has too many files"},
	    {STORE_GONE, 409, "file_not_found",
		"A file is not there any more: choose it again"},
	    {.status = 0},
	};
	struct msg_operator_message ask = {
	    .org = c->org,
	    .conversation = *conversation,
	    .operator= api_operator(c),
	    .message = id_new(),
	    .client_id = text->client_id,
	    .text = text->content,
	    .files = text->files,
	    .structure = text->structure,
	};
	struct store_query *q =
	    store_query_new(c, sizeof(*q), ANSWER_MAX, conversation_id_missing);
	char own[ID_TEXT_LEN + 1];

	id_format(&ask.message, own);
	if (ask.client_id.len == 0)
		ask.client_id = slice_str(own);
	q->refusals = refusals;
	store_query_ask(q, MSG_OPERATOR_MESSAGE, &ask, operator_messages_on_stored);
}

void
handle_conversations_write(const struct api_call *c)
{
	const struct field_refusal missing = fields_refusal_of(&message_fields[0]);
	struct operator_text text = {.content = {NULL, 0}};
	struct id conversation;
	struct fields in;

	if (!conversation_id_read(c, &conversation) || !fields_body(c, &in))
		return;
	fields_read(&in, message_fields, true, &text);
	if (text.client_id.len > 0 && !client_id_is_valid(text.client_id))
		fields_refuse(&in, "clientMessageId", REASON_CLIENT_ID);
	fields_check_pictures(&in, "structure", text.structure, c->api->settings);
	if (text.content.len + text.files.len + text.structure.len == 0 &&
	    !fields_has(&in, "structure"))
		fields_refuse_for(&in, "content", &missing);
	if (files_json_fit(c->api->settings, text.files) != NULL)
		fields_refuse(&in, "files", REASON_LIST);
	if (fields_wrong(&in).len > 0)
		fields_reply_wrong(c->api, c->x, &in);
	else
		operator_messages_send(c, &conversation, &text);
	fields_clear(&in);
}
