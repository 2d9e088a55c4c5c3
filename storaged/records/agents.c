/*
 * Agents. What an agent is to say and may cost is its organization's affair: here counts that it has
 * an id and an organization, and that no widget is left without it.
 */
#include "storaged/records/agents.h"

#include <stddef.h>

#include "storaged/records/records.h"
#include "storaged/records/widgets.h"
#include "storaged/request/listing.h"

static const struct thing_kind agents = {
    .table = TABLE_AGENTS,
    .record = MSG_AGENT_RECORD,
    .answer = MSG_AGENT,
    .created_at = offsetof(struct msg_agent_record, created_at),
    .updated_at = offsetof(struct msg_agent_record, updated_at),
    .missing = "no such agent",
    .most = AGENTS_MAX,
    .too_many = "the organization has too many agents",
};

int
agent_find(struct txn *t, const struct id *org, const struct id *agent,
    struct msg_agent_record *record)
{
	struct key key = key_of_org(org, agent);

	return txn_get_record(t, TABLE_AGENTS, &key, MSG_AGENT_RECORD, record);
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

	return txn_put_record(t, TABLE_AGENTS, &key, MSG_AGENT_RECORD, &r);
}

int
agent_put(struct txn *t, struct call *c)
{
	const struct msg_agent_put *m = &c->m->agent_put;
	union thing r;

	return thing_put(t, c, &agents, m->fresh, m->agent, &r);
}

int
agent_get(struct txn *t, struct call *c)
{
	return thing_get(t, c, &agents, &c->m->agent_get.org, &c->m->agent_get.agent);
}

int
agent_list(struct txn *t, struct call *c)
{
	const struct msg_agent_list *m = &c->m->agent_list;
	struct listing l = listing_of(TABLE_AGENTS, &m->org, &m->after, m->limit);

	return listing_answer(t, c, &l, MSG_AGENT_PAGE);
}

int
agent_delete(struct txn *t, struct call *c)
{
	const struct msg_agent_delete *m = &c->m->agent_delete;
	struct key key = key_of_org(&m->org, &m->agent);
	struct slice record;
	bool needed;
	int rc = txn_get(t, TABLE_AGENTS, &key, &record);

	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_NOT_FOUND, agents.missing);
	if (rc == 0)
		rc = widget_names_agent(t, &m->org, &m->agent, &needed);
	if (rc != 0)
		return rc;
	if (needed)
		return call_refuse(c, STORE_IN_USE, "a widget names this agent");
	rc = txn_del(t, TABLE_AGENTS, &key);
	if (rc == 0)
		call_ok(c);
	return rc;
}

int
agent_import(struct txn *t, struct call *c, const struct msg_agent_record *record)
{
	const union thing r = {.agent = *record};

	return thing_import(t, c, &agents, &r);
}
