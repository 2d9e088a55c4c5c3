/*
 * POST /v1/chat/{messageId}/stop: stops a reply, on any connection and in any worker. The partial text is
 * kept, and all listeners are notified.
 */
#include "proto/base/basics.h"
#include "workerd/api/chat/chat_body.h"
#include "workerd/api/chat/chat_failures.h"
#include "workerd/api/chat/chat_handlers.h"
#include "workerd/api/chat/chat_listener.h"
#include "workerd/api/chat/chat_reply_ref.h"
#include "workerd/api/fields/names.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/api/request/json_writer.h"

/* Answers how the reply ended, by this stop or earlier. */
static void
chat_stop_reply_status(struct chat_listener *l, enum message_status status)
{
	struct buf *line = api_scratch(l->api);
	struct json_writer j = json_writer(line);

	json_write_open(&j, NULL, '{');
	json_write_str(&j, "status", names_message_status((uint8_t)status));
	json_write_close(&j, '}');
	must(!j.failed);
	api_reply_json(chat_listener_done(l), 200, buf_slice(line));
}

static void
chat_stop_on_done(void *arg, const struct turn_ids *ids, const struct turn_reply *reply)
{
	(void)ids;
	chat_stop_reply_status(arg, reply->status);
}

/* A reply that is deleted meanwhile is answered as one that was deleted earlier. */
static void
chat_stop_on_error(void *arg, const struct turn_error *error)
{
	struct turn_error shown = *error;

	if (shown.failure == TURN_ERASED)
		shown.failure = TURN_NOT_FOUND;
	if (chat_failure_is_kept(shown.failure))
		chat_stop_reply_status(arg, MESSAGE_INTERRUPTED);
	else
		chat_failure_reply(chat_listener_done(arg), &shown);
}

void
handle_chat_stop(const struct api_call *c)
{
	static const struct turn_sink sink = {
	    .done = chat_stop_on_done, .error = chat_stop_on_error};
	struct reply_ref reference;
	struct chat_listener *l;
	struct chat_body body;
	const char *wrong;

	if (!chat_reply_ref_read(c, &reference))
		return;
	wrong = chat_body_read_session(c->x->body, &body);
	if (wrong != NULL) {
		api_reply_invalid_body(c, wrong);
		return;
	}
	reference.session = body.session;
	l = chat_listener_new(c, sizeof(*l));
	chat_listener_start(l, turn_stop(c->api->turns, &reference, &sink, l), TURN_STORE_DOWN);
	chat_body_clear(&body);
}
