/*
 * /v1/admin/agents: the agents that answer visitors. Members that an agent does not set come from the
 * settings.
 */
#include "workerd/api/admin/agents.h"

#include "workerd/api/admin/admin_handlers.h"
#include "workerd/api/admin/agent_fields.h"

static void
agents_show(void *object, const struct settings *settings)
{
	agent_show(object, settings);
}

static void
agents_check(struct fields *in, const void *object, const struct settings *settings)
{
	agent_check(in, object, settings);
}

static void
agents_join(void *object, struct slice states)
{
	agent_drop_sources(object, states);
}

static void
agents_check_joined(struct fields *in, const void *object, struct slice states)
{
	agent_check_sources(in, object, states);
}

static void
agents_make(void *object, const struct id *id, const struct id *org)
{
	struct agent_shown *agent = object;

	agent_default(agent);
	agent->record.id = *id;
	agent->record.org = *org;
}

static const struct store_refusal refusals[] = {
    {STORE_IN_USE, 409, "in_use", "A widget has this agent"},
    {STORE_LIMIT, 409, "limit_reached", "There are too many agents"},
    {.status = 0},
};

const struct resource agents = {
    .many = "agents",
    .wrong_id = "Invalid agentId",
    .missing = "Agent not found",
    .refusals = refusals,
    .fields = agent_fields,
    .size = sizeof(struct agent_shown),
    .record = MSG_AGENT_RECORD,
    .log_id = "id",
    .created = "agent_created",
    .changed = "agent_changed",
    .deleted = "agent_deleted",
    .show = agents_show,
    .write_more = agent_write_settings,
    .check = agents_check,
    .join = agents_join,
    .check_joined = agents_check_joined,
    .make = agents_make,
};

RESOURCE_LIST_HANDLERS(agents)
RESOURCE_ITEM_HANDLERS(agents)
