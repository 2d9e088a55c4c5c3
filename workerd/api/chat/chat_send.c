/*
 * POST /v1/chat, /v1/chat/stream and /chat: a visitor's message, and its reply, whole or streamed.
 */
#include "proto/base/basics.h"
#include "workerd/api/chat/chat_body.h"
#include "workerd/api/chat/chat_failures.h"
#include "workerd/api/chat/chat_handlers.h"
#include "workerd/api/chat/chat_identify.h"
#include "workerd/api/chat/chat_page.h"
#include "workerd/api/chat/chat_stream.h"
#include "workerd/api/fields/names.h"
#include "workerd/api/fields/sources_json.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/api/request/connection_limit.h"
#include "workerd/api/request/json_writer.h"
#include "workerd/api/request/request_context.h"
#include "workerd/api/steps/step_json.h"

/* Reads the body. False: 400 was sent. Else it must be cleared. */
static bool
chat_send_read_body(const struct api_call *c, struct chat_body *body)
{
	struct slice key = http_header(c->x->req, "idempotency-key");
	const char *wrong = chat_body_read(c->x->body, key, body);

	if (wrong == NULL) {
		wrong = files_json_fit(c->api->settings, files_json_slice(&body->files));
		if (wrong != NULL)
			chat_body_clear(body);
	}
	if (wrong != NULL)
		api_reply_invalid_body(c, wrong);
	return wrong == NULL;
}

/* Starts a turn for the message; the listener gets its reply. */
static void
chat_send_start(const struct api_call *c, const struct chat_body *body, struct chat_listener *l,
    const struct turn_sink *sink)
{
	struct turn_request request = {
	    .org = c->org,
	    .widget = c->widget,
	    .session = body->session,
	    .text = body->message,
	    .files = files_json_slice(&body->files),
	    .answer = buf_slice(&body->answer),
	    .client_id = body->client_id,
	    .context = buf_slice(&body->context),
	    .user_id = body->identity.user_id,
	    .name = request_context_of(c->x)->request_id,
	    .source = connection_limit_key(c->api, &request_context_of(c->x)->client.address),
	    .sender = request_context_of(c->x)->client.address,
	    .asks_person = body->asks_person,
	};
	enum turn_failure why;
	struct turn_listener *turn;
	struct buf page;

	buf_init(&page, CHAT_PAGE_MAX);
	if (body->page != NULL)
		chat_page_encode(body->page, http_header(c->x->req, "user-agent"), &page);
	request.page = buf_slice(&page);
	l->operators = body->operators;
	l->sources = body->sources;
	l->steps = body->steps;
	turn = turn_begin(c->api->turns, &request, sink, l, &why);
	buf_clear(&page);
	chat_listener_start(l, turn, why);
}

static void
chat_send_on_start(void *arg, const struct turn_ids *ids, size_t position)
{
	(void)arg;
	(void)ids;
	(void)position;
}

static void
chat_send_on_token(void *arg, struct slice text)
{
	(void)arg;
	(void)text;
}

/* Both are zero if the model server does not report usage. */
static void
chat_send_write_usage(struct json_writer *j, const struct turn_reply *reply)
{
	if (reply->prompt_tokens == 0 && reply->completion_tokens == 0) {
		json_write_null(j, "usage");
		return;
	}
	json_write_open(j, "usage", '{');
	json_write_uint(j, "promptTokens", reply->prompt_tokens);
	json_write_uint(j, "completionTokens", reply->completion_tokens);
	json_write_close(j, '}');
}

static void
chat_send_on_done(void *arg, const struct turn_ids *ids, const struct turn_reply *reply)
{
	struct chat_listener *l = arg;
	struct buf *line = api_scratch(l->api);
	struct json_writer j = json_writer(line);

	json_write_open(&j, NULL, '{');
	json_write_id(&j, "conversationId", &ids->conversation);
	json_write_id(&j, "messageId", &ids->message);
	json_write_str(&j, "message", chat_listener_text(l, reply));
	chat_send_write_usage(&j, reply);
	if (reply->status != MESSAGE_COMPLETE)
		json_write_str(&j, "status", names_message_status((uint8_t)reply->status));
	if (reply->waiting != NULL)
		step_json_write_waiting(&j, ids, reply->waiting);
	if (l->operators && reply->handover != STATE_OPEN) {
		json_write_bool(&j, "handover", true);
		chat_listener_write_handover(&j, reply);
	}
	if (l->sources)
		sources_json_write(&j, reply->sources, reply->text);
	json_write_close(&j, '}');
	must(!j.failed);
	api_reply_json(chat_listener_done(l), 200, buf_slice(line));
}

static void
chat_send_on_error(void *arg, const struct turn_error *error)
{
	chat_failure_reply(chat_listener_done(arg), error);
}

static void
chat_send_reply(const struct api_call *c, const struct chat_body *body)
{
	static const struct turn_sink sink = {.start = chat_send_on_start,
	    .token = chat_send_on_token,
	    .done = chat_send_on_done,
	    .error = chat_send_on_error};

	chat_send_start(c, body, chat_listener_new(c, sizeof(struct chat_listener)), &sink);
}

static void
chat_send_stream(const struct api_call *c, const struct chat_body *body)
{
	chat_send_start(c, body, chat_stream_new(c, false), &chat_stream_sink);
}

void
handle_chat_reply(const struct api_call *c)
{
	struct chat_body body;

	if (chat_send_read_body(c, &body))
		chat_identify(c, &body, chat_send_reply);
}

void
handle_chat_stream(const struct api_call *c)
{
	struct chat_body body;

	if (chat_send_read_body(c, &body))
		chat_identify(c, &body, chat_send_stream);
}
