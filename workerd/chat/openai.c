/*
 * The question, written by the escaper, without a tree.
 */
#include "workerd/chat/openai.h"

#include "proto/json_escape.h"

int
openai_begin(struct buf *body, struct slice model, struct slice system_prompt)
{
	if (buf_append_str(body, "{\"model\":\"") == -1 || json_escape(body, model) == -1 ||
	    buf_append_str(body,
		"\",\"stream\":true,\"stream_options\":{\"include_usage\":true},"
		"\"messages\":[{\"role\":\"system\",\"content\":\"") == -1 ||
	    json_escape(body, system_prompt) == -1)
		return -1;
	return buf_append_str(body, "\"}");
}

int
openai_add_message(struct buf *body, enum message_role role, struct slice text)
{
	const char *start = role == MESSAGE_USER ? ",{\"role\":\"user\",\"content\":\""
						 : ",{\"role\":\"assistant\",\"content\":\"";

	if (buf_append_str(body, start) == -1 || json_escape(body, text) == -1)
		return -1;
	return buf_append_str(body, "\"}");
}

int
openai_end(struct buf *body)
{
	return buf_append_str(body, "]}");
}
