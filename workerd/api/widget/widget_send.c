/*
 * Frames of the server: JSON objects with a type.
 */
#include "workerd/api/widget/widget_send.h"
#include "proto/base/basics.h"
#include "workerd/api/attached/files_json.h"
#include "workerd/api/attached/structure_json.h"
#include "workerd/api/chat/chat_failures.h"
#include "workerd/api/chat/chat_listener.h"
#include "workerd/api/chat/chat_rating.h"
#include "workerd/api/fields/names.h"
#include "workerd/api/fields/parameters.h"
#include "workerd/api/fields/sources_json.h"
#include "workerd/api/request/json_writer.h"
#include "workerd/api/steps/step_json.h"

/* Bytes of a history frame: the store's longest page with each byte escaped, and the JSON around it. */
#define HISTORY_MAX (6u * 786432 + 1000 * 4096)

/* Longer frames wait whole for a slow client, as missed messages do. */
#define LONG_FRAME (64u * 1024)

void
widget_outlet_read(struct widget_outlet *o, struct slice query)
{
	o->streams = parameter_is(query, "stream", "1");
	o->operators = parameter_is(query, "operators", "1");
	o->sources = parameter_is(query, "sources", "1");
	o->history = parameter_is(query, "history", "1");
}

static struct json_writer
widget_send_begin(struct buf *out, const char *type)
{
	struct json_writer j = json_writer(out);

	json_write_open(&j, NULL, '{');
	json_write_str(&j, "type", slice_str(type));
	return j;
}

static void
widget_send_post(struct buf *posted, struct slice frame)
{
	const struct slice all = buf_slice(posted);

	must((all.p[all.len - 1] == '[' || buf_append_str(posted, ",") == 0) &&
	    buf_append(posted, frame.p, frame.len) == 0);
}

/* A client that does not read is disconnected. */
static void
widget_send_end(struct widget_outlet *o, struct json_writer *j)
{
	struct slice frame;
	bool is_long;

	json_write_close(j, '}');
	must(!j->failed);
	frame = buf_slice(j->out);
	is_long = frame.len > LONG_FRAME;
	if (o->ws != NULL) {
		(void)(is_long || o->replays ? ws_send_replay(o->ws, frame)
					     : ws_send(o->ws, frame));
	} else if (o->stream != NULL) {
		o->stream->busy = o->place->typing;
		event_stream_send_frame(o->stream, live_place_number(o->place), frame, is_long);
	} else if (o->posted != NULL) {
		widget_send_post(o->posted, frame);
	}
}

static void
widget_send_error_of(struct json_writer *j, const char *code, struct slice message,
    struct slice client_id, unsigned retry_after_ms)
{
	json_write_str(j, "message", message);
	json_write_str(j, "code", slice_str(code));
	if (client_id.len > 0)
		json_write_str(j, "id", client_id);
	if (retry_after_ms > 0)
		json_write_uint(j, "retryAfterMs", retry_after_ms);
}

static void
widget_send_error_text(struct widget_outlet *o, const char *code, struct slice message,
    struct slice client_id, unsigned retry_after_ms)
{
	struct json_writer j = widget_send_begin(api_scratch(o->api), "error");

	widget_send_error_of(&j, code, message, client_id, retry_after_ms);
	widget_send_end(o, &j);
}

void
widget_send_error(
    struct widget_outlet *o, const char *code, const char *message, struct slice client_id)
{
	widget_send_error_text(o, code, slice_str(message), client_id, 0);
}

void
widget_send_error_for_now(struct widget_outlet *o, const char *code, const char *message,
    struct slice client_id, unsigned retry_after_ms)
{
	widget_send_error_text(o, code, slice_str(message), client_id, retry_after_ms);
}

void
widget_send_failure(
    struct widget_outlet *o, const struct turn_error *error, struct slice client_id)
{
	struct json_writer j = widget_send_begin(api_scratch(o->api), "error");

	widget_send_error_of(&j, chat_failure_code(error->failure), chat_failure_text(error),
	    client_id, chat_failure_retry_after_ms(error));
	chat_failure_write_fields(&j, error);
	widget_send_end(o, &j);
}

void
widget_send_wrong_contact(
    struct widget_outlet *o, const char *message, const struct contact_details *contact)
{
	struct json_writer j = widget_send_begin(api_scratch(o->api), "error");

	json_write_str(&j, "message", slice_str(message));
	json_write_str(&j, "code", slice_str("invalid_contact_info"));
	contact_details_write_wrong(&j, contact);
	widget_send_end(o, &j);
}

void
widget_send_type(struct widget_outlet *o, const char *type)
{
	struct json_writer j = widget_send_begin(api_scratch(o->api), type);

	widget_send_end(o, &j);
}

void
widget_send_session(struct widget_outlet *o, const char *token, bool identified)
{
	struct json_writer j = widget_send_begin(api_scratch(o->api), "session");

	json_write_str(&j, "session_token", slice_str(token));
	json_write_bool(&j, "contact_info_submitted", identified);
	widget_send_end(o, &j);
}

void
widget_send_token(struct widget_outlet *o, struct slice token)
{
	struct json_writer j = widget_send_begin(api_scratch(o->api), "token");

	json_write_str(&j, "token", token);
	widget_send_end(o, &j);
}

void
widget_send_source(struct widget_outlet *o, const struct turn_source *source)
{
	struct json_writer j;

	if (!o->streams || !o->sources)
		return;
	j = widget_send_begin(api_scratch(o->api), "source");
	sources_json_write_mark(&j, source);
	widget_send_end(o, &j);
}

void
widget_send_steps(struct widget_outlet *o, struct slice records)
{
	struct json_writer j = widget_send_begin(api_scratch(o->api), "steps");

	step_json_write_list(&j, records);
	widget_send_end(o, &j);
}

bool
widget_send_decided(struct widget_outlet *o, uint16_t type, const union msg *m)
{
	struct msg_step_record r;
	struct json_writer j;

	if (store_refused(type, m, STORE_NOT_FOUND)) {
		widget_send_error(
		    o, "step_not_found", "There is no such step", (struct slice){0});
		return true;
	}
	if (store_refused(type, m, STORE_DENIED)) {
		widget_send_error(
		    o, "step_other_user", STEP_JSON_OTHER_USER, (struct slice){0});
		return true;
	}
	if (type != MSG_STEP_DECIDED)
		return false;
	must(record_decode(m->step_decided.step, MSG_STEP_RECORD, &r) == WIRE_OK);
	j = widget_send_begin(api_scratch(o->api), "step");
	json_write_bool(&j, "granted", m->step_decided.granted);
	json_write_open(&j, "step", '{');
	step_json_write_members(&j, &r);
	json_write_close(&j, '}');
	widget_send_end(o, &j);
	return true;
}

/* Only of replies, and only for clients that want to know. */
static void
widget_send_sources(
    const struct widget_outlet *o, struct json_writer *j, const struct msg_message_record *r)
{
	if (o->sources && r->role == MESSAGE_ASSISTANT)
		sources_json_write(j, r->sources, r->text);
}

static bool
widget_send_has_status(const struct msg_message_record *r)
{
	return r->role == MESSAGE_ASSISTANT && r->status != MESSAGE_COMPLETE;
}

void
widget_send_message(struct widget_outlet *o, const struct msg_message_record *r)
{
	widget_send_message_of(o, &(struct msg_message_page){0}, r);
}

void
widget_send_message_of(struct widget_outlet *o, const struct msg_message_page *page,
    const struct msg_message_record *r)
{
	struct json_writer j;

	if (r->text.len + r->files.len == 0)
		return;
	j = widget_send_begin(api_scratch(o->api), "message");
	json_write_str(&j, "content", r->text);
	files_json_write(&j, r->files);
	structure_json_write(&j, r);
	live_author_write(&j, r, page->people, widget_outlet_viewer(o));
	if (!id_is_zero(&r->id))
		json_write_id(&j, "id", &r->id);
	if (o->history && !id_is_zero(&r->id))
		json_write_uint(
		    &j, "createdAt", r->created_at != 0 ? r->created_at : id_ms(&r->id));
	if (widget_send_has_status(r))
		json_write_str(&j, "status", names_message_status(r->status));
	widget_send_sources(o, &j, r);
	widget_send_end(o, &j);
}

static bool
widget_send_broke_off_empty(const struct msg_message_record *r)
{
	return r->text.len == 0 && r->role == MESSAGE_ASSISTANT &&
	    r->status == MESSAGE_INTERRUPTED;
}

bool
widget_send_shows(const struct msg_message_record *r)
{
	return r->text.len + r->files.len > 0 || widget_send_broke_off_empty(r);
}

void
widget_send_stored(struct widget_outlet *o, const struct msg_message_page *page,
    const struct msg_message_record *r)
{
	if (widget_send_broke_off_empty(r))
		widget_send_error(o, chat_failure_code(TURN_INTERRUPTED),
		    chat_failure_message(TURN_INTERRUPTED), (struct slice){0});
	else
		widget_send_message_of(o, page, r);
}

void
widget_send_handover(struct widget_outlet *o, const struct turn_reply *reply)
{
	struct json_writer j = widget_send_begin(api_scratch(o->api), "handover");

	chat_listener_write_handover(&j, reply);
	widget_send_end(o, &j);
}

static void
widget_send_operator(
    struct widget_outlet *o, const char *state, struct slice name, struct slice picture)
{
	struct json_writer j = widget_send_begin(api_scratch(o->api), "operator");

	json_write_str(&j, "state", slice_str(state));
	if (name.len > 0)
		json_write_str(&j, "name", name);
	if (picture.len > 0)
		json_write_str(&j, "picture", picture);
	widget_send_end(o, &j);
}

void
widget_send_operator_typing(struct widget_outlet *o)
{
	widget_send_operator(o, "typing", (struct slice){0}, (struct slice){0});
}

/* For a visitor, a conversation that is open or resolved is one without an operator. */
static const char *
widget_send_name_presence(enum conversation_state state)
{
	switch (state) {
	case STATE_WAITING:
		return "waiting";
	case STATE_PERSON:
		return "joined";
	case STATE_OPEN:
	case STATE_RESOLVED:
		break;
	}
	return "left";
}

void
widget_send_presence(
    struct widget_outlet *o, const struct msg_conversation_record *r, struct slice people)
{
	const char *name = widget_send_name_presence((enum conversation_state)r->state);

	widget_send_operator(
	    o, name, r->operator_name, live_author_picture(people, &r->operator));
}

/* What only clients that load older history get. */
static void
widget_send_more_of_record(struct json_writer *j, const struct msg_message_record *r)
{
	struct msg_message_details details;

	json_write_uint(j, "createdAt", r->created_at);
	if (r->details.len == 0 ||
	    record_decode(r->details, MSG_MESSAGE_DETAILS, &details) != WIRE_OK)
		return;
	if (details.rating != RATING_NONE)
		json_write_str(j, "rating", chat_rating_name(details.rating));
}

/* Ids and states are for clients that stream. */
static void
widget_send_record(const struct widget_outlet *o, struct json_writer *j,
    const struct msg_message_page *page, const struct msg_message_record *r, bool has_more)
{
	const bool has_ids = has_more || o->streams;

	json_write_open(j, NULL, '{');
	live_author_write(j, r, page->people, widget_outlet_viewer(o));
	json_write_str(j, "content", r->text);
	files_json_write(j, r->files);
	structure_json_write(j, r);
	if (has_ids)
		json_write_id(j, "id", &r->id);
	if (has_ids && widget_send_has_status(r))
		json_write_str(j, "status", names_message_status(r->status));
	widget_send_sources(o, j, r);
	if (has_more)
		widget_send_more_of_record(j, r);
	json_write_close(j, '}');
}

/* The active reply is left out. */
static void
widget_send_records(const struct widget_outlet *o, struct json_writer *j,
    const struct msg_message_page *page, bool has_more)
{
	struct slice list = page->messages, item;
	struct msg_message_record r;

	json_write_open(j, "messages", '[');
	while (wire_list_next(&list, &item)) {
		must(record_decode(item, MSG_MESSAGE_RECORD, &r) == WIRE_OK);
		if (r.text.len + r.files.len > 0 && !id_equal(&r.id, &page->active))
			widget_send_record(o, j, page, &r, has_more);
	}
	json_write_close(j, ']');
}

void
widget_send_history(struct widget_outlet *o, const struct msg_message_page *page)
{
	struct json_writer j;
	struct buf out;

	buf_init(&out, HISTORY_MAX);
	j = widget_send_begin(&out, "history");
	widget_send_records(o, &j, page, o->history);
	if (o->streams)
		json_write_id_or_null(&j, "active", &page->active);
	if (o->history)
		json_write_bool(&j, "more", page->next != 0);
	widget_send_end(o, &j);
	buf_clear(&out);
}

void
widget_send_older(
    struct widget_outlet *o, const struct id *before, const struct msg_message_page *page)
{
	struct json_writer j;
	struct buf out;

	buf_init(&out, HISTORY_MAX);
	j = widget_send_begin(&out, "history");
	json_write_id(&j, "before", before);
	widget_send_records(o, &j, page, true);
	json_write_bool(&j, "more", page->next != 0);
	widget_send_end(o, &j);
	buf_clear(&out);
}
