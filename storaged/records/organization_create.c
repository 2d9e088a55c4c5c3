/*
 * A new organization gets an agent and a widget. It keeps that widget: chat by an API key belongs to it.
 */
#include "storaged/records/organization_create.h"

#include "proto/base/clock.h"
#include "proto/ipc/public_id.h"
#include "storaged/records/agents.h"
#include "storaged/records/organizations.h"
#include "storaged/records/widgets.h"

static int
organization_put_new(struct txn *t, const struct msg_org_create *m)
{
	const struct msg_org_record r = {
	    .v = RECORD_VERSION,
	    .id = m->org,
	    .name = m->name,
	    .widget = m->widget,
	    .created_at = clock_wall_ms(),
	};
	struct key key = key_id(&m->org);
	int rc = txn_put_record(t, TABLE_ORGS, &key, &r);

	if (rc == 0)
		rc = agent_make_plain(t, &m->org, &m->agent, r.created_at);
	if (rc == 0)
		rc = widget_make_plain(
		    t, &m->org, &m->widget, &m->agent, m->public_id, r.created_at);
	return rc;
}

int
organization_make_default(struct txn *t)
{
	char public_id[PUBLIC_ID_TEXT + 1];
	struct msg_org_create m = {
	    .org = id_default_org,
	    .name = slice_str("Default"),
	    .agent = id_default_agent,
	    .widget = id_default_widget,
	};
	struct msg_org_record stored;
	int rc = organization_find(t, &m.org, &stored);

	if (rc != MDB_NOTFOUND)
		return rc;
	public_id_new(public_id);
	m.public_id = slice_str(public_id);
	return organization_put_new(t, &m);
}

static const char *
organization_create_fault(const struct msg_org_create *m)
{
	if (id_is_zero(&m->org) || id_is_zero(&m->agent) || id_is_zero(&m->widget))
		return "an organization needs an id, an agent id and a widget id";
	if (m->name.len == 0 || m->public_id.len == 0)
		return "an organization needs a name and a public id for its widget";
	return NULL;
}

int
handle_org_create(struct txn *t, struct call *c)
{
	const struct msg_org_create *m = &c->m->org_create;
	const char *fault = organization_create_fault(m);
	struct msg_org_record stored;
	struct msg_widget_record widget;
	int rc;

	if (fault != NULL)
		return call_refuse(c, STORE_INVALID, fault);
	rc = organization_find(t, &m->org, &stored);
	if (rc == 0 &&
	    (!slice_eq(stored.name, m->name) || !id_equal(&stored.widget, &m->widget)))
		return call_refuse(c, STORE_EXISTS, "another organization has this id");
	if (rc == MDB_NOTFOUND) {
		rc = widget_find_public(t, m->public_id, &widget);
		if (rc == 0)
			return call_refuse(
			    c, STORE_EXISTS, "another widget has this public id");
		if (rc == MDB_NOTFOUND)
			rc = organization_put_new(t, m);
	}
	if (rc == 0)
		call_ok(c);
	return rc;
}
