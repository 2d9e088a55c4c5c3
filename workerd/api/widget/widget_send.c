/*
 * Frames of the server: JSON objects with a type.
 */
#include "proto/base/basics.h"
#include "workerd/api/chat/chat_listener.h"
#include "workerd/api/fields/names.h"
#include "workerd/api/request/json_writer.h"
#include "workerd/api/widget/widget_socket.h"

/* Bytes of a history frame: the store's longest page with each byte escaped, and the JSON around it. */
#define HISTORY_MAX (6u * 786432 + 1000 * 128)

/* Longer frames wait whole for a slow client, as missed messages do. */
#define LONG_FRAME (64u * 1024)

static struct json_writer
widget_send_begin(struct buf *out, const char *type)
{
	struct json_writer j = json_writer(out);

	json_write_open(&j, NULL, '{');
	json_write_str(&j, "type", slice_str(type));
	return j;
}

static void
widget_send_end(struct widget_socket *s, struct json_writer *j)
{
	struct slice frame;

	json_write_close(j, '}');
	must(!j->failed);
	if (s->ws == NULL)
		return;
	frame = buf_slice(j->out);
	if (frame.len > LONG_FRAME || s->is_catching_up)
		(void)ws_send_replay(s->ws, frame);
	else
		(void)ws_send(s->ws, frame);
}

void
widget_send_error(
    struct widget_socket *s, const char *code, const char *message, struct slice client_id)
{
	struct json_writer j = widget_send_begin(api_scratch(s->api), "error");

	json_write_str(&j, "message", slice_str(message));
	json_write_str(&j, "code", slice_str(code));
	if (client_id.len > 0)
		json_write_str(&j, "id", client_id);
	widget_send_end(s, &j);
}

void
widget_send_wrong_contact(
    struct widget_socket *s, const char *message, const struct widget_contact *contact)
{
	struct json_writer j = widget_send_begin(api_scratch(s->api), "error");

	json_write_str(&j, "message", slice_str(message));
	json_write_str(&j, "code", slice_str("invalid_contact_info"));
	json_write_open(&j, "fields", '{');
	for (size_t i = 0; i < CONTACT_FIELDS; i++)
		if (contact->wrong[i] != NULL)
			json_write_str(
			    &j, widget_contact_fields[i], slice_str(contact->wrong[i]));
	json_write_close(&j, '}');
	widget_send_end(s, &j);
}

void
widget_send_type(struct widget_socket *s, const char *type)
{
	struct json_writer j = widget_send_begin(api_scratch(s->api), type);

	widget_send_end(s, &j);
}

void
widget_send_session(struct widget_socket *s, const char *token, bool identified)
{
	struct json_writer j = widget_send_begin(api_scratch(s->api), "session");

	json_write_str(&j, "session_token", slice_str(token));
	json_write_bool(&j, "contact_info_submitted", identified);
	widget_send_end(s, &j);
}

void
widget_send_token(struct widget_socket *s, struct slice token)
{
	struct json_writer j = widget_send_begin(api_scratch(s->api), "token");

	json_write_str(&j, "token", token);
	widget_send_end(s, &j);
}

void
widget_send_message(struct widget_socket *s, enum message_role role, struct slice text,
    const struct id *id, enum message_status status)
{
	struct json_writer j;

	if (text.len == 0)
		return;
	j = widget_send_begin(api_scratch(s->api), "message");
	json_write_str(&j, "content", text);
	json_write_str(&j, "role", names_message_role((uint8_t)role));
	if (id != NULL)
		json_write_id(&j, "id", id);
	if (status != MESSAGE_COMPLETE)
		json_write_str(&j, "status", names_message_status((uint8_t)status));
	widget_send_end(s, &j);
}

void
widget_send_handover(struct widget_socket *s, const struct turn_reply *reply)
{
	struct json_writer j = widget_send_begin(api_scratch(s->api), "handover");

	chat_listener_write_handover(&j, reply);
	widget_send_end(s, &j);
}

/* with_id: for clients that stream. */
static void
widget_send_record(struct json_writer *j, const struct msg_message_record *r, bool with_id)
{
	json_write_open(j, NULL, '{');
	json_write_str(j, "role", names_message_role(r->role));
	json_write_str(j, "content", r->text);
	if (with_id)
		json_write_id(j, "id", &r->id);
	if (with_id && r->status != MESSAGE_COMPLETE)
		json_write_str(j, "status", names_message_status(r->status));
	json_write_close(j, '}');
}

void
widget_send_history(struct widget_socket *s, struct slice list, const struct id *active)
{
	struct msg_message_record r;
	struct json_writer j;
	struct slice item;
	struct buf out;

	buf_init(&out, HISTORY_MAX);
	j = widget_send_begin(&out, "history");
	json_write_open(&j, "messages", '[');
	while (wire_list_next(&list, &item)) {
		must(record_decode(item, MSG_MESSAGE_RECORD, &r) == WIRE_OK);
		if (r.text.len > 0 && !id_equal(&r.id, active))
			widget_send_record(&j, &r, s->streams);
	}
	json_write_close(&j, ']');
	if (s->streams)
		json_write_id_or_null(&j, "active", active);
	widget_send_end(s, &j);
	buf_clear(&out);
}
