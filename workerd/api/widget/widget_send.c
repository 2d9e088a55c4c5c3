/*
 * Frames of the server: JSON objects with a type.
 */
#include "proto/base/basics.h"
#include "workerd/api/chat/chat_listener.h"
#include "workerd/api/fields/names.h"
#include "workerd/api/request/json_writer.h"
#include "workerd/api/widget/widget_socket.h"

/* Bytes of a history frame: the store's longest page with each byte escaped, and the JSON around it. */
#define HISTORY_MAX (6u * 786432 + 1000 * 2048)

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

static bool
widget_send_has_status(const struct msg_message_record *r)
{
	return r->role == MESSAGE_ASSISTANT && r->status != MESSAGE_COMPLETE;
}

void
widget_send_message(struct widget_socket *s, const struct msg_message_record *r)
{
	struct json_writer j;

	if (r->text.len == 0)
		return;
	j = widget_send_begin(api_scratch(s->api), "message");
	json_write_str(&j, "content", r->text);
	live_author_write(&j, r, widget_socket_viewer(s));
	if (!id_is_zero(&r->id))
		json_write_id(&j, "id", &r->id);
	if (widget_send_has_status(r))
		json_write_str(&j, "status", names_message_status(r->status));
	widget_send_end(s, &j);
}

void
widget_send_handover(struct widget_socket *s, const struct turn_reply *reply)
{
	struct json_writer j = widget_send_begin(api_scratch(s->api), "handover");

	chat_listener_write_handover(&j, reply);
	widget_send_end(s, &j);
}

void
widget_send_operator(struct widget_socket *s, const char *state, struct slice name)
{
	struct json_writer j = widget_send_begin(api_scratch(s->api), "operator");

	json_write_str(&j, "state", slice_str(state));
	if (name.len > 0)
		json_write_str(&j, "name", name);
	widget_send_end(s, &j);
}

/* Ids and states are for clients that stream. */
static void
widget_send_record(
    const struct widget_socket *s, struct json_writer *j, const struct msg_message_record *r)
{
	json_write_open(j, NULL, '{');
	live_author_write(j, r, widget_socket_viewer(s));
	json_write_str(j, "content", r->text);
	if (s->streams)
		json_write_id(j, "id", &r->id);
	if (s->streams && widget_send_has_status(r))
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
			widget_send_record(s, &j, &r);
	}
	json_write_close(&j, ']');
	if (s->streams)
		json_write_id_or_null(&j, "active", active);
	widget_send_end(s, &j);
	buf_clear(&out);
}
