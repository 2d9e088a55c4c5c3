/*
 * /v1/admin/snippets: texts that an organization's users insert into their messages.
 */
#include "workerd/api/admin/admin_handlers.h"
#include "workerd/api/admin/resource.h"

#define AT(member) offsetof(struct msg_snippet_record, member)

static const struct field snippet_fields[] = {
    {"id", &field_id, AT(id), FIELD_FIXED, 0, 0, NULL},
    {"name", &field_line, AT(name), FIELD_REQUIRED, 1, 100, NULL},
    {"text", &field_text, AT(text), FIELD_REQUIRED, 1, 4000, NULL},
    {"structure", &field_structure, AT(structure), FIELD_NULLABLE, 0, 0, NULL},
    {"created_at", &field_time, AT(created_at), FIELD_FIXED, 0, 0, NULL},
    {"updated_at", &field_time, AT(updated_at), FIELD_READ_AT, 0, 0, NULL},
    {.name = NULL},
};

static const struct store_refusal refusals[] = {
    {STORE_LIMIT, 409, "limit_reached", "There are too many snippets"},
    {.status = 0},
};

static void
snippets_make(void *object, const struct id *id, const struct id *org)
{
	*(struct msg_snippet_record *)object =
	    (struct msg_snippet_record){.v = RECORD_VERSION, .id = *id, .org = *org};
}

static void
snippets_check(struct fields *in, const void *object, const struct settings *settings)
{
	const struct msg_snippet_record *r = object;

	fields_check_pictures(in, "structure", r->structure, settings);
}

static const struct resource snippets = {
    .many = "snippets",
    .wrong_id = "Invalid snippetId",
    .missing = "Snippet not found",
    .refusals = refusals,
    .fields = snippet_fields,
    .size = sizeof(struct msg_snippet_record),
    .record = MSG_SNIPPET_RECORD,
    .log_id = "id",
    .created = "snippet_created",
    .changed = "snippet_changed",
    .deleted = "snippet_deleted",
    .check = snippets_check,
    .make = snippets_make,
};

RESOURCE_LIST_HANDLERS(snippets)
RESOURCE_ITEM_HANDLERS(snippets)
