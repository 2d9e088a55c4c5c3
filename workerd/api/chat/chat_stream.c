/*
 * The head of the answer, which waits for the reply's start, and the events.
 */
#include "workerd/api/chat/chat_stream.h"

#include <stddef.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "workerd/api/chat/chat_failures.h"
#include "workerd/api/fields/names.h"
#include "workerd/api/fields/sources_json.h"
#include "workerd/api/request/event_stream.h"
#include "workerd/api/steps/step_json.h"

struct stream {
	struct chat_listener l;
	struct event_stream events;
	uint64_t units; /* UTF-16 units of the text so far; only for server-sent events */
	bool resumed;
	bool replayed; /* the first piece of text was sent */
	struct turn_ids
	    ids; /* of a message that was stored now, for a head before the reply's start */
};

static struct json_writer
chat_stream_event_begin(struct stream *s, const char *type)
{
	return event_stream_open(&s->events, &s->units, type);
}

static void
chat_stream_event_send(struct stream *s, struct json_writer *j)
{
	event_stream_send(&s->events, j);
}

/* Sends the last event, which may hold the whole reply. */
static void
chat_stream_event_send_last(struct stream *s, struct json_writer *j)
{
	struct slice last = event_stream_close(&s->events, j);

	reply_stream_end_with(chat_listener_done(&s->l), last);
}

static void
chat_stream_on_end(struct chat_listener *l)
{
	event_stream_clear(&((struct stream *)l)->events);
}

/* The answer's head, and the first event. */
static void
chat_stream_send_start(struct stream *s, const struct turn_ids *ids, size_t position)
{
	struct json_writer j;

	event_stream_begin(&s->events);
	s->units = position;
	j = chat_stream_event_begin(s, "start");
	json_write_id(&j, "conversationId", &ids->conversation);
	json_write_id(&j, "messageId", &ids->message);
	if (s->resumed)
		json_write_uint(&j, "position", position);
	chat_stream_event_send(s, &j);
}

/* The model is silent: a proxy would close the connection. Failures are events from now on. */
static void
chat_stream_on_silence(struct event_stream *events)
{
	struct stream *s = (struct stream *)((char *)events - offsetof(struct stream, events));

	if (s->events.begun)
		event_stream_write_silence(events);
	else
		chat_stream_send_start(s, &s->ids, 0);
}

static void
chat_stream_stream_stored(void *arg, const struct turn_ids *ids)
{
	struct stream *s = arg;

	s->ids = *ids;
	s->events.silent = chat_stream_on_silence;
	event_stream_wait(&s->events);
}

static void
chat_stream_stream_start(void *arg, const struct turn_ids *ids, size_t position)
{
	struct stream *s = arg;

	/* It was sent during a silence. */
	if (s->events.begun)
		return;
	chat_stream_send_start(s, ids, position);
	if (s->l.x->method != HTTP_HEAD)
		return;
	/* HEAD: no events. */
	turn_leave(s->l.turn);
	reply_stream_end(chat_listener_done(&s->l));
}

/* The first piece of a resumed stream is everything that the client missed. */
static void
chat_stream_stream_token(void *arg, struct slice text)
{
	struct stream *s = arg;
	struct json_writer j;

	if (s->events.sse)
		s->units += utf8_utf16_len(text);
	j = chat_stream_event_begin(s, "token");
	json_write_str(&j, "token", text);
	if (s->replayed)
		chat_stream_event_send(s, &j);
	else
		(void)reply_stream_replay(s->l.x, event_stream_close(&s->events, &j));
	s->replayed = true;
}

static void
chat_stream_stream_source(void *arg, const struct turn_source *source)
{
	struct stream *s = arg;
	struct json_writer j;

	if (!s->l.sources)
		return;
	j = chat_stream_event_begin(s, "source");
	sources_json_write_mark(&j, source);
	chat_stream_event_send(s, &j);
}

/* The text of a message that a person answers comes as a token, too, for clients that show only these. */
static void
chat_stream_send_handover(struct stream *s, const struct turn_reply *reply)
{
	struct json_writer j;

	if (s->l.operators) {
		j = chat_stream_event_begin(s, "handover");
		chat_listener_write_handover(&j, reply);
		chat_stream_event_send(s, &j);
	} else if (reply->handover == STATE_PERSON) {
		chat_stream_stream_token(s, reply->text);
	}
}

/* A reply that was stopped before the model began had no start. */
static void
chat_stream_stream_done(void *arg, const struct turn_ids *ids, const struct turn_reply *reply)
{
	struct stream *s = arg;
	struct json_writer j;

	if (!s->events.begun)
		chat_stream_send_start(s, ids, 0);
	if (reply->handover != STATE_OPEN)
		chat_stream_send_handover(s, reply);
	if (s->l.steps && reply->waiting != NULL) {
		j = chat_stream_event_begin(s, "step");
		step_json_write_waiting(&j, ids, reply->waiting);
		chat_stream_event_send(s, &j);
	}
	j = chat_stream_event_begin(s, "done");
	json_write_str(&j, "message", chat_listener_text(&s->l, reply));
	json_write_id(&j, "conversationId", &ids->conversation);
	json_write_id(&j, "messageId", &ids->message);
	if (reply->status != MESSAGE_COMPLETE)
		json_write_str(&j, "status", names_message_status((uint8_t)reply->status));
	if (s->l.operators && reply->handover != STATE_OPEN)
		json_write_bool(&j, "handover", true);
	if (s->l.sources)
		sources_json_write(&j, reply->sources, reply->text);
	chat_stream_event_send_last(s, &j);
}

static void
chat_stream_stream_error(void *arg, const struct turn_error *error)
{
	struct turn_error shown = *error;
	struct stream *s = arg;
	struct json_writer j;

	if (!s->events.begun) {
		/* The same answer as for a reply that was deleted earlier. */
		if (s->resumed && shown.failure == TURN_ERASED)
			shown.failure = TURN_NOT_FOUND;
		chat_failure_reply(chat_listener_done(&s->l), &shown);
		return;
	}
	j = chat_stream_event_begin(s, "error");
	chat_failure_write(&j, error);
	chat_stream_event_send_last(s, &j);
}

const struct turn_sink chat_stream_sink = {.start = chat_stream_stream_start,
    .token = chat_stream_stream_token,
    .source = chat_stream_stream_source,
    .done = chat_stream_stream_done,
    .error = chat_stream_stream_error,
    .stored = chat_stream_stream_stored};

struct chat_listener *
chat_stream_new(const struct api_call *c, bool resumed)
{
	struct stream *s = chat_listener_new(c, sizeof(*s));

	s->l.on_end = chat_stream_on_end;
	s->resumed = resumed;
	/* An EventSource that shuts down its side will not read on. */
	s->events = (struct event_stream){
	    .api = c->api, .x = c->x, .sse = event_stream_prefers_sse(c->x->req)};
	c->x->eof_is_end = s->events.sse;
	return &s->l;
}
