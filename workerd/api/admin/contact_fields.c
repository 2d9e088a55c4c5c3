/*
 * The table of a contact's members.
 */
#include "workerd/api/admin/contact_fields.h"

#include "proto/base/basics.h"

/* Proved by the site: null if it has not proved any. */
static void
contact_write_user_id(const struct field *f, const void *at, struct json_writer *j)
{
	const struct slice *id = at;

	if (id->len == 0)
		json_write_null(j, f->name);
	else
		json_write_str(j, f->name, *id);
}

static const struct field_kind contact_user_id = {
    sizeof(struct slice), NULL, REASON_FIXED, contact_write_user_id, NULL};

#define AT(member) offsetof(struct msg_contact_record, member)

const struct field contact_fields[] = {
    {"id", &field_id, AT(id), FIELD_FIXED, 0, 0, NULL},
    {"organization_id", &field_id, AT(org), FIELD_FIXED, 0, 0, NULL},
    {"name", &field_line, AT(name), FIELD_NULLABLE, 1, 200, NULL},
    {"email", &field_email, AT(email), FIELD_NULLABLE, 1, 254, NULL},
    {"phone", &field_phone, AT(phone), FIELD_NULLABLE, 1, 64, NULL},
    {"user_id", &contact_user_id, AT(user_id), FIELD_FIXED, 0, 0, NULL},
    {"created_at", &field_time, AT(created_at), FIELD_FIXED, 0, 0, NULL},
    {"updated_at", &field_time, AT(updated_at), FIELD_READ_AT, 0, 0, NULL},
    {.name = NULL},
};
