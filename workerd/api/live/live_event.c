#include "proto/base/basics.h"
#include "workerd/api/attached/files_json.h"
#include "workerd/api/attached/structure_json.h"
#include "workerd/api/fields/names.h"
#include "workerd/api/fields/sources_json.h"
#include "workerd/api/live/live_follower_internal.h"

/* Adds an item; false when the cursor is full. */
static bool
live_event_cursor_add(struct live_cursor *cursor, const struct live_cursor_item *item)
{
	if (cursor->n == LIVE_CURSOR_ITEMS)
		return false;
	cursor->items[cursor->n++] = *item;
	return true;
}

/* Adds the messages of a list, without those that the other list has. */
static bool
live_event_cursor_add_sent(struct live_cursor *cursor, const struct live_sent_list *list,
    const struct live_sent_list *except)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct live_sent *sent = &list->items[i];

		if (live_sent_find(except, &sent->message) == NULL &&
		    !live_event_cursor_add(cursor,
			&(struct live_cursor_item){
			    .message = sent->message, .interrupted = sent->interrupted}))
			return false;
	}
	return true;
}

static bool
live_event_cursor_add_replies(struct live_cursor *cursor, const struct live_follower *f)
{
	const struct live_reply *r;

	LIST_FOREACH (r, &f->replies, link)
		if (!live_event_cursor_add(cursor,
			&(struct live_cursor_item){
			    .message = r->id, .writing = true, .units = (uint32_t)r->units}))
			return false;
	return true;
}

/* What the client has with this event. Empty if that is too much for an id: the client keeps the previous
 * one, and gets some messages twice if it resumes there. */
static struct slice
live_event_id(const struct live_follower *f, char text[LIVE_CURSOR_TEXT])
{
	const struct live_thread *t = &f->thread;
	struct live_cursor cursor = {.conversation = t->conversation,
	    .settled = t->settled,
	    .has_state = f->stream.poll,
	    .state = f->state,
	    .operator= f->operator, };

	if ((!f->stream.sse && !f->stream.poll) ||
	    !live_event_cursor_add_sent(&cursor, &t->seen, &t->sent) ||
	    !live_event_cursor_add_sent(&cursor, &t->sent, &(struct live_sent_list){0}) ||
	    !live_event_cursor_add_replies(&cursor, f))
		return (struct slice){0};
	return live_cursor_format(&cursor, text);
}

static struct json_writer
live_event_open(struct live_follower *f, const char *type)
{
	char text[LIVE_CURSOR_TEXT];

	f->stream.busy = !LIST_EMPTY(&f->replies);
	return event_stream_open_as(&f->stream, live_event_id(f, text), type);
}

/* An owner sees all that was found. */
static void
live_event_write_sources(const struct live_follower *f, struct json_writer *j,
    struct slice record, struct slice text)
{
	if (f->viewer == VIEWER_OWNER)
		sources_json_write_found(j, record, text);
	else if (f->sources)
		sources_json_write(j, record, text);
}

void
live_event_message(
    struct live_follower *f, const struct msg_message_record *r, struct slice people)
{
	struct json_writer j = live_event_open(f, "message");

	json_write_id(&j, "id", &r->id);
	live_author_write(&j, r, people, f->viewer);
	json_write_str(&j, "content", r->text);
	files_json_write(&j, r->files);
	structure_json_write(&j, r);
	json_write_uint(&j, "createdAt", r->created_at);
	json_write_str(&j, "status", names_message_status(r->status));
	if (r->role == MESSAGE_ASSISTANT)
		live_event_write_sources(f, &j, r->sources, r->text);
	event_stream_send(&f->stream, &j);
}

void
live_event_question(struct live_follower *f, const struct msg_live_turn *turn)
{
	live_event_message(f,
	    &(struct msg_message_record){
		.id = turn->message,
		.role = MESSAGE_USER,
		.status = MESSAGE_COMPLETE,
		.created_at = id_ms(&turn->message),
		.text = turn->text,
	    },
	    (struct slice){0});
}

void
live_event_start(struct live_reply *r, size_t position)
{
	struct json_writer j = live_event_open(r->f, "start");

	json_write_id(&j, "messageId", &r->id);
	json_write_uint(&j, "position", position);
	event_stream_send(&r->f->stream, &j);
}

void
live_event_token(struct live_reply *r, struct slice token)
{
	struct json_writer j = live_event_open(r->f, "token");

	json_write_id(&j, "messageId", &r->id);
	json_write_str(&j, "token", token);
	event_stream_send(&r->f->stream, &j);
}

void
live_event_source(struct live_reply *r, const struct turn_source *source)
{
	struct json_writer j;

	if (!r->f->sources)
		return;
	j = live_event_open(r->f, "source");
	json_write_id(&j, "messageId", &r->id);
	sources_json_write_mark(&j, source);
	event_stream_send(&r->f->stream, &j);
}

void
live_event_done(struct live_follower *f, const struct id *reply, const struct turn_reply *end)
{
	struct json_writer j = live_event_open(f, "done");

	json_write_id(&j, "messageId", reply);
	json_write_str(&j, "message", end->text);
	json_write_str(&j, "status", names_message_status((uint8_t)end->status));
	live_event_write_sources(f, &j, end->sources, end->text);
	event_stream_send(&f->stream, &j);
}

/* Owners see that the visitor writes, and the visitor that an operator does. */
void
live_event_typing(struct live_follower *f)
{
	struct json_writer j = live_event_open(f, "typing");
	bool visitor = f->viewer == VIEWER_OWNER;

	json_write_str(&j, "role",
	    names_word(message_role_words, visitor ? MESSAGE_USER : MESSAGE_OPERATOR));
	event_stream_send(&f->stream, &j);
}

void
live_event_presence(struct live_follower *f, struct slice operator)
{
	struct json_writer j = live_event_open(f, "presence");
	struct msg_operator_presence r;

	must(record_decode(operator, MSG_OPERATOR_PRESENCE, &r) == WIRE_OK);
	live_author_write_person(
	    &j, "operator", &(struct live_person){.id = r.operator, .name = r.name}, f->viewer);
	json_write_str(&j, "doing", names_word(operator_doing_words, r.doing));
	event_stream_send(&f->stream, &j);
}

void
live_event_erased(struct live_follower *f)
{
	struct json_writer j = live_event_open(f, "erased");

	event_stream_send(&f->stream, &j);
}

static const struct msg_conversation_record no_conversation;

static bool
live_event_state_is_known(
    const struct live_follower *f, const struct msg_conversation_record *r)
{
	return f->told_state && id_equal(&f->conversation, &r->id) && f->state == r->state &&
	    f->operator== live_cursor_operator(&r->operator);
}

void
live_event_state(
    struct live_follower *f, const struct msg_conversation_record *r, struct slice people)
{
	struct json_writer j;

	if (r == NULL)
		r = &no_conversation;
	if (live_event_state_is_known(f, r))
		return;
	f->told_state = true;
	f->conversation = r->id;
	f->state = r->state;
	f->operator= live_cursor_operator(&r->operator);
	j = live_event_open(f, "state");
	json_write_id_or_null(&j, "conversationId", &r->id);
	json_write_str(&j, "state", names_word(conversation_state_words, r->state));
	if (id_is_zero(&r->operator))
		json_write_null(&j, "operator");
	else
		live_author_write_person(&j, "operator",
		    &(struct live_person){r->operator, r->operator_name,
			live_author_picture(people, &r->operator)},
		    f->viewer);
	event_stream_send(&f->stream, &j);
}
