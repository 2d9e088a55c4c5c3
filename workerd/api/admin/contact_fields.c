/*
 * The table of a contact's members.
 */
#include "workerd/api/admin/contact_fields.h"

#include "proto/base/basics.h"

#define AT(member) offsetof(struct msg_contact_record, member)

const struct field contact_fields[] = {
    {"id", &field_id, AT(id), FIELD_FIXED, 0, 0, NULL},
    {"organization_id", &field_id, AT(org), FIELD_FIXED, 0, 0, NULL},
    {"name", &field_line, AT(name), FIELD_NULLABLE, 1, 200, NULL},
    {"email", &field_email, AT(email), FIELD_NULLABLE, 1, 254, NULL},
    {"phone", &field_phone, AT(phone), FIELD_NULLABLE, 1, 64, NULL},
    {"created_at", &field_time, AT(created_at), FIELD_FIXED, 0, 0, NULL},
    {"updated_at", &field_time, AT(updated_at), FIELD_READ_AT, 0, 0, NULL},
    {.name = NULL},
};
