/*
 * Ids of other systems have their own forms.
 */
#include "workerd/api/fields/conversation_id.h"

#include <ctype.h>

#include "workerd/api/request/api_reply.h"

#define ID_MAX 128 /* characters of an id in a path */

const char conversation_id_missing[] = "Conversation not found";

static bool
conversation_id_is_text(struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!isalnum(text.p[i]) && text.p[i] != '_' && text.p[i] != '-')
			return false;
	return text.len > 0 && text.len <= ID_MAX;
}

bool
conversation_id_read(const struct api_call *c, struct id *id)
{
	uint8_t captured[ROUTER_CAPTURE_MAX];
	struct slice text = router_capture(&c->match, 0, captured);

	if (id_parse(text, id) == 0 && !id_is_zero(id))
		return true;
	if (conversation_id_is_text(text))
		reply_json_error(c->x, 404, "not_found", conversation_id_missing);
	else
		api_reply_invalid(c, "Invalid conversationId",
		    "the id must be 1 to 128 of A-Z, a-z, 0-9, _ and -");
	return false;
}
