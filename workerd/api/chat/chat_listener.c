/*
 * The link between exchange and turn.
 */
#include "workerd/api/chat/chat_listener.h"

#include <stdlib.h>

#include "proto/base/basics.h"
#include "workerd/api/chat/chat_failures.h"

static void
chat_listener_free(struct chat_listener *l)
{
	if (l->on_end != NULL)
		l->on_end(l);
	free(l);
}

static void
chat_listener_on_client_gone(struct http_exchange *x)
{
	struct chat_listener *l = x->data;

	turn_leave(l->turn);
	chat_listener_free(l);
}

void *
chat_listener_new(const struct api_call *c, size_t size)
{
	struct chat_listener *l;

	must(size >= sizeof(*l));
	l = xcalloc(1, size);
	*l = (struct chat_listener){.api = c->api, .x = c->x};
	return l;
}

void
chat_listener_start(struct chat_listener *l, struct turn_listener *turn, enum turn_failure why)
{
	l->turn = turn;
	l->x->data = l;
	l->x->on_close = chat_listener_on_client_gone;
	if (turn == NULL)
		chat_failure_reply(chat_listener_done(l), &(struct turn_error){.failure = why});
}

struct http_exchange *
chat_listener_done(struct chat_listener *l)
{
	struct http_exchange *x = l->x;

	x->on_close = NULL;
	x->data = NULL;
	chat_listener_free(l);
	return x;
}

void
chat_listener_write_handover(struct json_writer *j, const struct turn_reply *reply)
{
	json_write_str(
	    j, "state", slice_str(reply->handover == STATE_WAITING ? "waiting" : "person"));
	if (reply->operator_name.len > 0)
		json_write_str(j, "operator", reply->operator_name);
	if (reply->operator_picture.len > 0)
		json_write_str(j, "picture", reply->operator_picture);
	if (reply->handover == STATE_WAITING && reply->closed) {
		json_write_bool(j, "open", false);
		if (reply->opens_at > 0)
			json_write_uint(j, "opensAt", reply->opens_at);
	}
}

struct slice
chat_listener_text(const struct chat_listener *l, const struct turn_reply *reply)
{
	const struct slice none = {0};

	return l->operators && reply->handover == STATE_PERSON ? none : reply->text;
}
