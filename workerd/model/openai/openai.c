/*
 * Written directly as text, without a JSON tree.
 */
#include "workerd/model/openai/openai.h"

#include <inttypes.h>

#include "proto/base/json_escape.h"
#include "workerd/model/openai/hand_over.h"

/* A parameter, because some servers refuse a tool without one. */
static int
openai_add_tool(struct buf *body)
{
	return buf_append_str(body,
	    ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"" HAND_OVER_TOOL
	    "\",\"description\":\"Hands the conversation over to a person\","
	    "\"parameters\":{\"type\":\"object\",\"properties\":{\"reason\":"
	    "{\"type\":\"string\"}}}}}]");
}

static int
openai_add_options(struct buf *body, const struct openai_settings *s)
{
	const struct setting_decimal *t = &s->temperature;

	if (s->usage &&
	    buf_append_str(body, ",\"stream_options\":{\"include_usage\":true}") == -1)
		return -1;
	if (s->max_completion_tokens > 0 &&
	    buf_printf(body, ",\"max_completion_tokens\":%" PRIu32, s->max_completion_tokens) ==
		-1)
		return -1;
	if (s->hand_over && openai_add_tool(body) == -1)
		return -1;
	if (!t->given)
		return 0;
	return buf_printf(body, ",\"temperature\":%" PRIu32 ".%03" PRIu32,
	    t->thousandths / 1000, t->thousandths % 1000);
}

int
openai_begin(struct buf *body, const struct openai_settings *s)
{
	if (buf_append_str(body, "{\"model\":\"") == -1 || json_escape(body, s->model) == -1 ||
	    buf_append_str(body, "\",\"stream\":true") == -1 ||
	    openai_add_options(body, s) == -1 ||
	    buf_append_str(body, ",\"messages\":[{\"role\":\"system\",\"content\":\"") == -1 ||
	    json_escape(body, s->system_prompt) == -1)
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
