/*
 * The id in the path.
 */
#include "workerd/api/chat/chat_reply_ref.h"

#include "workerd/api/request/api_reply.h"

bool
chat_reply_ref_read(const struct api_call *c, struct reply_ref *reference)
{
	uint8_t text[ROUTER_CAPTURE_MAX];

	*reference = (struct reply_ref){.org = c->org, .widget = c->widget};
	if (id_parse(router_capture(&c->match, 0, text), &reference->message) == 0)
		return true;
	api_reply_invalid(c, "Invalid messageId",
	    "messageId must be a UUID, as in the start event and the history");
	return false;
}
