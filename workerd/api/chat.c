/*
 * The chat endpoints: a turn whose listener is an HTTP exchange. Two sinks: the whole reply as one
 * JSON answer, and the reply as it comes, one JSON object a line (NDJSON).
 */
#include <stdlib.h>

#include "proto/basics.h"
#include "workerd/api/api.h"
#include "workerd/api/chat_body.h"
#include "workerd/api/json_text.h"
#include "workerd/chat/turn.h"

/* A listener: what a turn's sink is called with, and what the exchange's data is. */
struct listener {
	struct api *api;
	struct http_exchange *x;
	struct turn *turn;
	bool streaming; /* the answer's head is out */
};

/* -- failures ----------------------------------------------------------------------------- */

struct failure {
	int status;
	const char *code, *message;
	bool retry; /* say when to come again */
};

static const struct failure failures[] = {
    [TURN_STORE_DOWN] = {503, "store_unavailable",
	"The service is temporarily unavailable, please try again", true},
    [TURN_STORE_FULL] = {503, "store_full",
	"The service is out of space, please try again later", true},
    [TURN_MODEL_DOWN] = {502, "model_failed", "The assistant failed to answer", false},
    [TURN_MODEL_SLOW] = {504, "model_timeout", "The assistant took too long to answer", false},
    [TURN_MODEL_BUSY] = {503, "model_busy", "The assistant is busy, please try again", true},
    [TURN_MODEL_AWAY] = {503, "model_unavailable",
	"The assistant is unavailable for now, please try again", true},
    [TURN_TOO_LONG] = {502, "reply_too_long", "The assistant's answer grew too long", false},
    [TURN_CUT] = {503, "shutting_down", "The service is restarting, please try again", true},
    [TURN_ERASED] = {410, "conversation_deleted", "This conversation was deleted", false},
};

static void
reply_failure(struct http_exchange *x, enum turn_failure failure, unsigned retry_after_ms)
{
	const struct failure *f = &failures[failure];

	reply_start(x, f->status);
	if (f->retry)
		reply_header_fmt(x, "Retry-After", "%u",
		    retry_after_ms == 0 ? 2 : (retry_after_ms + 999) / 1000);
	reply_error_body(x, f->code, f->message);
}

/* -- listening ---------------------------------------------------------------------------- */

static void
on_client_gone(struct http_exchange *x)
{
	struct listener *l = x->data;

	turn_detach(l->turn);
	free(l);
}

/* The exchange is the caller's to end; the listener is gone. */
static struct http_exchange *
listener_done(struct listener *l)
{
	struct http_exchange *x = l->x;

	x->on_close = NULL;
	x->data = NULL;
	free(l);
	return x;
}

static void
listen_to_turn(const struct api_call *c, const struct turn_sink *sink)
{
	struct turn_request request = {.org = c->org, .widget = id_default_widget};
	struct chat_body body;
	struct listener *l;
	const char *wrong = chat_body_read(c->x->body, &body);

	if (wrong != NULL) {
		api_reply_invalid(c->api, c->x, "Invalid request payload", wrong);
		return;
	}
	l = xcalloc(1, sizeof(*l));
	*l = (struct listener){.api = c->api, .x = c->x};
	request.session = body.session;
	request.text = body.message;
	request.name = api_context(c->x)->request_id;
	l->turn = turn_begin(c->api->chat, &request, sink, l);
	chat_body_clear(&body);
	if (l->turn == NULL) {
		free(l);
		reply_failure(c->x, TURN_STORE_DOWN, 0);
		return;
	}
	c->x->data = l;
	c->x->on_close = on_client_gone;
}

/* -- the whole reply ---------------------------------------------------------------------- */

static void
whole_start(void *arg, const struct turn_ids *ids)
{
	(void)arg;
	(void)ids;
}

static void
whole_token(void *arg, struct slice text)
{
	(void)arg;
	(void)text;
}

static void
whole_done(void *arg, const struct turn_ids *ids, const struct turn_reply *reply)
{
	struct listener *l = arg;
	struct buf *line = api_line(l->api);
	struct json_text j = json_text(line);

	json_open(&j, NULL, '{');
	json_id(&j, "conversationId", &ids->conversation);
	json_id(&j, "messageId", &ids->message);
	json_str(&j, "message", reply->text);
	json_close(&j, '}');
	must(!j.failed);
	api_reply_json(listener_done(l), 200, buf_slice(line));
}

static void
whole_error(void *arg, enum turn_failure failure, unsigned retry_after_ms)
{
	reply_failure(listener_done(arg), failure, retry_after_ms);
}

void
handle_chat_reply(const struct api_call *c)
{
	static const struct turn_sink sink = {
	    whole_start, whole_token, whole_done, whole_error};

	listen_to_turn(c, &sink);
}

/* -- the reply as it comes ---------------------------------------------------------------- */

/* Begins an event's line: {"type":"…" */
static struct json_text
event_begin(struct listener *l, const char *type)
{
	struct json_text j = json_text(api_line(l->api));

	json_open(&j, NULL, '{');
	json_str(&j, "type", slice_str(type));
	return j;
}

/* Ends the line; valid until the next one. */
static struct slice
event_end(struct json_text *j)
{
	json_close(j, '}');
	must(!j->failed && buf_append(j->out, "\n", 1) == 0);
	return buf_slice(j->out);
}

/* Sends the line. A client that takes nothing is dropped by the connection; the turn goes on. */
static void
event_send(struct listener *l, struct json_text *j)
{
	(void)reply_stream_write(l->x, event_end(j));
}

/* Sends the answer's last line, which holds the whole reply and may be as long as all before. */
static void
event_send_last(struct listener *l, struct json_text *j)
{
	reply_stream_end_with(listener_done(l), event_end(j));
}

static void
stream_start(void *arg, const struct turn_ids *ids)
{
	struct listener *l = arg;
	struct json_text j;

	reply_start(l->x, 200);
	reply_header_str(l->x, "Cache-Control", "no-store, no-transform");
	reply_header_str(l->x, "X-Accel-Buffering", "no");
	reply_stream_begin(l->x, "application/x-ndjson; charset=utf-8");
	api_stream_begin(l->api, l->x);
	l->streaming = true;
	j = event_begin(l, "start");
	json_id(&j, "conversationId", &ids->conversation);
	json_id(&j, "messageId", &ids->message);
	event_send(l, &j);
}

static void
stream_token(void *arg, struct slice text)
{
	struct listener *l = arg;
	struct json_text j = event_begin(l, "token");

	json_str(&j, "token", text);
	event_send(l, &j);
}

static void
stream_done(void *arg, const struct turn_ids *ids, const struct turn_reply *reply)
{
	struct listener *l = arg;
	struct json_text j = event_begin(l, "done");

	json_str(&j, "message", reply->text);
	json_id(&j, "conversationId", &ids->conversation);
	json_id(&j, "messageId", &ids->message);
	event_send_last(l, &j);
}

static void
stream_error(void *arg, enum turn_failure failure, unsigned retry_after_ms)
{
	struct listener *l = arg;
	struct json_text j;

	if (!l->streaming) {
		reply_failure(listener_done(l), failure, retry_after_ms);
		return;
	}
	j = event_begin(l, "error");
	json_str(&j, "error", slice_str(failures[failure].message));
	json_str(&j, "code", slice_str(failures[failure].code));
	event_send_last(l, &j);
}

void
handle_chat_stream(const struct api_call *c)
{
	static const struct turn_sink sink = {
	    stream_start, stream_token, stream_done, stream_error};

	listen_to_turn(c, &sink);
}
