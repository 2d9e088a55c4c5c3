/*
 * GET /v1/chat/stream/{messageId}: resumes a reply from a position: first the text that exists, then the
 * rest as it arrives.
 */
#include "workerd/api/chat/chat_body.h"
#include "workerd/api/chat/chat_handlers.h"
#include "workerd/api/chat/chat_reply_ref.h"
#include "workerd/api/chat/chat_stream.h"
#include "workerd/api/fields/parameters.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/api/request/client_id.h"

/* The position in UTF-16 units. The header takes precedence over `after`: a browser's EventSource
 * reconnects with its old URL. */
static bool
chat_resume_read_position(const struct http_request *req, uint32_t *after)
{
	uint8_t text[PARAMETER_MAX];
	struct slice parameter = parameter_read(req->query, "after", text);
	struct slice last = http_header(req, "last-event-id");

	*after = 0;
	if (last.p != NULL)
		parameter = last;
	return parameter.p == NULL || parameter_number(parameter, UINT32_MAX, after);
}

static void
chat_resume_refuse(const struct api_call *c, const char *wrong)
{
	api_reply_invalid_query(c, wrong);
}

void
handle_chat_resume(const struct api_call *c)
{
	struct reply_ref reference;
	uint8_t session[PARAMETER_MAX];
	struct chat_listener *l;
	uint32_t after;

	if (!chat_reply_ref_read(c, &reference))
		return;
	reference.session = parameter_read(c->x->req->query, "sessionId", session);
	if (!client_id_is_valid(reference.session)) {
		chat_resume_refuse(c, chat_session_wrong);
		return;
	}
	if (!chat_resume_read_position(c->x->req, &after)) {
		chat_resume_refuse(
		    c, "after and Last-Event-ID must be whole numbers of at most nine digits");
		return;
	}
	l = chat_stream_new(c, true);
	l->operators = parameter_is(c->x->req->query, "operators", "1");
	l->sources = parameter_is(c->x->req->query, "sources", "1");
	chat_listener_start(l,
	    turn_join(c->api->turns, &reference, after, &chat_stream_sink, l), TURN_STORE_DOWN);
}
