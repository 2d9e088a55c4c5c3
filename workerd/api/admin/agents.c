/*
 * /v1/admin/agents: who answers. What an agent leaves open, the settings say.
 */
#include "workerd/api/admin/agents.h"

#include "workerd/api/admin/admin_handlers.h"
#include "workerd/api/admin/agent_fields.h"

static void
ask_list(
    struct store_query *q, const struct paging *page, const void *filter, store_answer_fn *fn)
{
	struct msg_agent_list list = {
	    .org = q->org, .after = paging_id(page), .limit = page->limit};

	(void)filter;
	store_query_ask(q, MSG_AGENT_LIST, &list, fn);
}

static void
ask_get(struct store_query *q, const struct id *id, store_answer_fn *fn)
{
	store_query_ask(q, MSG_AGENT_GET, &(struct msg_agent_get){q->org, *id}, fn);
}

static void
ask_put(struct store_query *q, bool fresh, struct slice record, store_answer_fn *fn)
{
	store_query_ask(q, MSG_AGENT_PUT, &(struct msg_agent_put){fresh, record}, fn);
}

static void
ask_drop(struct store_query *q, const struct id *id, store_answer_fn *fn)
{
	store_query_ask(q, MSG_AGENT_DELETE, &(struct msg_agent_delete){q->org, *id}, fn);
}

static struct slice
read_one(const union msg *m)
{
	return m->agent.agent;
}

static struct slice
read_page(const union msg *m, struct id *next)
{
	*next = m->agent_page.next;
	return m->agent_page.agents;
}

static void
show(void *thing, const struct settings *settings)
{
	agent_show(thing, settings);
}

static void
check(struct fields *in, const void *thing, const struct settings *settings)
{
	agent_check(in, thing, settings);
}

static void
make(void *thing, const struct id *id, const struct id *org)
{
	struct agent_shown *agent = thing;

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
    .created = "agent_created",
    .changed = "agent_changed",
    .deleted = "agent_deleted",
    .list = ask_list,
    .get = ask_get,
    .put = ask_put,
    .drop = ask_drop,
    .one = MSG_AGENT,
    .page = MSG_AGENT_PAGE,
    .read_one = read_one,
    .read_page = read_page,
    .show = show,
    .write_more = agent_write_settings,
    .check = check,
    .make = make,
};

void
handle_agents_list(const struct api_call *c)
{
	resource_list(c, &agents, NULL);
}

void
handle_agents_create(const struct api_call *c)
{
	resource_create(c, &agents);
}

void
handle_agents_get(const struct api_call *c)
{
	resource_get(c, &agents);
}

void
handle_agents_change(const struct api_call *c)
{
	resource_change(c, &agents);
}

void
handle_agents_delete(const struct api_call *c)
{
	resource_delete(c, &agents);
}
