#include "workerd/tools/mcp_tool.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"

#define DESCRIPTION_MAX \
	1000 /* bytes; the API counts UTF-16 code units, of which there are no more */
#define CONFIRMATION_MAX 500
#define TITLE_MAX        100
#define LOCAL_NAME_MAX   64
#define PARTS_MAX        1000 /* schemas in a schema, when its references are replaced */

struct slice
mcp_tool_name(const json_t *tool)
{
	const json_t *name = json_object_get(tool, "name");
	const struct slice text = {
	    (const uint8_t *)json_string_value(name), json_string_length(name)};

	if (text.len == 0 || text.len > MCP_NAME_MAX || utf8_has_control(text, ""))
		return (struct slice){0};
	return text;
}

struct hash256
mcp_tool_pin(const json_t *tool)
{
	json_t *pinned = json_pack("{s:O?, s:O?, s:O?}", "name", json_object_get(tool, "name"),
	    "description", json_object_get(tool, "description"), "inputSchema",
	    json_object_get(tool, "inputSchema"));
	struct hash256 hash;
	char *text;

	must(pinned != NULL);
	text = json_dumps(pinned, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(17));
	must(text != NULL);
	hash = secret_hash(slice_str(text));
	free(text);
	json_decref(pinned);
	return hash;
}

/* A schema that is being reduced. */
struct reduction {
	const json_t *root;
	size_t parts;
	bool mirrors; /* it has arguments that must be in headers, too */
};

/* What a reference within the same schema names; NULL: another one, or nothing. */
static const json_t *
mcp_schema_named(const struct reduction *r, const char *reference)
{
	static const char *const places[] = {"$defs", "definitions"};

	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		const size_t n = strlen(places[i]);

		if (strncmp(reference, "#/", 2) == 0 &&
		    strncmp(reference + 2, places[i], n) == 0 && reference[2 + n] == '/')
			return json_object_get(
			    json_object_get(r->root, places[i]), reference + 2 + n + 1);
	}
	return NULL;
}

/* The only alternative that is not null; NULL: there are others. */
static const json_t *
mcp_schema_only(const json_t *alternatives)
{
	const json_t *only = NULL;

	for (size_t i = 0; i < json_array_size(alternatives); i++) {
		const json_t *one = json_array_get(alternatives, i);
		const char *type = json_string_value(json_object_get(one, "type"));

		if (type != NULL && strcmp(type, "null") == 0)
			continue;
		if (only != NULL)
			return NULL;
		only = one;
	}
	return only;
}

/* The schema that stands for this one. */
static const json_t *
mcp_schema_resolve(const struct reduction *r, const json_t *schema)
{
	for (unsigned steps = 0; steps <= TOOL_SCHEMA_DEPTH; steps++) {
		const char *reference = json_string_value(json_object_get(schema, "$ref"));
		const json_t *next = NULL;

		if (reference != NULL)
			next = mcp_schema_named(r, reference);
		if (next == NULL)
			next = mcp_schema_only(json_object_get(schema, "anyOf"));
		if (next == NULL)
			next = mcp_schema_only(json_object_get(schema, "oneOf"));
		if (next == NULL)
			return schema;
		schema = next;
	}
	return schema;
}

static json_t *mcp_schema_reduce(struct reduction *r, const json_t *schema, unsigned depth);

static void
mcp_schema_reduce_inner(struct reduction *r, const json_t *schema, json_t *to, unsigned depth)
{
	static const char *const one[] = {"items", "additionalProperties"};
	json_t *properties = json_object_get(schema, "properties"), *inner, *list;
	const char *name;

	if (json_is_object(properties)) {
		list = json_object();
		json_object_foreach (properties, name, inner)
			must(json_object_set_new(
				 list, name, mcp_schema_reduce(r, inner, depth + 1)) == 0);
		must(json_object_set_new(to, "properties", list) == 0);
	}
	for (size_t i = 0; i < ARRAY_LEN(one); i++) {
		inner = json_object_get(schema, one[i]);
		if (json_is_object(inner))
			must(json_object_set_new(
				 to, one[i], mcp_schema_reduce(r, inner, depth + 1)) == 0);
	}
}

/* Recursive, to TOOL_SCHEMA_DEPTH: what is deeper may be anything. */
static json_t *
mcp_schema_reduce(struct reduction *r, const json_t *schema, unsigned depth)
{
	static const char *const kept[] = {"type", "enum", "const", "minimum", "maximum",
	    "minLength", "maxLength", "minItems", "maxItems", "title", "description", "default",
	    "examples", "format"};
	const json_t *from = mcp_schema_resolve(r, schema);
	json_t *to = json_object(), *value;

	if (!json_is_object(from) || depth > TOOL_SCHEMA_DEPTH || ++r->parts > PARTS_MAX)
		return to;
	r->mirrors |= json_object_get(from, "x-mcp-header") != NULL;
	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		if ((value = json_object_get(from, kept[i])) != NULL)
			must(json_object_set_new(to, kept[i], json_deep_copy(value)) == 0);
	/* What is said where it is used says more. */
	if ((value = json_object_get(schema, "description")) != NULL)
		must(json_object_set_new(to, "description", json_deep_copy(value)) == 0);
	if (json_is_false(json_object_get(from, "additionalProperties")))
		must(json_object_set_new(to, "additionalProperties", json_false()) == 0);
	mcp_schema_reduce_inner(r, from, to, depth);
	if ((value = json_object_get(from, "required")) != NULL)
		must(json_object_set_new(to, "required", json_deep_copy(value)) == 0);
	return to;
}

json_t *
mcp_tool_schema(const json_t *tool, char why[TOOL_WHY_MAX])
{
	const json_t *schema = json_object_get(tool, "inputSchema");
	struct reduction r = {.root = schema};
	json_t *reduced = mcp_schema_reduce(&r, schema, 0);
	char *text = json_dumps(reduced, JSON_COMPACT | JSON_REAL_PRECISION(15));
	bool valid = false;

	must(text != NULL);
	if (r.mirrors)
		(void)snprintf(why, TOOL_WHY_MAX,
		    "arguments that are sent as headers (x-mcp-header) are not supported");
	else if (r.parts > PARTS_MAX || strlen(text) > TOOL_SCHEMA_MAX)
		(void)snprintf(why, TOOL_WHY_MAX, "the schema of its arguments is too long");
	else
		valid = tool_schema_check(reduced, why);
	free(text);
	if (valid)
		return reduced;
	json_decref(reduced);
	return NULL;
}

/* A text of the server, cut at the end of a character. */
static struct slice
mcp_text_cut(const json_t *text, size_t max)
{
	struct slice cut = {(const uint8_t *)json_string_value(text), json_string_length(text)};

	if (cut.len <= max)
		return utf8_trim(cut);
	cut.len = max;
	cut.len -= utf8_incomplete_tail(cut);
	return utf8_trim(cut);
}

/* Without what members of a tool cannot have. */
static json_t *
mcp_text_clean(struct slice text, const char *allowed)
{
	char *clean = slice_strdup(text);
	json_t *json;

	for (char *c = clean; *c != '\0'; c++)
		if (((uint8_t)*c < 0x20 && strchr(allowed, *c) == NULL) || *c == 0x7f)
			*c = ' ';
	/* Controls from U+0080 on. */
	json =
	    utf8_has_control(slice_str(clean), allowed) ? json_string("") : json_string(clean);
	must(json != NULL);
	free(clean);
	return json;
}

/* As models and their servers take it. */
static json_t *
mcp_local_name(struct slice name)
{
	char local[LOCAL_NAME_MAX + 1];
	size_t n = 0;

	for (size_t i = 0; i < name.len && n < LOCAL_NAME_MAX; i++)
		if (name.p[i] < 0x80)
			local[n++] =
			    (char)(isalnum(name.p[i]) || name.p[i] == '-' ? name.p[i] : '_');
	local[n] = '\0';
	return json_string(n == 0 ? "tool" : local);
}

static bool
mcp_is_simple(const json_t *schema)
{
	static const char *const simple[] = {"string", "number", "integer", "boolean"};
	const char *type = json_string_value(json_object_get(schema, "type"));

	for (size_t i = 0; type != NULL && i < ARRAY_LEN(simple); i++)
		if (strcmp(type, simple[i]) == 0)
			return true;
	return false;
}

static bool
mcp_can_be_named(const char *name)
{
	for (const char *c = name; *c != '\0'; c++)
		if (!isalnum((unsigned char)*c) && *c != '_' && *c != '-')
			return false;
	return *name != '\0' && strlen(name) <= LOCAL_NAME_MAX;
}

/* A template of a line with its title, and one with each argument. */
static json_t *
mcp_confirmation(const json_t *tool, const json_t *schema)
{
	json_t *properties = json_object_get(schema, "properties"), *inner;
	const json_t *title = json_object_get(tool, "title");
	json_t *text;
	const char *name;
	struct buf out;

	if (!json_is_string(title) || json_string_length(title) == 0)
		title = json_object_get(tool, "name");
	text = mcp_text_clean(mcp_text_cut(title, TITLE_MAX), "");
	buf_init(&out, CONFIRMATION_MAX);
	/* Braces would be names. */
	for (const char *c = json_string_value(text); *c != '\0'; c++)
		must(buf_append(&out, *c == '{' || *c == '}' ? " " : c, 1) == 0);
	json_decref(text);
	json_object_foreach (properties, name, inner)
		if (mcp_can_be_named(name) && mcp_is_simple(inner) &&
		    buf_printf(&out, "\n%s: {{args.%s}}", name, name) == -1)
			break;
	text = json_stringn((const char *)buf_data(&out), buf_len(&out));
	must(text != NULL);
	buf_clear(&out);
	return text;
}

json_t *
mcp_tool_offer(const json_t *tool)
{
	const struct slice name = mcp_tool_name(tool);
	const struct slice said =
	    mcp_text_cut(json_object_get(tool, "description"), DESCRIPTION_MAX);
	const json_t *annotations = json_object_get(tool, "annotations");
	const struct hash256 hash = mcp_tool_pin(tool);
	char why[TOOL_WHY_MAX], pin[HASH_HEX_LEN + 1];
	json_t *schema = mcp_tool_schema(tool, why), *offer;

	hash_format_hex(&hash, pin);
	offer = json_pack("{s:s%, s:s, s:o, s:o, s:s?, s:o, s:o, s:o, s:o}", "mcpTool",
	    name.p == NULL ? "" : (const char *)name.p, name.len, "mcpPin", pin, "title",
	    mcp_text_clean(mcp_text_cut(json_object_get(tool, "title"), TITLE_MAX), ""),
	    "annotations",
	    json_is_object(annotations) ? json_deep_copy(annotations) : json_object(),
	    "problem", schema == NULL ? why : NULL, "name", mcp_local_name(name), "description",
	    mcp_text_clean(said.len > 0 ? said : name, "\t\r\n"), "arguments",
	    schema == NULL ? json_object() : json_incref(schema), "confirmation",
	    mcp_confirmation(tool, schema));
	must(offer != NULL);
	json_decref(schema);
	return offer;
}
