/*
 * Parses a request's body with jansson.
 */
#include "tests/stub/call.h"

#include <string.h>

#include <jansson.h>

void
call_clear(struct call *call)
{
	bytes_clear(&call->model);
	bytes_clear(&call->message);
}

static struct span
call_string_span(const json_t *s)
{
	return (struct span){json_string_value(s), json_string_length(s)};
}

/* A message's content is a string, or a list of parts of which only the texts are used. */
static void
call_add_content(struct bytes *out, const json_t *content)
{
	const json_t *part;
	size_t i;

	if (json_is_string(content))
		bytes_add_span(out, call_string_span(content));
	json_array_foreach (content, i, part) {
		const json_t *text = json_object_get(part, "text");

		if (json_is_string(text))
			bytes_add_span(out, call_string_span(text));
	}
}

static int
call_read_messages(struct call *call, const json_t *messages, struct api_error *error)
{
	uint64_t bytes = 0;
	const json_t *m;
	size_t i;

	if (!json_is_array(messages) || json_array_size(messages) == 0) {
		api_error_set(error, 400, "'messages' must be a list of at least one message.");
		error->param = "messages";
		return -1;
	}
	json_array_foreach (messages, i, m) {
		const char *role = json_string_value(json_object_get(m, "role"));
		struct bytes text = {0};

		if (role == NULL) {
			api_error_set(error, 400, "'messages[%zu]' has no role.", i);
			error->param = "messages";
			return -1;
		}
		call_add_content(&text, json_object_get(m, "content"));
		bytes += text.len;
		if (strcmp(role, "user") == 0) {
			bytes_clear(&call->message);
			call->message = text;
		} else {
			bytes_clear(&text);
		}
	}
	call->prompt_tokens = 3 + 4 * json_array_size(messages) + bytes / 4;
	return 0;
}

static int
call_read_model(struct call *call, const json_t *model, struct api_error *error)
{
	if (!json_is_string(model) || json_string_length(model) == 0 ||
	    json_string_length(model) > CALL_MODEL_MAX) {
		api_error_set(error, 400,
		    "You must name a model ('model': a string of 1 to %d bytes).",
		    CALL_MODEL_MAX);
		error->param = "model";
		return -1;
	}
	bytes_add_span(&call->model, call_string_span(model));
	return 0;
}

/* Both the old and the new name; the smaller value applies if both are present. */
static void
call_read_limit(struct call *call, const json_t *limit)
{
	json_int_t n = json_integer_value(limit);

	if (json_is_integer(limit) && n >= 1 && n < (json_int_t)call->max_tokens)
		call->max_tokens = (uint32_t)n;
}

int
call_read(struct call *call, struct span body, struct api_error *error)
{
	json_error_t why;
	json_t *root;
	int result = -1;

	*call = (struct call){.max_tokens = UINT32_MAX};
	root = json_loadb(body.p, body.len, JSON_ALLOW_NUL, &why);
	if (root == NULL) {
		api_error_set(error, 400, "The body is not valid JSON: line %d, column %d: %s.",
		    why.line, why.column, why.text);
		return -1;
	}
	if (!json_is_object(root)) {
		api_error_set(error, 400, "The body is not a JSON object.");
		goto out;
	}
	call->stream = json_is_true(json_object_get(root, "stream"));
	call->include_usage = json_is_true(
	    json_object_get(json_object_get(root, "stream_options"), "include_usage"));
	call_read_limit(call, json_object_get(root, "max_tokens"));
	call_read_limit(call, json_object_get(root, "max_completion_tokens"));
	if (call_read_model(call, json_object_get(root, "model"), error) == -1)
		goto out;
	result = call_read_messages(call, json_object_get(root, "messages"), error);
out:
	json_decref(root);
	return result;
}
