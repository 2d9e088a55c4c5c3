/*
 * Members that are JSON are stored as text (workerd/tools/tool.h).
 */
#include "workerd/api/tools/tool_fields.h"

#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "proto/ipc/messages.h"
#include "workerd/api/fields/json_read.h"
#include "workerd/tools/mcp_tool.h"
#include "workerd/tools/tool.h"

#define AT(member) offsetof(struct msg_tool_record, member)

_Static_assert(TOOL_SCHEMA_MAX + 4096 + 2048 + 512 <= FIELDS_JSON_MAX, "all JSON members fit");

/* Bodies are read with all numbers as reals: 1 is written as 1.0. */
char *
tool_fields_text(const json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(15)), *to = text;
	bool inside = false;

	must(text != NULL);
	for (const char *from = text; *from != '\0'; from++) {
		const bool whole =
		    !inside && strncmp(from, ".0", 2) == 0 && !isalnum((unsigned char)from[2]);

		if (whole) {
			from++;
			continue;
		}
		if (inside && *from == '\\')
			*to++ = *from++;
		else if (*from == '"')
			inside = !inside;
		*to++ = *from;
	}
	*to = '\0';
	return text;
}

/* Keeps the text in one buffer that does not move after the first one. */
static bool
tool_fields_keep(const struct field *f, const json_t *value, struct fields *in, void *at)
{
	char *text = tool_fields_text(value);
	const size_t n = strlen(text);
	const bool fits = n <= f->max &&
	    (buf_len(&in->json_made) > 0 ||
		buf_reserve(&in->json_made, FIELDS_JSON_MAX) != NULL) &&
	    buf_append(&in->json_made, text, n) == 0;

	if (fits)
		*(struct slice *)at =
		    (struct slice){buf_data(&in->json_made) + buf_len(&in->json_made) - n, n};
	free(text);
	return fits;
}

/* An empty object or list is none. */
static bool
tool_fields_read_json(const struct field *f, json_t *value, struct fields *in, void *at)
{
	if (json_object_size(value) == 0 && json_array_size(value) == 0) {
		*(struct slice *)at = (struct slice){0};
		return true;
	}
	return tool_fields_keep(f, value, in, at);
}

static bool
tool_fields_read_object(const struct field *f, json_t *value, struct fields *in, void *at)
{
	return json_is_object(value) && tool_fields_read_json(f, value, in, at);
}

static bool
tool_fields_read_list(const struct field *f, json_t *value, struct fields *in, void *at)
{
	return json_is_array(value) && tool_fields_read_json(f, value, in, at);
}

static void
tool_fields_write_object(const struct field *f, const void *at, struct json_writer *j)
{
	const struct slice *json = at;

	json_write_json(j, f->name, json->len == 0 ? slice_str("{}") : *json);
}

static void
tool_fields_write_list(const struct field *f, const void *at, struct json_writer *j)
{
	const struct slice *json = at;

	json_write_json(j, f->name, json->len == 0 ? slice_str("[]") : *json);
}

const struct field_kind tool_fields_object = {sizeof(struct slice), tool_fields_read_object,
    REASON_TOOL_JSON, tool_fields_write_object, NULL};
static const struct field_kind json_list_kind = {sizeof(struct slice), tool_fields_read_list,
    REASON_TOOL_JSON, tool_fields_write_list, NULL};

/* Headers have it, so it is one line. */
static bool
tool_fields_read_secret(const struct field *f, json_t *value, struct fields *in, void *at)
{
	const struct slice text = json_read_string(value);

	(void)in;
	if (text.p == NULL || text.len < f->min || text.len > f->max ||
	    utf8_has_control(text, ""))
		return false;
	*(struct slice *)at = text;
	return true;
}

const struct field_kind tool_fields_secret = {
    sizeof(struct slice), tool_fields_read_secret, REASON_LINE, NULL, NULL};

static void
tool_fields_write_has(const struct field *f, const void *at, struct json_writer *j)
{
	json_write_bool(j, f->name, ((const struct slice *)at)->len > 0);
}

static const struct field_kind has_kind = {
    sizeof(struct slice), NULL, REASON_FIXED, tool_fields_write_has, NULL};

/* Who sets the pin has looked at the tool. */
static bool
tool_fields_read_pin(const struct field *f, json_t *value, struct fields *in, void *at)
{
	struct msg_tool_record *r = (struct msg_tool_record *)((uint8_t *)at - f->offset);

	(void)in;
	if (!json_is_string(value) || !hash_read_hex(json_read_string(value), at))
		return false;
	r->mcp_changed = 0;
	return true;
}

static void
tool_fields_write_pin(const struct field *f, const void *at, struct json_writer *j)
{
	char hex[HASH_HEX_LEN + 1];

	hash_format_hex(at, hex);
	if (hash_is_zero(at))
		json_write_null(j, f->name);
	else
		json_write_str(j, f->name, slice_str(hex));
}

static const struct field_kind pin_kind = {
    sizeof(struct hash256), tool_fields_read_pin, REASON_TOOL_PIN, tool_fields_write_pin, NULL};

/* Only a worker that has found it out sets it. */
static void
tool_fields_write_flag(const struct field *f, const void *at, struct json_writer *j)
{
	json_write_bool(j, f->name, *(const uint8_t *)at != 0);
}

static const struct field_kind changed_kind = {
    sizeof(uint8_t), NULL, REASON_FIXED, tool_fields_write_flag, NULL};

const struct field tool_fields[] = {
    {"id", &field_id, AT(id), FIELD_FIXED, 0, 0, NULL},
    {"name", &field_ascii, AT(name), FIELD_REQUIRED, 1, 64, NULL},
    {"description", &field_text, AT(description), FIELD_REQUIRED, 1, 1000, NULL},
    {"enabled", &field_flag, AT(enabled), FIELD_OPTIONAL, 0, 1, NULL},
    {"method", &field_choice, AT(method), FIELD_OPTIONAL, 0, 0, tool_method_words},
    {"url", &field_ascii, AT(url), FIELD_REQUIRED, 1, 2048, NULL},
    {"arguments", &tool_fields_object, AT(arguments), FIELD_OPTIONAL, 0, TOOL_SCHEMA_MAX, NULL},
    {"requestHeaders", &tool_fields_object, AT(headers), FIELD_OPTIONAL, 0, 4096, NULL},
    {"body", &field_text, AT(body), FIELD_NULLABLE, 1, 2700, NULL},
    {"secret", &tool_fields_secret, AT(secret), FIELD_NULLABLE, 1, 1024, NULL},
    {"hasSecret", &has_kind, AT(secret), FIELD_FIXED, 0, 0, NULL},
    {"result", &json_list_kind, AT(result), FIELD_OPTIONAL, 0, 2048, NULL},
    {"timeoutMs", &field_count, AT(timeout_ms), FIELD_OPTIONAL, 100, TOOL_TIMEOUT_MS, NULL},
    {"needsIdentity", &field_flag, AT(needs_identity), FIELD_OPTIONAL, 0, 1, NULL},
    {"class", &field_choice, AT(class), FIELD_OPTIONAL, 0, 0, tool_class_words},
    {"confirmation", &field_text, AT(confirmation), FIELD_NULLABLE, 1, 500, NULL},
    {"approveAbove", &tool_fields_object, AT(approve_above), FIELD_OPTIONAL, 0, 512, NULL},
    {"idempotent", &field_flag, AT(idempotent), FIELD_OPTIONAL, 0, 1, NULL},
    {"mcpTool", &field_line, AT(mcp_tool), FIELD_NULLABLE, 1, MCP_NAME_MAX, NULL},
    {"mcpPin", &pin_kind, AT(mcp_pin), FIELD_NULLABLE, 0, 0, NULL},
    {"mcpVersion", &field_choice, AT(mcp_version), FIELD_OPTIONAL, 0, 0, mcp_version_words},
    {"mcpChanged", &changed_kind, AT(mcp_changed), FIELD_FIXED, 0, 0, NULL},
    {"mcpTokenUrl", &field_url, AT(mcp_token_url), FIELD_NULLABLE, 1, 1024, NULL},
    {"mcpClient", &field_ascii, AT(mcp_client), FIELD_NULLABLE, 1, 128, NULL},
    {"mcpScope", &field_ascii, AT(mcp_scope), FIELD_NULLABLE, 1, 256, NULL},
    {"created_at", &field_time, AT(created_at), FIELD_FIXED, 0, 0, NULL},
    {"updated_at", &field_time, AT(updated_at), FIELD_READ_AT, 0, 0, NULL},
    {.name = NULL},
};

void
tool_fields_check(struct fields *in, const void *record)
{
	const struct msg_tool_record *r = record;
	char why[TOOL_WHY_MAX];
	const char *choices[] = {why, NULL};
	const char *fault;

	/* A member that was refused has not its value here. */
	if (fields_wrong(in).len > 0)
		return;
	fault = tool_fault(r, why);
	if (fault != NULL)
		fields_refuse_for(in, fault,
		    &(struct field_refusal){.reason = REASON_TOOL, .choices = choices});
}
