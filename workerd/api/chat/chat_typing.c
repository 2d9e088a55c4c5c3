/*
 * POST /v1/chat/typing: the visitor writes a message now, which the conversation's owners see.
 */
#include "workerd/api/chat/chat_body.h"
#include "workerd/api/chat/chat_handlers.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/api/request/store_query.h"

/* A session without a conversation has nobody who could see it. */
static void
chat_typing_on_told(void *arg, uint16_t type, const union msg *m)
{
	if (type == MSG_OK || store_refused(type, m, STORE_NOT_FOUND))
		store_query_reply_empty(arg);
	else
		store_query_fail(arg, type, m);
}

void
handle_chat_typing(const struct api_call *c)
{
	struct msg_typing typing = {.org = c->org, .widget = c->widget};
	struct chat_body body;
	const char *wrong = chat_body_read_session(c->x->body, &body);

	if (wrong != NULL) {
		api_reply_invalid_body(c, wrong);
		return;
	}
	typing.session = body.session;
	store_query_ask(store_query_new(c, sizeof(struct store_query), 0, NULL), MSG_TYPING,
	    &typing, chat_typing_on_told);
	chat_body_clear(&body);
}
