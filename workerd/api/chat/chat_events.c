/*
 * GET /v1/chat/events: what happens in a session, as a stream: operators' messages, typing, the conversation's
 * state, and replies that other connections began. GET /v1/chat/frames: the same as a poll.
 */
#include "workerd/api/chat/chat_body.h"
#include "workerd/api/chat/chat_handlers.h"
#include "workerd/api/chat/chat_viewer.h"
#include "workerd/api/fields/parameters.h"
#include "workerd/api/live/live_follower.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/api/request/client_id.h"
#include "workerd/api/request/event_stream.h"

static void
chat_events_follow(const struct api_call *c, bool poll)
{
	uint8_t session[PARAMETER_MAX];
	const struct live_follow follow = {
	    .session = parameter_read(c->x->req->query, "sessionId", session),
	    .viewer = chat_viewer_read(c->x->req->query),
	    .sources = parameter_is(c->x->req->query, "sources", "1"),
	    .sse = !poll && event_stream_prefers_sse(c->x->req),
	    .poll = poll,
	};

	if (client_id_is_valid(follow.session))
		live_follower_start(c, &follow);
	else
		api_reply_invalid_query(c, chat_session_wrong);
}

void
handle_chat_events(const struct api_call *c)
{
	chat_events_follow(c, false);
}

void
handle_chat_frames(const struct api_call *c)
{
	chat_events_follow(c, true);
}
