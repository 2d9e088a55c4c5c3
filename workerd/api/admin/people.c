/*
 * /v1/admin/people: the names, pictures and states of an organization's users, for everybody who may assign a conversation. What else is
 * known of users is for owners alone (users.c).
 */
#include "proto/base/basics.h"
#include "workerd/api/admin/admin_handlers.h"
#include "workerd/api/admin/resource.h"
#include "workerd/api/fields/names.h"

/* A user in memory. */
struct person {
	struct msg_user_record record;
	struct slice name;    /* of the record, or else its e-mail */
	uint8_t availability; /* enum availability: now */
};

static const struct field person_fields[] = {
    {"id", &field_id, offsetof(struct person, record.id), FIELD_FIXED, 0, 0, NULL},
    {"name", &field_line, offsetof(struct person, name), FIELD_FIXED, 0, 0, NULL},
    {"picture", &field_picture, offsetof(struct person, record.picture), FIELD_NULLABLE, 0, 0,
	NULL},
    {"availability", &field_choice, offsetof(struct person, availability), FIELD_FIXED, 0, 0,
	availability_words},
    {0},
};

static void
people_show(void *object, const struct settings *settings)
{
	struct person *person = object;

	(void)settings;
	person->availability = (uint8_t)msg_user_availability(&person->record);
	person->name = person->record.name.len > 0 ? person->record.name : person->record.email;
}

static const struct resource people = {
    .many = "people",
    .fields = person_fields,
    .size = sizeof(struct person),
    .record = MSG_USER_RECORD,
    .show = people_show,
};

void
handle_people_list(const struct api_call *c)
{
	resource_list(c, &people, NULL);
}
