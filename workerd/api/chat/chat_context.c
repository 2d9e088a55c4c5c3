/*
 * A context is stored without white space, so that its bytes can be compared.
 */
#include "workerd/api/chat/chat_context.h"

#include <jansson.h>

const char chat_context_wrong[] = "context must be an object of at most 2048 bytes of JSON";

bool
chat_context_encode(const struct json_t *value, struct buf *out)
{
	char text[CHAT_CONTEXT_MAX];
	size_t n;

	if (value == NULL || json_is_null(value))
		return true;
	if (!json_is_object(value))
		return false;
	n = json_dumpb(value, text, sizeof(text), JSON_COMPACT);
	return n > 0 && n <= sizeof(text) && buf_append(out, text, n) == 0;
}
