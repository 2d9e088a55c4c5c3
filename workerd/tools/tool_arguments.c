#include "workerd/tools/tool_arguments.h"

#include <jansson.h>
#include <string.h>

#include "proto/base/basics.h"

static json_t *
tool_arguments_load(struct slice text)
{
	return json_loadb((const char *)text.p, text.len, JSON_DECODE_ANY, NULL);
}

static bool
tool_arguments_is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Whether the comma at this place has no value behind it. */
static bool
tool_arguments_is_last_comma(struct slice text, size_t at)
{
	for (at++; at < text.len && tool_arguments_is_space(text.p[at]);)
		at++;
	return at < text.len && (text.p[at] == '}' || text.p[at] == ']');
}

/* Without commas behind the last member of objects and lists. */
static json_t *
tool_arguments_load_repaired(struct slice text)
{
	struct buf out;
	bool inside = false;
	json_t *value;

	buf_init(&out, text.len);
	for (size_t i = 0; i < text.len; i++) {
		const uint8_t c = text.p[i];

		if (!inside && c == ',' && tool_arguments_is_last_comma(text, i))
			continue;
		if (inside && c == '\\' && i + 1 < text.len)
			must(buf_append(&out, &text.p[i++], 1) == 0);
		else if (c == '"')
			inside = !inside;
		must(buf_append(&out, &text.p[i], 1) == 0);
	}
	value = tool_arguments_load(buf_slice(&out));
	buf_clear(&out);
	return value;
}

static json_t *
tool_arguments_load_leniently(struct slice text)
{
	json_t *value = tool_arguments_load(text);

	return value != NULL ? value : tool_arguments_load_repaired(text);
}

json_t *
tool_arguments_read(struct slice text)
{
	json_t *value, *inner;

	while (text.len > 0 && tool_arguments_is_space(*text.p))
		text = (struct slice){text.p + 1, text.len - 1};
	if (text.len == 0)
		return json_object();
	value = tool_arguments_load_leniently(text);
	if (json_is_string(value)) {
		const struct slice inside = slice_str(json_string_value(value));

		inner = inside.len == 0 ? json_object() : tool_arguments_load_leniently(inside);
		json_decref(value);
		value = inner;
	}
	if (json_is_object(value))
		return value;
	if (json_is_null(value)) {
		json_decref(value);
		return json_object();
	}
	json_decref(value);
	return NULL;
}
