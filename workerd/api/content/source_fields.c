/*
 * Include and exclude patterns are a list in JSON, and lines in the record.
 */
#include "workerd/api/content/source_fields.h"

#include <jansson.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "workerd/api/fields/json_read.h"

#define AT(member) offsetof(struct source_object, member)

#define PAGES_DEFAULT 1000

static bool
source_fields_add_pattern(const json_t *value, struct source_patterns *out, size_t *len)
{
	struct slice s = json_read_string(value);
	size_t at = *len == 0 ? 0 : *len + 1;

	if (s.len == 0 || s.p[0] != '/' || !utf8_is_line(s) || at > sizeof(out->text) ||
	    !slice_copy(s, out->text + at, sizeof(out->text) - at))
		return false;
	if (at > 0)
		out->text[at - 1] = '\n';
	*len = at + s.len;
	return true;
}

static bool
source_fields_read_patterns(const struct field *f, json_t *value, struct fields *in, void *to)
{
	struct source_patterns *out = to;
	size_t len = 0;

	(void)in;
	if (!json_is_array(value) || json_array_size(value) > f->max)
		return false;
	for (size_t i = 0; i < json_array_size(value); i++)
		if (!source_fields_add_pattern(json_array_get(value, i), out, &len))
			return false;
	out->lines = (struct slice){out->text, len};
	return true;
}

static void
source_fields_write_patterns(const struct field *f, const void *at, struct json_writer *j)
{
	struct slice rest = ((const struct source_patterns *)at)->lines;

	json_write_open(j, f->name, '[');
	while (rest.len > 0) {
		const uint8_t *end = memchr(rest.p, '\n', rest.len);
		size_t len = end == NULL ? rest.len : (size_t)(end - rest.p);
		size_t step = len + (end != NULL);

		json_write_str(j, NULL, (struct slice){rest.p, len});
		rest = (struct slice){rest.p + step, rest.len - step};
	}
	json_write_close(j, ']');
}

static const struct field_kind patterns_kind = {sizeof(struct source_patterns),
    source_fields_read_patterns, REASON_PATTERNS, source_fields_write_patterns, NULL};

/* A client sends back what it has read. */
static bool
source_fields_read_state(const struct field *f, json_t *value, struct fields *in, void *at)
{
	(void)f;
	(void)value;
	(void)in;
	(void)at;
	return true;
}

static const struct field_kind state_kind = {
    0, source_fields_read_state, REASON_OBJECT, NULL, NULL};

const struct field source_fields[] = {
    {"id", &field_id, AT(record.id), FIELD_FIXED, 0, 0, NULL},
    {"name", &field_line, AT(record.name), FIELD_REQUIRED, 1, 100, NULL},
    {"kind", &field_choice, AT(record.kind), FIELD_REQUIRED, 0, 0, source_kind_words},
    {"url", &field_url, AT(record.url), FIELD_NULLABLE, 1, 2048, NULL},
    {"include", &patterns_kind, AT(include), FIELD_OPTIONAL, 0, 100, NULL},
    {"exclude", &patterns_kind, AT(exclude), FIELD_OPTIONAL, 0, 100, NULL},
    {"pagesMax", &field_count, AT(record.pages_max), FIELD_OPTIONAL, 1, 10000, NULL},
    {"language", &field_language, AT(record.language), FIELD_NULLABLE, 1, 16, NULL},
    {"intervalMinutes", &field_count, AT(record.interval_minutes), FIELD_NULLABLE, 60, 525600,
	NULL},
    {"enabled", &field_flag, AT(record.enabled), FIELD_OPTIONAL, 0, 1, NULL},
    {"createdAt", &field_time, AT(record.created_at), FIELD_FIXED, 0, 0, NULL},
    {"updatedAt", &field_time, AT(record.updated_at), FIELD_READ_AT, 0, 0, NULL},
    {"state", &state_kind, AT(state), FIELD_NULLABLE, 0, 0, NULL},
    {.name = NULL},
};

void
source_fields_default(struct source_object *source)
{
	*source = (struct source_object){
	    .record = {.v = RECORD_VERSION, .pages_max = PAGES_DEFAULT, .enabled = 1}};
}

void
source_fields_show(struct source_object *source)
{
	source->include.lines = source->record.include;
	source->exclude.lines = source->record.exclude;
	source->is_stored = true;
	source->stored_kind = source->record.kind;
}

void
source_fields_check(struct fields *in, const struct source_object *source)
{
	const struct msg_source_record *r = &source->record;
	bool has_url = r->kind == SOURCE_SITE || r->kind == SOURCE_PAGE;
	bool has_kind = source->is_stored || fields_has(in, "kind");

	if (!has_kind)
		return; /* refused already */
	if (source->is_stored && r->kind != source->stored_kind)
		fields_refuse(in, "kind", REASON_FIXED);
	else if (has_url && r->url.len == 0)
		fields_refuse(in, "url", REASON_SOURCE_URL);
	else if (!has_url && r->url.len > 0)
		fields_refuse(in, "url", REASON_SOURCE_URL_NONE);
}

void
source_fields_finish(struct source_object *source)
{
	source->record.include = source->include.lines;
	source->record.exclude = source->exclude.lines;
}
