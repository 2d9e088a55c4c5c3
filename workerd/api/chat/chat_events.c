/*
 * GET /v1/chat/events: what happens in a session, as a stream: operators' messages, typing, the conversation's
 * state, and replies that other connections began.
 */
#include "workerd/api/chat/chat_body.h"
#include "workerd/api/chat/chat_handlers.h"
#include "workerd/api/chat/chat_viewer.h"
#include "workerd/api/fields/parameters.h"
#include "workerd/api/live/live_follower.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/api/request/client_id.h"
#include "workerd/api/request/event_stream.h"

void
handle_chat_events(const struct api_call *c)
{
	uint8_t session[PARAMETER_MAX];
	const struct live_follow follow = {
	    .session = parameter_read(c->x->req->query, "sessionId", session),
	    .viewer = chat_viewer_read(c->x->req->query),
	    .sse = event_stream_prefers_sse(c->x->req),
	};

	if (client_id_is_valid(follow.session))
		live_follower_start(c, &follow);
	else
		api_reply_invalid_query(c, chat_session_wrong);
}
