#include "workerd/model/openai/tool_calls.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "workerd/model/openai/openai_json.h"

void
tool_calls_clear(struct tool_calls *c)
{
	for (size_t i = 0; i < c->n; i++) {
		buf_clear(&c->calls[i].name);
		buf_clear(&c->calls[i].arguments);
	}
	*c = (struct tool_calls){0};
}

/* The call at a place; its index, or -1 if there are too many. */
static int
tool_calls_at(struct tool_calls *c, uint32_t place)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->calls[i].place == place)
			return (int)i;
	if (c->n == TOOL_CALLS_MAX)
		return -1;
	c->calls[c->n].place = place;
	buf_init(&c->calls[c->n].name, TOOL_CALL_NAME_MAX);
	buf_init(&c->calls[c->n].arguments, TOOL_CALL_ARGUMENTS_MAX);
	return (int)c->n++;
}

/* What has no room is dropped, at the end of a character. */
static void
tool_calls_add(struct buf *to, struct slice text)
{
	const size_t room = buf_room(to);

	if (text.len > room) {
		text.len = room;
		text.len -= utf8_incomplete_tail(text);
	}
	must(buf_append(to, text.p, text.len) == 0);
}

/* The name, without the namespace of gpt-oss. Some servers repeat it in each event. */
static void
tool_calls_add_name(struct buf *to, const json_t *value)
{
	static const char namespace[] = "functions.";
	struct slice name = openai_json_string(value);
	const size_t n = strlen(namespace);

	if (name.len >= n && memcmp(name.p, namespace, n) == 0)
		name = (struct slice){name.p + n, name.len - n};
	if (!slice_eq(name, buf_slice(to)))
		tool_calls_add(to, name);
}

/* A part of the arguments, or all of them as JSON. */
static void
tool_calls_add_arguments(struct buf *to, const json_t *value)
{
	char *text;

	if (json_is_object(value)) {
		text = json_dumps(value, JSON_COMPACT);
		must(text != NULL);
		buf_reset(to);
		tool_calls_add(to, slice_str(text));
		free(text);
		return;
	}
	tool_calls_add(to, openai_json_string(value));
}

static void
tool_calls_read_call(struct tool_calls *c, const json_t *call, uint32_t place)
{
	const json_t *function = json_object_get(call, "function");
	const int i = tool_calls_at(c, place);

	if (i == -1)
		return;
	if (function == NULL)
		function = call;
	tool_calls_add_name(&c->calls[i].name, json_object_get(function, "name"));
	tool_calls_add_arguments(
	    &c->calls[i].arguments, json_object_get(function, "arguments"));
}

/* A call without an index: a whole one is the next one, and a part belongs to the last one. */
static uint32_t
tool_calls_place(const struct tool_calls *c, const json_t *call)
{
	const json_t *index = json_object_get(call, "index");
	const json_t *function = json_object_get(call, "function");

	if (index != NULL)
		return openai_json_number(index);
	if (c->n > 0 && json_object_get(function == NULL ? call : function, "name") == NULL)
		return c->calls[c->n - 1].place;
	return c->n == 0 ? 0 : c->calls[c->n - 1].place + 1;
}

static void
tool_calls_read_delta(struct tool_calls *c, const json_t *delta)
{
	const json_t *calls = json_object_get(delta, "tool_calls");
	const json_t *old = json_object_get(delta, "function_call");

	if (json_is_object(calls))
		tool_calls_read_call(c, calls, tool_calls_place(c, calls));
	for (size_t i = 0; i < json_array_size(calls); i++) {
		const json_t *call = json_array_get(calls, i);

		tool_calls_read_call(c, call, tool_calls_place(c, call));
	}
	if (json_is_object(old))
		tool_calls_read_call(c, old, 0);
}

/* An item of the Responses API: it comes at its beginning, perhaps without its arguments, and again when it is whole. */
static void
tool_calls_read_item(struct tool_calls *c, const json_t *item, uint32_t place, bool whole)
{
	int i;

	if (!slice_eq_str(openai_json_string(json_object_get(item, "type")), "function_call"))
		return;
	i = tool_calls_at(c, place);
	if (i == -1 || c->calls[i].whole)
		return;
	c->calls[i].whole = whole;
	tool_calls_add_name(&c->calls[i].name, json_object_get(item, "name"));
	if (whole)
		buf_reset(&c->calls[i].arguments);
	tool_calls_add_arguments(&c->calls[i].arguments, json_object_get(item, "arguments"));
}

static void
tool_calls_read_response(struct tool_calls *c, const json_t *root)
{
	const struct slice type = openai_json_string(json_object_get(root, "type"));
	const uint32_t place = openai_json_number(json_object_get(root, "output_index"));
	const json_t *response = json_object_get(root, "response");
	const json_t *output = json_object_get(response == NULL ? root : response, "output");
	int i;

	tool_calls_read_item(c, json_object_get(root, "item"), place,
	    slice_eq_str(type, "response.output_item.done"));
	if (slice_eq_str(type, "response.function_call_arguments.delta")) {
		i = tool_calls_at(c, place);
		if (i != -1 && !c->calls[i].whole)
			tool_calls_add_arguments(
			    &c->calls[i].arguments, json_object_get(root, "delta"));
	}
	for (size_t k = 0; k < json_array_size(output); k++)
		tool_calls_read_item(c, json_array_get(output, k), (uint32_t)k, true);
}

void
tool_calls_read(struct tool_calls *c, const struct openai_delta *d)
{
	const json_t *choices = json_object_get(d->json, "choices");

	for (size_t i = 0; i < json_array_size(choices); i++) {
		const json_t *choice = json_array_get(choices, i);
		const json_t *delta = json_object_get(choice, "delta");

		if (json_number_value(json_object_get(choice, "index")) != 0)
			continue;
		tool_calls_read_delta(
		    c, json_is_object(delta) ? delta : json_object_get(choice, "message"));
	}
	if (choices == NULL)
		tool_calls_read_response(c, d->json);
}
