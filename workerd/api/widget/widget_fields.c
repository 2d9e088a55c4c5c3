/*
 * The table of a widget's members.
 */
#include "workerd/api/widget/widget_fields.h"

#include <string.h>

#include "proto/base/basics.h"
#include "workerd/api/hours/hours_field.h"
#include "workerd/api/widget/widget_settings.h"

#define AT(member) offsetof(struct msg_widget_record, member)

const struct field widget_fields[] = {
    {"id", &field_id, AT(id), FIELD_FIXED, 0, 0, NULL},
    {"organization_id", &field_id, AT(org), FIELD_FIXED, 0, 0, NULL},
    {"widget_id", &field_line, AT(public_id), FIELD_FIXED, 0, 0, NULL},
    {"agent_id", &field_id, AT(agent), FIELD_OPTIONAL, 0, 0, NULL},
    {"name", &field_line, AT(name), FIELD_NULLABLE, 1, 100, NULL},
    {"greeting", &field_text, AT(greeting), FIELD_NULLABLE, 1, 1000, NULL},
    {"primary_color", &field_color, AT(primary_color), FIELD_OPTIONAL, 0, 0, NULL},
    {"text_color", &field_color, AT(text_color), FIELD_OPTIONAL, 0, 0, NULL},
    {"position", &field_choice, AT(position), FIELD_OPTIONAL, 0, 0, widget_position_words},
    {"contact_info_mode", &field_choice, AT(contact_mode), FIELD_OPTIONAL, 0, 0,
	contact_mode_words},
    {"collect_name", &field_flag, AT(collects), FIELD_OPTIONAL, 0, CONTACT_NAME, NULL},
    {"collect_email", &field_flag, AT(collects), FIELD_OPTIONAL, 0, CONTACT_EMAIL, NULL},
    {"collect_phone", &field_flag, AT(collects), FIELD_OPTIONAL, 0, CONTACT_PHONE, NULL},
    {"allowed_origins", &field_origins, AT(origins), FIELD_NULLABLE, 0, WIDGET_ORIGINS_MAX,
	NULL},
    {"daily_message_cap", &field_count, AT(daily_cap), FIELD_NULLABLE, 1, UINT32_MAX, NULL},
    {"retention_days", &field_count, AT(retention_days), FIELD_NULLABLE, 1, 36500, NULL},
    {"budget_text", &field_text, AT(budget_text), FIELD_NULLABLE, 1, 1000, NULL},
    {"hours", &field_hours, AT(hours), FIELD_NULLABLE, 0, 0, NULL},
    {"settings", &field_widget_settings, AT(settings), FIELD_NULLABLE, 0, 0, NULL},
    {"enabled", &field_flag, AT(enabled), FIELD_OPTIONAL, 0, 1, NULL},
    {"created_at", &field_time, AT(created_at), FIELD_FIXED, 0, 0, NULL},
    {"updated_at", &field_time, AT(updated_at), FIELD_READ_AT, 0, 0, NULL},
    {.name = NULL},
};

void
widget_default(void *record)
{
	*(struct msg_widget_record *)record = (struct msg_widget_record){
	    .v = RECORD_VERSION,
	    .primary_color = slice_str("#6366f1"),
	    .text_color = slice_str("#ffffff"),
	    .position = WIDGET_BOTTOM_RIGHT,
	    .contact_mode = CONTACT_NONE,
	    .settings = slice_str("{\"disclosure\":{\"show\":true}}"),
	    .enabled = 1,
	};
}

void
widget_check(struct fields *in, const void *record)
{
	const struct msg_widget_record *r = record;

	if (r->contact_mode == CONTACT_REQUIRED && r->collects == 0)
		fields_refuse(in, "contact_info_mode", REASON_DETAILS_NEEDED);
	else if (!widget_settings_fit(r))
		fields_refuse(in, "settings.requiredFields", REASON_DETAILS_COLLECTED);
}

static bool
widget_field_is_public(const char *name)
{
	static const char *const names[] = {"name", "greeting", "primary_color", "text_color",
	    "position", "contact_info_mode", "collect_name", "collect_email", "collect_phone"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

void
widget_write_public(struct json_writer *j, const void *record)
{
	for (const struct field *f = widget_fields; f->name != NULL; f++)
		if (widget_field_is_public(f->name))
			f->kind->write(f, (const uint8_t *)record + f->offset, j);
}
