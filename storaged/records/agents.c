/*
 * Agents. The worker validates their texts and limits; the store requires only that no widget loses its
 * agent.
 */
#include "storaged/records/agents.h"

#include <stddef.h>

#include "storaged/records/widgets.h"

int
agent_find(struct txn *t, const struct id *org, const struct id *agent,
    struct msg_agent_record *record)
{
	struct key key = key_of_org(org, agent);

	return txn_get_record(t, TABLE_AGENTS, &key, record);
}

int
agent_make_plain(struct txn *t, const struct id *org, const struct id *agent, uint64_t now)
{
	const struct msg_agent_record r = {
	    .v = RECORD_VERSION,
	    .id = *agent,
	    .org = *org,
	    .name = slice_str("Assistant"),
	    .enabled = true,
	    .created_at = now,
	    .updated_at = now,
	};
	struct key key = key_of_org(org, agent);

	return txn_put_record(t, TABLE_AGENTS, &key, &r);
}

static int
agent_remove(struct txn *t, struct call *c, const union record *r, bool *left)
{
	struct key key = key_of_org(&r->org, &r->id);
	bool used;
	int rc = widget_names_agent(t, &r->org, &r->id, &used);

	(void)left;
	if (rc == 0 && used)
		return call_refuse(c, STORE_IN_USE, "a widget uses this agent");
	return rc != 0 ? rc : txn_del(t, TABLE_AGENTS, &key);
}

const struct record_kind agent_kind = {
    .table = TABLE_AGENTS,
    .change = CHANGE_AGENT,
    .created_at = offsetof(struct msg_agent_record, created_at),
    .updated_at = offsetof(struct msg_agent_record, updated_at),
    .missing = "no such agent",
    .max = AGENTS_MAX,
    .too_many = "the organization has too many agents",
    .remove = agent_remove,
};
