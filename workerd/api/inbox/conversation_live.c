/*
 * A conversation as it happens, for its owners: GET …/events, a stream of server-sent events; and POST
 * …/typing, which the visitor sees.
 */
#include "workerd/api/inbox/conversation_live.h"

#include "workerd/api/fields/conversation_id.h"
#include "workerd/api/live/live_follower.h"
#include "workerd/api/request/store_query.h"

void
handle_conversations_events(const struct api_call *c)
{
	struct live_follow follow = {.viewer = VIEWER_OWNER, .sse = true};

	if (conversation_id_read(c, &follow.conversation))
		live_follower_start(c, &follow);
}

static void
conversation_live_on_told(void *arg, uint16_t type, const union msg *m)
{
	if (type == MSG_OK)
		store_query_reply_empty(arg);
	else
		store_query_fail(arg, type, m);
}

void
handle_conversations_typing(const struct api_call *c)
{
	static const struct store_refusal refusals[] = {
	    {STORE_CONFLICT, 409, "not_taken", "Take the conversation over first"},
	    {0},
	};
	struct msg_typing typing = {.org = c->org};
	struct store_query *q;

	if (!conversation_id_read(c, &typing.conversation))
		return;
	typing.operator= api_operator(c);
	q = store_query_new(c, sizeof(*q), 0, conversation_id_missing);
	q->refusals = refusals;
	store_query_ask(q, MSG_TYPING, &typing, conversation_live_on_told);
}
