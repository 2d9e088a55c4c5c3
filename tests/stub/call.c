#include "tests/stub/call.h"

#include <string.h>

void
call_clear(struct call *call)
{
	json_decref(call->body);
	call->body = NULL;
}

/* A visitor's messages in a row come as one, with an empty line between them: the last of them. */
static struct slice
call_newest_of(struct slice message)
{
	for (size_t i = message.len; i >= 2; i--)
		if (memcmp(message.p + i - 2, "\n\n", 2) == 0)
			return (struct slice){message.p + i, message.len - i};
	return message;
}

static int
call_read_messages(struct call *call, struct api_error *error)
{
	const char *list = call->responses ? "input" : "messages";
	const json_t *messages = json_object_get(call->body, list), *m;
	uint64_t bytes = 0;
	size_t i;

	json_array_foreach (messages, i, m) {
		const char *role = json_string_value(json_object_get(m, "role"));
		const json_t *content = json_object_get(m, "content");
		size_t len = json_string_length(content);

		if (role == NULL)
			return api_error(error, 400, list, "'%s[%zu]' has no role.", list, i);
		bytes += len;
		if (strcmp(role, "user") == 0)
			call->message =
			    (struct slice){(const uint8_t *)json_string_value(content), len};
	}
	call->newest = call_newest_of(call->message);
	call->prompt_tokens = 3 + 4 * i + bytes / 4;
	if (i == 0)
		return api_error(
		    error, 400, list, "'%s' must be a list of at least one message.", list);
	return 0;
}

/* Both the old and the new name; the smaller value applies if both are present. */
static void
call_read_limit(struct call *call, const char *name)
{
	const json_t *limit = json_object_get(call->body, name);
	json_int_t n = json_integer_value(limit);

	if (json_is_integer(limit) && n >= 1 && n < (json_int_t)call->max_tokens)
		call->max_tokens = (uint32_t)n;
}

int
call_read(struct call *call, struct slice body, bool responses, struct api_error *error)
{
	json_error_t why;

	*call = (struct call){
	    .max_tokens = UINT32_MAX, .message = slice_str(""), .responses = responses};
	call->body = json_loadb((const char *)body.p, body.len, JSON_ALLOW_NUL, &why);
	if (call->body == NULL)
		return api_error(error, 400, NULL,
		    "The body is not valid JSON: line %d, column %d: %s.", why.line, why.column,
		    why.text);
	if (!json_is_true(json_object_get(call->body, "stream")))
		return api_error(error, 400, "stream", "openai-stub only sends streams.");
	call->include_usage = json_is_true(
	    json_object_get(json_object_get(call->body, "stream_options"), "include_usage"));
	call->has_tools = json_array_size(json_object_get(call->body, "tools")) > 0;
	if (responses) {
		call_read_limit(call, "max_output_tokens");
	} else {
		call_read_limit(call, "max_tokens");
		call_read_limit(call, "max_completion_tokens");
	}
	call->model = json_string_value(json_object_get(call->body, "model"));
	if (call->model == NULL || *call->model == '\0')
		return api_error(error, 400, "model", "You must name a model.");
	return call_read_messages(call, error);
}
