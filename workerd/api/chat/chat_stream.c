/*
 * The head of the answer, which waits for the reply's start, and the events.
 *
 * During a long silence, server-sent event streams get a comment, so that proxies do not close the
 * connection while a model thinks. NDJSON has no comments.
 */
#include "workerd/api/chat/chat_stream.h"

#include <inttypes.h>

#include <event2/event.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "workerd/api/chat/chat_failures.h"
#include "workerd/api/fields/names.h"
#include "workerd/api/request/json_writer.h"
#include "workerd/api/request/request_context.h"
#include "workerd/http/message/negotiate.h"

#define NDJSON "application/x-ndjson"
#define SSE    "text/event-stream"

/* ms that a browser's EventSource waits before it reconnects. */
#define RETRY "retry: 1000\n"

struct stream {
	struct chat_listener l;
	size_t units; /* UTF-16 units of the text so far; only for server-sent events */
	struct event *heartbeat; /* only for server-sent events that have begun */
	bool sse, resumed;
	bool begun;    /* the answer's head was sent */
	bool replayed; /* the first piece of text was sent */
	bool spoke;    /* something was sent since the heartbeat's last tick */
};

/* Begins an event: {"type":"…" */
static struct json_writer
chat_stream_event_begin(struct stream *s, const char *type)
{
	struct buf *out = api_scratch(s->l.api);
	struct json_writer j = json_writer(out);

	if (s->sse)
		must(buf_printf(out, "id: %zu\ndata: ", s->units) == 0);
	json_write_open(&j, NULL, '{');
	json_write_str(&j, "type", slice_str(type));
	return j;
}

/* Ends the event; the bytes are valid until the next event. */
static struct slice
chat_stream_event_end(struct stream *s, struct json_writer *j)
{
	json_write_close(j, '}');
	must(!j->failed && buf_append_str(j->out, s->sse ? "\n\n" : "\n") == 0);
	s->spoke = true;
	return buf_slice(j->out);
}

/* A client that does not read is dropped by the connection; the turn continues. */
static void
chat_stream_event_send(struct stream *s, struct json_writer *j)
{
	(void)reply_stream_write(s->l.x, chat_stream_event_end(s, j));
}

/* Sends the last event, which may hold the whole reply. */
static void
chat_stream_event_send_last(struct stream *s, struct json_writer *j)
{
	struct slice last = chat_stream_event_end(s, j);

	reply_stream_end_with(chat_listener_done(&s->l), last);
}

/* Runs twice within the longest silence allowed. */
static void
chat_stream_on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct stream *s = arg;

	(void)fd;
	(void)what;
	if (!s->spoke)
		(void)reply_stream_write(s->l.x, slice_str(":\n\n"));
	s->spoke = !s->spoke;
}

static void
chat_stream_heartbeat_start(struct stream *s)
{
	struct api *api = s->l.api;

	s->heartbeat = event_new(api->turns->base, -1, EV_PERSIST, chat_stream_on_tick, s);
	must(s->heartbeat != NULL && event_add(s->heartbeat, api->stream_heartbeat) == 0);
}

static void
chat_stream_on_end(struct chat_listener *l)
{
	struct stream *s = (struct stream *)l;

	if (s->heartbeat != NULL)
		event_free(s->heartbeat);
}

/* The answer's head. */
static void
chat_stream_begin(struct stream *s)
{
	struct http_exchange *x = s->l.x;

	reply_start(x, 200);
	reply_header_str(x, "Cache-Control", "no-store, no-transform");
	reply_header_str(x, "X-Accel-Buffering", "no");
	reply_stream_begin(x, s->sse ? SSE "; charset=utf-8" : NDJSON "; charset=utf-8");
	request_context_stream_begin(x, &s->l.api->worker->streams);
	s->begun = true;
	if (!s->sse)
		return;
	(void)reply_stream_write(x, slice_str(RETRY));
	chat_stream_heartbeat_start(s);
}

/* The answer's head, and the first event. */
static void
chat_stream_send_start(struct stream *s, const struct turn_ids *ids, size_t position)
{
	struct json_writer j;

	chat_stream_begin(s);
	s->units = position;
	j = chat_stream_event_begin(s, "start");
	json_write_id(&j, "conversationId", &ids->conversation);
	json_write_id(&j, "messageId", &ids->message);
	if (s->resumed)
		json_write_uint(&j, "position", position);
	chat_stream_event_send(s, &j);
}

static void
chat_stream_stream_start(void *arg, const struct turn_ids *ids, size_t position)
{
	struct stream *s = arg;

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

	if (s->sse)
		s->units += utf8_utf16_len(text);
	j = chat_stream_event_begin(s, "token");
	json_write_str(&j, "token", text);
	if (s->replayed)
		chat_stream_event_send(s, &j);
	else
		(void)reply_stream_replay(s->l.x, chat_stream_event_end(s, &j));
	s->replayed = true;
}

/* A reply that was stopped before the model began had no start. */
static void
chat_stream_stream_done(void *arg, const struct turn_ids *ids, const struct turn_reply *reply)
{
	struct stream *s = arg;
	struct json_writer j;

	if (!s->begun)
		chat_stream_send_start(s, ids, 0);
	j = chat_stream_event_begin(s, "done");
	json_write_str(&j, "message", reply->text);
	json_write_id(&j, "conversationId", &ids->conversation);
	json_write_id(&j, "messageId", &ids->message);
	if (reply->status != MESSAGE_COMPLETE)
		json_write_str(&j, "status", names_message_status((uint8_t)reply->status));
	chat_stream_event_send_last(s, &j);
}

static void
chat_stream_stream_error(void *arg, enum turn_failure failure, unsigned retry_after_ms)
{
	struct stream *s = arg;
	struct json_writer j;

	if (!s->begun) {
		/* The same answer as for a reply that was deleted earlier. */
		if (s->resumed && failure == TURN_ERASED)
			failure = TURN_NOT_FOUND;
		chat_failure_reply(chat_listener_done(&s->l), failure, retry_after_ms);
		return;
	}
	j = chat_stream_event_begin(s, "error");
	chat_failure_write(&j, failure);
	chat_stream_event_send_last(s, &j);
}

const struct turn_sink chat_stream_sink = {chat_stream_stream_start, chat_stream_stream_token,
    chat_stream_stream_done, chat_stream_stream_error};

struct chat_listener *
chat_stream_new(const struct api_call *c, bool resumed)
{
	struct stream *s = chat_listener_new(c, sizeof(*s));

	s->l.on_end = chat_stream_on_end;
	s->resumed = resumed;
	/* An EventSource that shuts down its side will not read on. */
	s->sse = c->x->eof_is_end =
	    negotiate_prefers_type(http_header(c->x->req, "accept"), SSE, NDJSON);
	return &s->l;
}
