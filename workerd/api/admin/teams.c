/*
 * /v1/admin/teams: people who answer together. Only owners change them.
 */
#include "proto/base/basics.h"
#include "workerd/api/admin/admin_handlers.h"
#include "workerd/api/admin/resource.h"

#define MEMBERS_MAX 200u

#define AT(member) offsetof(struct msg_team_record, member)

static const struct field team_fields[] = {
    {"id", &field_id, AT(id), FIELD_FIXED, 0, 0, NULL},
    {"name", &field_line, AT(name), FIELD_REQUIRED, 1, 50, NULL},
    {"members", &field_ids, AT(members), FIELD_OPTIONAL, 0, MEMBERS_MAX, NULL},
    {"createdAt", &field_time, AT(created_at), FIELD_FIXED, 0, 0, NULL},
    {"updatedAt", &field_time, AT(updated_at), FIELD_READ_AT, 0, 0, NULL},
    {.name = NULL},
};

static const struct store_refusal refusals[] = {
    {STORE_EXISTS, 409, "exists", "Another team has this name"},
    {STORE_LIMIT, 409, "limit_reached", "There are too many teams"},
    {.status = 0},
};

static void
teams_make(void *object, const struct id *id, const struct id *org)
{
	*(struct msg_team_record *)object =
	    (struct msg_team_record){.v = RECORD_VERSION, .id = *id, .org = *org};
}

static const struct resource teams = {
    .many = "teams",
    .wrong_id = "Invalid teamId",
    .missing = "Team not found",
    .refusals = refusals,
    .fields = team_fields,
    .size = sizeof(struct msg_team_record),
    .record = MSG_TEAM_RECORD,
    .log_id = "id",
    .created = "team_created",
    .changed = "team_changed",
    .deleted = "team_deleted",
    .make = teams_make,
    .misfit = "members",
    .misfit_reason = REASON_USERS,
};

RESOURCE_LIST_HANDLERS(teams)
RESOURCE_ITEM_HANDLERS(teams)
