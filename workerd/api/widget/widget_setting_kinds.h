/*
 * The types of the members of widget_settings.def, besides those of fields.h.
 */
#ifndef WORKERD_API_WIDGET_WIDGET_SETTING_KINDS_H
#define WORKERD_API_WIDGET_WIDGET_SETTING_KINDS_H

#include "workerd/api/fields/fields.h"

/*
 *	number          uint32_t: min to max; unlike field_count it may be 0
 *	locale          struct slice: "auto" or a language tag
 *	lines           struct json_t *: at most max lines of 1 to 100 characters
 *	paths           struct json_t *: at most max paths, in which * stands for any characters
 *	contact_fields  struct json_t *: at most max of name, email and phone
 *	file_kinds      struct json_t *: at most max names of kinds of files (workerd/files/file_kinds.def)
 *	texts           struct json_t *: texts by their keys, of which an object of a language may have max;
 *	                each invalid one gets an error of its own
 */
extern const struct field_kind widget_setting_number, widget_setting_locale,
    widget_setting_lines, widget_setting_paths, widget_setting_contact_fields,
    widget_setting_file_kinds, widget_setting_texts;

/* Refuses the member settings.group.name; group: NULL for none. */
void widget_setting_refuse(
    struct fields *in, const char *group, const char *name, enum field_reason reason);
void widget_setting_refuse_for(struct fields *in, const char *group, const char *name,
    const struct field_refusal *refusal);

/* The names in a list of file_kinds, as a set of 1 << enum file_kind. */
unsigned widget_setting_file_set(const struct json_t *list);

/* The names in a list of contact_fields, as a set of enum contact_field. */
unsigned widget_setting_contact_set(const struct json_t *list);

#endif
