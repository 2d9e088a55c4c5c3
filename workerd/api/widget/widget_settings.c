/*
 * Reads settings member by member and writes each valid one at once.
 */
#include "workerd/api/widget/widget_settings.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "workerd/api/fields/json_read.h"
#include "workerd/api/widget/widget_setting_kinds.h"
#include "workerd/files/file_kinds.h"

#define SETTINGS_MAX 16384u /* bytes of JSON, as in messages.def */

#define CHOICES(...) ((const char *const[]){__VA_ARGS__, NULL})
static const struct widget_setting {
	const char *group; /* NULL: none */
	struct field field;
} settings[] = {
#define SETTING(GROUP, NAME, KIND, MIN, MAX, CHOICE, DEFAULT, TEXT) \
	{GROUP, {NAME, &(KIND), 0, FIELD_OPTIONAL, MIN, MAX, CHOICE}},
#include "workerd/api/widget/widget_settings.def"
};

/* A value of any kind. */
union setting_value {
	struct slice text;
	json_t *json;
	uint32_t number;
	uint8_t byte;
};

static bool
widget_settings_in_group(const struct widget_setting *s, const char *group)
{
	return group == NULL || s->group == NULL ? group == s->group
						 : strcmp(group, s->group) == 0;
}

static void
widget_settings_refuse_value(const struct widget_setting *s, struct fields *in)
{
	const struct field_refusal refusal = fields_refusal_of(&s->field);

	widget_setting_refuse_for(in, s->group, s->field.name, &refusal);
}

/* Reads the members of a group, and writes them. */
static void
widget_settings_read_group(
    json_t *object, const char *group, struct fields *in, struct json_writer *j)
{
	for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
		const struct widget_setting *s = &settings[i];
		json_t *value = json_object_get(object, s->field.name);
		union setting_value at = {0};

		if (!widget_settings_in_group(s, group) || value == NULL || json_is_null(value))
			continue;
		if (!s->field.kind->read(&s->field, value, in, &at))
			widget_settings_refuse_value(s, in);
		else if (in->n_wrong == 0)
			s->field.kind->write(&s->field, &at, j);
	}
}

/* Whether the table has this group (name NULL), or this member of a group. */
static bool
widget_settings_knows(const char *group, const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(settings); i++)
		if (widget_settings_in_group(&settings[i], group) &&
		    (name == NULL || strcmp(settings[i].field.name, name) == 0))
			return true;
	return false;
}

static void
widget_settings_refuse_unknown(json_t *object, const char *group, struct fields *in)
{
	const char *name;
	json_t *value;

	json_object_foreach (object, name, value)
		if (!widget_settings_knows(group, name) &&
		    (group != NULL || !widget_settings_knows(name, NULL)))
			widget_setting_refuse(in, group, name, REASON_UNKNOWN);
}

/* Reads all members of an object. */
static void
widget_settings_read_members(
    json_t *object, const char *group, struct fields *in, struct json_writer *j)
{
	json_write_open(j, group, '{');
	widget_settings_read_group(object, group, in, j);
	widget_settings_refuse_unknown(object, group, in);
}

static void
widget_settings_read_groups(json_t *object, struct fields *in, struct json_writer *j)
{
	const char *group;
	json_t *value;

	json_object_foreach (object, group, value) {
		if (!widget_settings_knows(group, NULL) || json_is_null(value))
			continue;
		if (!json_is_object(value)) {
			widget_setting_refuse(in, NULL, group, REASON_OBJECT);
			continue;
		}
		widget_settings_read_members(value, group, in, j);
		json_write_close(j, '}');
	}
}

/* Visitors shall learn that an AI answers unless the site says no: disclosure.show stays as it is in a new widget, or in
 * the stored one, if the object does not have it. */
static void
widget_settings_keep_notice(json_t *object, struct slice before)
{
	json_t *old = before.len > 0 ? json_read_object(before) : NULL;
	json_t *show = json_object_get(json_object_get(old, "disclosure"), "show");
	json_t *group = json_object_get(object, "disclosure");

	if (show != NULL && (group == NULL || json_is_null(group))) {
		group = json_object();
		must(json_object_set_new(object, "disclosure", group) == 0);
	}
	if (show != NULL && json_is_object(group) && json_object_get(group, "show") == NULL)
		must(json_object_set(group, "show", show) == 0);
	json_decref(old);
}

static bool
widget_settings_read(const struct field *f, json_t *value, struct fields *in, void *at)
{
	struct json_writer j = json_writer(&in->json_made);

	if (!json_is_object(value))
		return false;
	widget_settings_keep_notice(value, *(const struct slice *)at);
	buf_reset(&in->json_made);
	widget_settings_read_members(value, NULL, in, &j);
	widget_settings_read_groups(value, in, &j);
	json_write_close(&j, '}');
	if (j.failed || buf_len(&in->json_made) > SETTINGS_MAX)
		fields_refuse(in, f->name, REASON_SETTINGS_LONG);
	*(struct slice *)at = buf_slice(&in->json_made);
	if (slice_eq_str(buf_slice(&in->json_made), "{}"))
		*(struct slice *)at = (struct slice){0};
	return true;
}

static void
widget_settings_write(const struct field *f, const void *at, struct json_writer *j)
{
	const struct slice *json = at;

	json_write_json(j, f->name, json->len == 0 ? slice_str("{}") : *json);
}

const struct field_kind field_widget_settings = {
    sizeof(struct slice), widget_settings_read, REASON_OBJECT, widget_settings_write, NULL};

/* NULL: no member is set. */
static json_t *
widget_settings_object(const struct msg_widget_record *widget)
{
	return widget->settings.len > 0 ? json_read_object(widget->settings) : NULL;
}

void
widget_settings_write_page(struct json_writer *j, const struct msg_widget_record *widget,
    const struct settings *limits)
{
	json_t *object = widget_settings_object(widget);
	json_t *files = json_object_get(object, "files");
	char *text = NULL;

	if (json_is_true(json_object_get(files, "allow"))) {
		must(json_object_set_new(files, "perMessage",
			 json_integer((json_int_t)limits->files_per_message)) == 0);
		must(json_object_set_new(files, "maxBytes",
			 json_integer((json_int_t)limits->files_each_max_bytes)) == 0);
		text = json_dumps(object, JSON_COMPACT);
		must(text != NULL);
	}
	field_widget_settings.write(&(const struct field){.name = "settings"},
	    text == NULL ? &widget->settings
			 : &(struct slice){(const uint8_t *)text, strlen(text)},
	    j);
	free(text);
	json_decref(object);
}

/* The set of requiredFields. False: it is not set. */
static bool
widget_settings_chosen(const struct msg_widget_record *widget, unsigned *chosen)
{
	json_t *object = widget_settings_object(widget);
	json_t *list = json_object_get(object, "requiredFields");

	*chosen = widget_setting_contact_set(list);
	json_decref(object);
	return list != NULL;
}

bool
widget_settings_fit(const struct msg_widget_record *widget)
{
	unsigned chosen;

	return !widget_settings_chosen(widget, &chosen) ||
	    (chosen != 0 && (chosen & ~widget->collects) == 0);
}

unsigned
widget_settings_required(const struct msg_widget_record *widget)
{
	unsigned chosen;

	if (widget->contact_mode != CONTACT_REQUIRED)
		return 0;
	return widget_settings_chosen(widget, &chosen) ? chosen : widget->collects;
}

unsigned
widget_settings_taken(const struct msg_widget_record *widget)
{
	json_t *object = widget_settings_object(widget);
	const json_t *asks = json_object_get(json_object_get(object, "operators"), "askEmail");
	unsigned taken = widget->contact_mode == CONTACT_NONE ? 0 : widget->collects;

	if (!json_is_false(asks))
		taken |= CONTACT_EMAIL;
	json_decref(object);
	return taken;
}

unsigned
widget_settings_files(const struct msg_widget_record *widget)
{
	json_t *object = widget_settings_object(widget);
	const json_t *files = json_object_get(object, "files");
	unsigned kinds = 0;

	if (json_is_true(json_object_get(files, "allow"))) {
		kinds = widget_setting_file_set(json_object_get(files, "kinds"));
		if (kinds == 0)
			kinds = FILE_KINDS_ALL;
	}
	json_decref(object);
	return kinds;
}
