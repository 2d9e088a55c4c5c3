/*
 * /v1/admin/tags: an organization's tags for conversations. Only owners delete one.
 */
#include "proto/base/basics.h"
#include "workerd/api/admin/admin_handlers.h"
#include "workerd/api/admin/resource.h"

#define AT(member) offsetof(struct msg_tag_record, member)

static const struct field tag_fields[] = {
    {"id", &field_id, AT(id), FIELD_FIXED, 0, 0, NULL},
    {"name", &field_line, AT(name), FIELD_REQUIRED, 1, 50, NULL},
    {"color", &field_color, AT(color), FIELD_OPTIONAL, 0, 0, NULL},
    {"created_at", &field_time, AT(created_at), FIELD_FIXED, 0, 0, NULL},
    {"updated_at", &field_time, AT(updated_at), FIELD_READ_AT, 0, 0, NULL},
    {.name = NULL},
};

static const struct store_refusal refusals[] = {
    {STORE_EXISTS, 409, "exists", "Another tag has this name"},
    {STORE_LIMIT, 409, "limit_reached", "There are too many tags"},
    {.status = 0},
};

static void
tags_make(void *object, const struct id *id, const struct id *org)
{
	*(struct msg_tag_record *)object = (struct msg_tag_record){
	    .v = RECORD_VERSION, .id = *id, .org = *org, .color = slice_str("#6366f1")};
}

static const struct resource tags = {
    .many = "tags",
    .wrong_id = "Invalid tagId",
    .missing = "Tag not found",
    .refusals = refusals,
    .fields = tag_fields,
    .size = sizeof(struct msg_tag_record),
    .record = MSG_TAG_RECORD,
    .log_id = "id",
    .created = "tag_created",
    .changed = "tag_changed",
    .deleted = "tag_deleted",
    .make = tags_make,
};

RESOURCE_LIST_HANDLERS(tags)
RESOURCE_ITEM_HANDLERS(tags)
