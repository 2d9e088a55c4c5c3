/*
 * What is valid for each kind of setting, and how it is written.
 */
#include "workerd/api/widget/widget_setting_kinds.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "proto/ipc/messages.h"
#include "workerd/api/fields/json_read.h"
#include "workerd/api/identity/contact_details.h"
#include "workerd/files/file_kinds.h"

#define NAME_UNITS     40u /* of an unknown member's name in a path */
#define PATH_BYTES     512u
#define LINE_UNITS     100u
#define PATH_UNITS     200u
#define TEXT_UNITS     500u
#define TEXT_KEY_BYTES 40u

/* field_reasons.def names these. */
_Static_assert(
    LINE_UNITS == 100 && PATH_UNITS == 200 && TEXT_UNITS == 500, "field_reasons.def");

void
widget_setting_refuse_for(
    struct fields *in, const char *group, const char *name, const struct field_refusal *refusal)
{
	const struct slice last = utf8_prefix(slice_str(name), NAME_UNITS);
	struct buf path;

	buf_init(&path, PATH_BYTES);
	must(buf_append_str(&path, "settings.") == 0);
	if (group != NULL)
		must(buf_printf(&path, "%s.", group) == 0);
	must(buf_append(&path, last.p, last.len) == 0 && buf_append(&path, "", 1) == 0);
	fields_refuse_for(in, (const char *)buf_data(&path), refusal);
	buf_clear(&path);
}

void
widget_setting_refuse(
    struct fields *in, const char *group, const char *name, enum field_reason reason)
{
	widget_setting_refuse_for(in, group, name, &(struct field_refusal){.reason = reason});
}

/* Numbers whose zero is not null. */
static bool
widget_setting_number_read(const struct field *f, json_t *value, struct fields *in, void *at)
{
	return field_count.read(f, value, in, at);
}

static void
widget_setting_number_write(const struct field *f, const void *at, struct json_writer *j)
{
	json_write_uint(j, f->name, *(const uint32_t *)at);
}

const struct field_kind widget_setting_number = {sizeof(uint32_t), widget_setting_number_read,
    REASON_COUNT, widget_setting_number_write, NULL};

static void
widget_setting_slice_write(const struct field *f, const void *at, struct json_writer *j)
{
	json_write_str(j, f->name, *(const struct slice *)at);
}

/* A language tag in the usual form: letters, then parts of letters and digits. */
static bool
widget_setting_is_language(struct slice s)
{
	size_t part = 0, parts = 0;

	for (size_t i = 0; i < s.len; i++) {
		bool ends = s.p[i] == '-';

		if (!ends && !(parts == 0 ? isalpha(s.p[i]) : isalnum(s.p[i])))
			return false;
		if (ends && (part < 2 || ++parts == 0))
			return false;
		part = ends ? 0 : part + 1;
		if (part > (parts == 0 ? 3 : 8))
			return false;
	}
	return part >= 2;
}

static bool
widget_setting_locale_read(const struct field *f, json_t *value, struct fields *in, void *at)
{
	const struct slice s = json_read_string(value);

	(void)in;
	if (s.p == NULL || s.len > f->max ||
	    (!slice_eq_str(s, "auto") && !widget_setting_is_language(s)))
		return false;
	*(struct slice *)at = s;
	return true;
}

const struct field_kind widget_setting_locale = {sizeof(struct slice),
    widget_setting_locale_read, REASON_LANGUAGE, widget_setting_slice_write, NULL};

static bool
widget_setting_is_starter(struct slice line)
{
	return utf8_utf16_len(line) <= LINE_UNITS;
}

static bool
widget_setting_is_path(struct slice line)
{
	return utf8_utf16_len(line) <= PATH_UNITS && (line.p[0] == '/' || line.p[0] == '*');
}

/* Lists of lines. at: the list. */
static bool
widget_setting_list_read(
    const struct field *f, json_t *value, void *at, bool (*is_valid)(struct slice line))
{
	if (!json_is_array(value) || json_array_size(value) > f->max)
		return false;
	for (size_t i = 0; i < json_array_size(value); i++) {
		struct slice line = json_read_string(json_array_get(value, i));

		if (line.p == NULL || !utf8_is_line(line))
			return false;
		line = utf8_trim(line);
		if (line.len == 0 || !is_valid(line))
			return false;
	}
	*(json_t **)at = value;
	return true;
}

static void
widget_setting_list_write(const struct field *f, const void *at, struct json_writer *j)
{
	const json_t *list = *(json_t *const *)at;

	json_write_open(j, f->name, '[');
	for (size_t i = 0; i < json_array_size(list); i++)
		json_write_str(j, NULL, utf8_trim(json_read_string(json_array_get(list, i))));
	json_write_close(j, ']');
}

static bool
widget_setting_lines_read(const struct field *f, json_t *value, struct fields *in, void *at)
{
	(void)in;
	return widget_setting_list_read(f, value, at, widget_setting_is_starter);
}

const struct field_kind widget_setting_lines = {
    sizeof(json_t *), widget_setting_lines_read, REASON_LINES, widget_setting_list_write, NULL};

static bool
widget_setting_paths_read(const struct field *f, json_t *value, struct fields *in, void *at)
{
	(void)in;
	return widget_setting_list_read(f, value, at, widget_setting_is_path);
}

const struct field_kind widget_setting_paths = {
    sizeof(json_t *), widget_setting_paths_read, REASON_PATHS, widget_setting_list_write, NULL};

static unsigned
widget_setting_contact_field(struct slice name)
{
	for (unsigned i = 0; i < CONTACT_FIELDS; i++)
		if (name.p != NULL && slice_eq_str(name, contact_details_fields[i]))
			return 1u << i;
	return 0;
}

unsigned
widget_setting_contact_set(const json_t *list)
{
	unsigned set = 0;

	for (size_t i = 0; i < json_array_size(list); i++)
		set |= widget_setting_contact_field(json_read_string(json_array_get(list, i)));
	return set;
}

static bool
widget_setting_contact_fields_read(
    const struct field *f, json_t *value, struct fields *in, void *at)
{
	(void)in;
	if (!json_is_array(value) || json_array_size(value) > f->max)
		return false;
	for (size_t i = 0; i < json_array_size(value); i++)
		if (widget_setting_contact_field(json_read_string(json_array_get(value, i))) ==
		    0)
			return false;
	*(json_t **)at = value;
	return true;
}

const struct field_kind widget_setting_contact_fields = {sizeof(json_t *),
    widget_setting_contact_fields_read, REASON_DETAILS, widget_setting_list_write, NULL};

unsigned
widget_setting_file_set(const json_t *list)
{
	unsigned set = 0;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const enum file_kind kind =
		    file_kind_named(json_read_string(json_array_get(list, i)));

		if (kind != FILE_KINDS)
			set |= 1u << kind;
	}
	return set;
}

static bool
widget_setting_file_kinds_read(
    const struct field *f, json_t *value, struct fields *in, void *at)
{
	(void)in;
	if (!json_is_array(value) || json_array_size(value) > f->max)
		return false;
	for (size_t i = 0; i < json_array_size(value); i++)
		if (file_kind_named(json_read_string(json_array_get(value, i))) == FILE_KINDS)
			return false;
	*(json_t **)at = value;
	return true;
}

const struct field_kind widget_setting_file_kinds = {sizeof(json_t *),
    widget_setting_file_kinds_read, REASON_LIST, widget_setting_list_write, NULL};

static bool
widget_setting_is_text_key(const char *key)
{
	const struct slice s = slice_str(key);

	for (size_t i = 0; i < s.len; i++)
		if (!isalnum(s.p[i]) && s.p[i] != '_' && s.p[i] != '.')
			return false;
	return s.len > 0 && s.len <= TEXT_KEY_BYTES && isalpha(s.p[0]);
}

static bool
widget_setting_is_text(const json_t *value)
{
	const struct slice s = json_read_string(value);

	return s.p != NULL && !utf8_has_control(s, "\t\n\r") && utf8_utf16_len(s) <= TEXT_UNITS;
}

/* The texts of one language, or of every language. Languages may be among the latter. */
static void
widget_setting_texts_check(
    const struct field *f, json_t *texts, const char *group, struct fields *in)
{
	const bool all = strcmp(group, f->name) == 0;
	const char *key;
	json_t *value;

	if (json_object_size(texts) > f->max)
		widget_setting_refuse(in, NULL, group, REASON_TEXTS_MANY);
	json_object_foreach (texts, key, value) {
		if (all && json_is_object(value) && widget_setting_is_language(slice_str(key)))
			continue;
		if (!widget_setting_is_text_key(key))
			widget_setting_refuse(in, group, key, REASON_TEXT_KEY);
		else if (!widget_setting_is_text(value))
			widget_setting_refuse(in, group, key, REASON_TEXT_VALUE);
	}
}

static bool
widget_setting_texts_read(const struct field *f, json_t *value, struct fields *in, void *at)
{
	const char *language;
	json_t *texts;

	if (!json_is_object(value))
		return false;
	widget_setting_texts_check(f, value, f->name, in);
	json_object_foreach (value, language, texts) {
		char group[PATH_BYTES / 2];

		if (!json_is_object(texts) || !widget_setting_is_language(slice_str(language)))
			continue;
		snprintf(group, sizeof(group), "%s.%.*s", f->name, (int)f->max, language);
		widget_setting_texts_check(f, texts, group, in);
	}
	*(json_t **)at = value;
	return true;
}

static void
widget_setting_texts_write_all(const char *key, json_t *texts, struct json_writer *j)
{
	const char *name;
	json_t *value;

	json_write_open(j, key, '{');
	json_object_foreach (texts, name, value)
		if (json_is_object(value))
			widget_setting_texts_write_all(name, value, j);
		else
			json_write_member(j, slice_str(name), json_read_string(value));
	json_write_close(j, '}');
}

/* Not if a member was refused. */
static void
widget_setting_texts_write(const struct field *f, const void *at, struct json_writer *j)
{
	widget_setting_texts_write_all(f->name, *(json_t *const *)at, j);
}

const struct field_kind widget_setting_texts = {sizeof(json_t *), widget_setting_texts_read,
    REASON_TEXTS, widget_setting_texts_write, NULL};
