/*
 * Visitors and agents of turns.
 */
#include "storaged/turns/participants.h"

#include "storaged/records/agents.h"
#include "storaged/records/organizations.h"
#include "storaged/records/widgets.h"
#include "storaged/turns/daily_caps.h"
#include "storaged/visitors/visitors.h"

/* -- finding ------------------------------------------------------------------------------ */

/* Whether the session that is named is the visitor's. */
static bool
is_own_session(const struct msg_turn_begin *m, const struct msg_visitor_record *visitor)
{
	const struct visitor_session session = visitor_session(&visitor->id);

	return id_equal(&m->org, &visitor->org) && id_equal(&m->widget, &visitor->widget) &&
	    slice_eq_str(m->session, session.s);
}

static int
find_visitor(struct txn *t, struct call *c, struct parties *p)
{
	const struct msg_turn_begin *m = &c->m->turn_begin;
	int rc = visitor_by_token(t, &m->visitor, &p->visitor);

	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_GONE, visitor_gone);
	if (rc == 0 && !is_own_session(m, &p->visitor))
		return call_refuse(c, STORE_INVALID, "the session is not the visitor's");
	p->by_visitor = rc == 0;
	return rc;
}

/* What the widget wants of a visitor. */
static void
look_at_widget(struct parties *p, const struct msg_widget_record *widget)
{
	p->welcome = visitor_is_welcome(&p->visitor, widget);
	p->contact_missing =
	    widget->contact_mode == CONTACT_REQUIRED && id_is_zero(&p->visitor.contact);
	p->daily_cap = widget->daily_cap;
}

/* The widget that chat by a key belongs to. */
static int
find_first_widget(struct txn *t, struct call *c, struct msg_widget_record *widget)
{
	const struct id *org = &c->m->turn_begin.org;
	struct msg_org_record record;
	int rc = organization_find(t, org, &record);

	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_INVALID, no_organization);
	if (rc == 0)
		rc = widget_find(t, org, &record.widget, widget);
	return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
}

static int
find_agent(struct txn *t, struct parties *p, const struct msg_widget_record *widget)
{
	struct msg_agent_record agent;
	int rc;

	p->org = widget->org;
	p->agent = widget->agent;
	rc = agent_find(t, &p->org, &p->agent, &agent);
	p->agent_enabled = rc == 0 && agent.enabled;
	return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
}

int
parties_find(struct txn *t, struct call *c, struct parties *parties)
{
	const struct msg_turn_begin *m = &c->m->turn_begin;
	struct msg_widget_record widget;
	int rc = 0;

	*parties = (struct parties){.by_visitor = false};
	if (!hash_is_zero(&m->visitor))
		rc = find_visitor(t, c, parties);
	if (rc == 0)
		rc = widget_find(t, &m->org, &m->widget, &widget);
	else if (rc == MDB_NOTFOUND)
		return RECORD_DAMAGED;
	if (rc == 0 && parties->by_visitor)
		look_at_widget(parties, &widget);
	if (rc == MDB_NOTFOUND)
		rc = find_first_widget(t, c, &widget);
	return rc != 0 ? rc : find_agent(t, parties, &widget);
}

/* -- what a visitor may do ---------------------------------------------------------------- */

/* Refuses a message beyond the widget's cap. */
static int
check_cap(struct txn *t, struct call *c, const struct parties *parties, uint64_t now)
{
	uint64_t messages;
	int rc;

	if (parties->daily_cap == 0)
		return 0;
	rc = cap_count(t, &parties->visitor.widget, now, &messages);
	if (rc == 0 && messages >= parties->daily_cap)
		return call_refuse(
		    c, STORE_CAPPED, "the widget has had its messages of this day");
	return rc;
}

int
parties_check(struct txn *t, struct call *c, const struct parties *parties, uint64_t now)
{
	if (parties->by_visitor && !parties->welcome)
		return call_refuse(c, STORE_GONE, visitor_gone);
	if (!parties->agent_enabled)
		return call_refuse(c, STORE_DISABLED, "the agent is disabled");
	if (!parties->by_visitor)
		return 0;
	if (parties->contact_missing)
		return call_refuse(
		    c, STORE_CONTACT_REQUIRED, "the visitor has to say first who it is");
	return check_cap(t, c, parties, now);
}

/* -- what a message changes --------------------------------------------------------------- */

static void
tell(struct call *c, const struct id *visitor, const struct id *conversation,
    const struct id *message, const struct id *turn)
{
	const struct msg_turn_begin *m = &c->m->turn_begin;

	effects_add_turn(c->effects,
	    &(struct msg_live_turn){
		.visitor = *visitor,
		.conversation = *conversation,
		.message = *message,
		.turn = *turn,
		.text = m->text,
		.client_id = m->client_id,
		.run = m->turn,
	    });
}

void
parties_note_anew(struct call *c, const struct parties *parties, const struct id *conversation,
    const struct id *turn)
{
	const struct id known = {0};

	if (parties->by_visitor)
		tell(c, &parties->visitor.id, conversation, &known, turn);
}

int
parties_note(struct txn *t, struct call *c, const struct parties *parties,
    const struct id *conversation, uint64_t now)
{
	struct msg_visitor_record visitor = parties->visitor;
	int rc;

	if (!parties->by_visitor)
		return 0;
	rc = cap_add(t, &visitor.widget, now);
	if (rc == 0 && !visitor.used) {
		visitor.used = true;
		rc = visitor_put(t, &visitor);
	}
	if (rc == 0)
		tell(c, &visitor.id, conversation, &c->m->turn_begin.message,
		    &c->m->turn_begin.turn);
	return rc;
}

int
parties_agent(struct txn *t, const struct parties *parties, struct slice *record)
{
	struct key key = key_of_org(&parties->org, &parties->agent);
	int rc = txn_get(t, TABLE_AGENTS, &key, record);

	return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
}
