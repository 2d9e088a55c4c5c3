/*
 * The table of an agent's members, and the model servers of the settings.
 */
#include "workerd/api/admin/agent_fields.h"

#include <jansson.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/settings/settings_servers.h"

#define AT(member) offsetof(struct agent_shown, record.member)

/* Sources that an agent names; their ids fit into AGENT_RECORD. */
#define SOURCES_MAX 64
#define TOOLS_MAX   16 /* the same */

#define EXTRA_MAX           4096 /* bytes of JSON */
#define FALLBACKS_MAX       3    /* servers that are asked after the first one */
#define FALLBACKS_BYTES_MAX 1200

/* Members of a request that are not the owner's to set. */
static const char *const extra_not[] = {"model", "messages", "stream", "tools", "n", NULL};

_Static_assert(
    EXTRA_MAX + FALLBACKS_BYTES_MAX <= FIELDS_JSON_MAX, "both fit into what is reserved");

/* Both JSON members are kept as text, in one buffer that does not move after the first one. */
static bool
agent_fields_keep_json(const json_t *value, size_t max, struct fields *in, struct slice *out)
{
	char text[EXTRA_MAX];
	const size_t n = json_dumpb(value, text, max, JSON_COMPACT | JSON_REAL_PRECISION(15));

	if (n == 0 || n > max ||
	    (buf_len(&in->json_made) == 0 &&
		buf_reserve(&in->json_made, FIELDS_JSON_MAX) == NULL) ||
	    buf_append(&in->json_made, text, n) == -1)
		return false;
	*out = (struct slice){buf_data(&in->json_made) + buf_len(&in->json_made) - n, n};
	return true;
}

static bool
agent_fields_read_extra(const struct field *f, json_t *value, struct fields *in, void *at)
{
	(void)f;
	if (!json_is_object(value))
		return false;
	for (size_t i = 0; extra_not[i] != NULL; i++)
		if (json_object_get(value, extra_not[i]) != NULL)
			return false;
	if (json_object_size(value) == 0) {
		*(struct slice *)at = (struct slice){0};
		return true;
	}
	return agent_fields_keep_json(value, EXTRA_MAX, in, at);
}

/* An object with a key_name, null for the default server, and a model, null for the settings' own. */
static bool
agent_fields_is_fallback(const json_t *value)
{
	const json_t *name = json_object_get(value, "key_name"),
		     *model = json_object_get(value, "model");
	const size_t known = (name != NULL ? 1u : 0) + (model != NULL ? 1u : 0);

	return json_is_object(value) && json_object_size(value) == known &&
	    (name == NULL || json_is_null(name) ||
		(json_is_string(name) && json_string_length(name) <= MODEL_SERVER_NAME_MAX)) &&
	    (model == NULL || json_is_null(model) ||
		(json_is_string(model) && json_string_length(model) <= 256));
}

static bool
agent_fields_read_fallbacks(const struct field *f, json_t *value, struct fields *in, void *at)
{
	if (!json_is_array(value) || json_array_size(value) > f->max)
		return false;
	for (size_t i = 0; i < json_array_size(value); i++)
		if (!agent_fields_is_fallback(json_array_get(value, i)))
			return false;
	if (json_array_size(value) == 0) {
		*(struct slice *)at = (struct slice){0};
		return true;
	}
	return agent_fields_keep_json(value, FALLBACKS_BYTES_MAX, in, at);
}

static void
agent_fields_write_extra(const struct field *f, const void *at, struct json_writer *j)
{
	const struct slice *json = at;

	if (json->len == 0)
		json_write_null(j, f->name);
	else
		json_write_json(j, f->name, *json);
}

static void
agent_fields_write_fallbacks(const struct field *f, const void *at, struct json_writer *j)
{
	const struct slice *json = at;

	json_write_json(j, f->name, json->len == 0 ? slice_str("[]") : *json);
}

static const struct field_kind field_extra = {sizeof(struct slice), agent_fields_read_extra,
    REASON_EXTRA, agent_fields_write_extra, NULL};
static const struct field_kind field_fallbacks = {sizeof(struct slice),
    agent_fields_read_fallbacks, REASON_FALLBACKS, agent_fields_write_fallbacks, NULL};

const struct field agent_fields[] = {
    {"id", &field_id, AT(id), FIELD_FIXED, 0, 0, NULL},
    {"organization_id", &field_id, AT(org), FIELD_FIXED, 0, 0, NULL},
    {"name", &field_line, AT(name), FIELD_REQUIRED, 1, 100, NULL},
    {"purpose", &field_text, AT(purpose), FIELD_NULLABLE, 1, 8000, NULL},
    {"custom_instructions", &field_text, AT(custom_instructions), FIELD_NULLABLE, 1, 8000,
	NULL},
    {"escalation_instructions", &field_text, AT(escalation_instructions), FIELD_NULLABLE, 1,
	4000, NULL},
    {"restricted_topics", &field_text, AT(restricted_topics), FIELD_NULLABLE, 1, 4000, NULL},
    {"model", &field_ascii, AT(model), FIELD_NULLABLE, 1, 256, NULL},
    {"temperature", &field_decimal, AT(temperature), FIELD_NULLABLE, 0, 2000, NULL},
    {"max_output_tokens", &field_count, AT(max_output_tokens), FIELD_NULLABLE, 1, 10000000,
	NULL},
    {"reasoningEffort", &field_ascii, AT(reasoning_effort), FIELD_NULLABLE, 1, 32, NULL},
    {"extra", &field_extra, AT(extra), FIELD_NULLABLE, 0, 0, NULL},
    {"keepThoughts", &field_flag, AT(keep_thoughts), FIELD_OPTIONAL, 0, 1, NULL},
    {"fallbacks", &field_fallbacks, AT(fallbacks), FIELD_OPTIONAL, 0, FALLBACKS_MAX, NULL},
    {"base_url", &field_line, offsetof(struct agent_shown, base_url), FIELD_NULLABLE, 1, 2048,
	NULL},
    {"key_name", &field_ascii, AT(key_name), FIELD_NULLABLE, 1, MODEL_SERVER_NAME_MAX, NULL},
    {"handover_text", &field_text, AT(handover_text), FIELD_NULLABLE, 1, 1000, NULL},
    {"waiting_text", &field_text, AT(waiting_text), FIELD_NULLABLE, 1, 1000, NULL},
    {"closedText", &field_text, AT(closed_text), FIELD_NULLABLE, 1, 1000, NULL},
    {"no_return", &field_flag, AT(no_return), FIELD_OPTIONAL, 0, 1, NULL},
    {"knowledge", &field_choice, AT(knowledge), FIELD_OPTIONAL, 0, 0, knowledge_words},
    {"sources", &field_ids, AT(sources), FIELD_OPTIONAL, 0, SOURCES_MAX, NULL},
    {"tools", &field_ids, AT(tools), FIELD_OPTIONAL, 0, TOOLS_MAX, NULL},
    {"notFound", &field_choice, AT(not_found), FIELD_OPTIONAL, 0, 0, not_found_words},
    {"notFoundText", &field_text, AT(not_found_text), FIELD_NULLABLE, 1, 1000, NULL},
    {"enabled", &field_flag, AT(enabled), FIELD_OPTIONAL, 0, 1, NULL},
    {"created_at", &field_time, AT(created_at), FIELD_FIXED, 0, 0, NULL},
    {"updated_at", &field_time, AT(updated_at), FIELD_READ_AT, 0, 0, NULL},
    {.name = NULL},
};

void
agent_default(struct agent_shown *agent)
{
	*agent = (struct agent_shown){.record = {.v = RECORD_VERSION, .enabled = 1}};
}

/* The address of a server, the default one for an empty name; NULL: no such server. */
static const char *
agent_fields_server_url(const struct settings *settings, struct slice name)
{
	struct server_setting server;

	return settings_servers_find(settings, name, &server) ? server.url : NULL;
}

void
agent_show(struct agent_shown *agent, const struct settings *settings)
{
	const char *url = agent_fields_server_url(settings, agent->record.key_name);

	agent->base_url = slice_str(url == NULL ? "" : url);
}

static bool
agent_fields_has_source(struct slice states, const struct id *source)
{
	struct msg_source_state_record state;
	struct slice item;

	while (wire_list_next(&states, &item))
		if (record_decode(item, MSG_SOURCE_STATE_RECORD, &state) == WIRE_OK &&
		    id_equal(&state.source, source))
			return true;
	return false;
}

/* The next of a record's sources. */
static bool
agent_fields_next_source(struct slice *sources, struct id *id)
{
	if (sources->len < sizeof(id->b))
		return false;
	memcpy(id->b, sources->p, sizeof(id->b));
	*sources = (struct slice){sources->p + sizeof(id->b), sources->len - sizeof(id->b)};
	return true;
}

void
agent_drop_sources(struct agent_shown *agent, struct slice states)
{
	struct slice rest = agent->record.sources;
	struct id id;
	size_t n = 0;

	while (agent_fields_next_source(&rest, &id)) {
		if (!agent_fields_has_source(states, &id))
			continue;
		must(n + sizeof(id.b) <= sizeof(agent->sources));
		memcpy(agent->sources + n, id.b, sizeof(id.b));
		n += sizeof(id.b);
	}
	agent->record.sources = (struct slice){agent->sources, n};
}

void
agent_check_sources(struct fields *in, const struct agent_shown *agent, struct slice states)
{
	struct slice rest = agent->record.sources;
	struct id id;

	while (agent_fields_next_source(&rest, &id))
		if (!agent_fields_has_source(states, &id))
			fields_refuse(in, "sources", REASON_SOURCES);
}

/* name: of the member that names no server of the settings. */
static void
agent_fields_refuse_name(struct fields *in, const char *name, const struct settings *settings)
{
	const size_t n = settings_servers_count(settings);
	const char *names[SETTINGS_SERVERS_MAX] = {NULL};

	for (size_t i = 1; i < n; i++)
		names[i - 1] = settings_servers_at(settings, i).name;
	fields_refuse_for(in, name,
	    &(struct field_refusal){
		.reason = n == 1 ? REASON_MODEL_SERVER_NONE : REASON_MODEL_SERVER,
		.choices = names,
	    });
}

static void
agent_fields_check_fallbacks(struct fields *in, const struct settings *settings)
{
	const json_t *entry;
	size_t i;

	json_array_foreach (json_object_get(in->object, "fallbacks"), i, entry) {
		const char *name = json_string_value(json_object_get(entry, "key_name"));

		if (agent_fields_server_url(settings, slice_str(name == NULL ? "" : name)) ==
		    NULL)
			agent_fields_refuse_name(in, "fallbacks", settings);
	}
}

void
agent_check(struct fields *in, const struct agent_shown *agent, const struct settings *settings)
{
	const char *url = agent_fields_server_url(settings, agent->record.key_name);
	bool is_given = fields_has(in, "base_url") && agent->base_url.len > 0;

	if (url == NULL)
		agent_fields_refuse_name(in, "key_name", settings);
	else if (is_given && !slice_eq_str(agent->base_url, url))
		fields_refuse(in, "base_url", REASON_MODEL_SERVER_URL);
	agent_fields_check_fallbacks(in, settings);
}

static void
agent_fields_write_server(struct json_writer *j, const char *name, const char *url)
{
	json_write_open(j, NULL, '{');
	if (name == NULL)
		json_write_null(j, "key_name");
	else
		json_write_str(j, "key_name", slice_str(name));
	json_write_str(j, "base_url", slice_str(url));
	json_write_close(j, '}');
}

static void
agent_fields_write_defaults(struct json_writer *j, const struct settings *s)
{
	json_write_open(j, "defaults", '{');
	json_write_str(j, "purpose", slice_str(s->system_prompt));
	json_write_str(j, "model", slice_str(s->openai_model));
	if (s->openai_temperature.given)
		json_write_thousandths(j, "temperature", s->openai_temperature.thousandths);
	else
		json_write_null(j, "temperature");
	if (s->openai_max_completion_tokens != 0)
		json_write_uint(j, "max_output_tokens", s->openai_max_completion_tokens);
	else
		json_write_null(j, "max_output_tokens");
	json_write_str(j, "base_url", slice_str(s->openai_base_url));
	json_write_close(j, '}');
}

void
agent_write_settings(struct json_writer *j, const struct settings *settings)
{
	agent_fields_write_defaults(j, settings);
	json_write_open(j, "servers", '[');
	for (size_t i = 0; i < settings_servers_count(settings); i++) {
		const struct server_setting server = settings_servers_at(settings, i);

		agent_fields_write_server(j, server.name, server.url);
	}
	json_write_close(j, ']');
}
