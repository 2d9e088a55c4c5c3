/*
 * Visitors and agents of turns.
 */
#include "storaged/turns/participants.h"

#include "storaged/identities/blocks.h"
#include "storaged/identities/contact_index.h"
#include "storaged/records/agents.h"
#include "storaged/records/organizations.h"
#include "storaged/records/widgets.h"
#include "storaged/turns/daily_caps.h"
#include "storaged/visitors/visitors.h"

/* Whether the request names the visitor's own session. */
static bool
participants_is_own_session(
    const struct msg_turn_begin *m, const struct msg_visitor_record *visitor)
{
	const struct visitor_session session = visitor_session(&visitor->id);

	return id_equal(&m->org, &visitor->org) && id_equal(&m->widget, &visitor->widget) &&
	    slice_eq_str(m->session, session.s);
}

static int
participants_find_visitor(struct txn *t, struct call *c, struct participants *p)
{
	const struct msg_turn_begin *m = &c->m->turn_begin;
	struct visitor_claim claim = {
	    .token = m->visitor, .org = m->org, .widget = m->widget, .vouched = m->vouched};
	int rc;

	if (!visitor_of_session(m->session, &claim.visitor))
		claim.vouched = 0;
	rc = visitor_find_claimed(t, &claim, &p->visitor);
	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_GONE, visitor_gone);
	if (rc == 0 && !participants_is_own_session(m, &p->visitor))
		return call_refuse(c, STORE_INVALID, "the session is not the visitor's");
	p->by_visitor = rc == 0;
	p->contact = p->visitor.contact;
	return rc;
}

/* The contact whose user id the site has proved. It may have been deleted since CONTACT_SUBMIT. */
static int
participants_find_contact(struct txn *t, struct call *c, struct participants *p)
{
	const struct msg_turn_begin *m = &c->m->turn_begin;
	struct contact_keys keys;
	struct contact_owners owners;
	int rc;

	if (m->user_id.len == 0)
		return 0;
	contact_index_user_key(&m->org, m->user_id, &keys);
	rc = contact_index_find(t, &keys, &owners);
	if (rc == 0)
		p->contact = owners.user_id;
	return rc;
}

/* The widget that messages with a key belong to. */
static int
participants_find_first_widget(struct txn *t, struct call *c, struct msg_widget_record *widget)
{
	const struct id *org = &c->m->turn_begin.org;
	struct msg_org_record record;
	int rc = organization_find(t, org, &record);

	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_INVALID, organization_missing);
	if (rc == 0)
		rc = widget_find(t, org, &record.widget, widget);
	return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
}

static int
participants_find_agent(
    struct txn *t, const struct msg_widget_record *widget, struct txn_widget_terms *terms)
{
	struct msg_agent_record agent;
	int rc = agent_find(t, &widget->org, &widget->agent, &agent);

	terms->agent_enabled = rc == 0 && agent.enabled;
	terms->agent_returns = terms->agent_enabled && !agent.no_return;
	terms->agent_hands_over = rc == 0 && agent.escalation_instructions.len > 0;
	return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
}

static int
participants_read_terms(struct txn *t, struct call *c, struct txn_widget_terms *terms)
{
	const struct msg_turn_begin *m = &c->m->turn_begin;
	struct msg_widget_record widget;
	int rc = widget_find(t, &m->org, &m->widget, &widget);
	bool stands_in = rc == MDB_NOTFOUND;

	if (stands_in)
		rc = participants_find_first_widget(t, c, &widget);
	if (rc != 0)
		return rc;
	*terms = (struct txn_widget_terms){
	    .stands_in = stands_in,
	    .enabled = widget.enabled,
	    .contact_mode = widget.contact_mode,
	    .generation = widget.generation,
	    .daily_cap = widget.daily_cap,
	    .counted = widget.id,
	    .org = widget.org,
	    .agent = widget.agent,
	};
	rc = participants_find_agent(t, &widget, terms);
	return rc != 0 ? rc : blocks_some(t, &widget.org, &terms->has_blocks);
}

/* Whether the transaction knows what this widget demands: most turns of a batch are of a few widgets. */
static bool
participants_know_terms(const struct txn *t, const struct msg_turn_begin *m)
{
	return t->terms.known && id_equal(&t->terms.widget, &m->widget) &&
	    id_equal(&t->terms.org, &m->org) && !txn_has_changed(t, TABLE_WIDGETS) &&
	    !txn_has_changed(t, TABLE_BLOCKS) && !txn_has_changed(t, TABLE_AGENTS) &&
	    !txn_has_changed(t, TABLE_ORGS);
}

static int
participants_find_terms(struct txn *t, struct call *c)
{
	const struct msg_turn_begin *m = &c->m->turn_begin;
	int rc;

	if (participants_know_terms(t, m))
		return 0;
	rc = participants_read_terms(t, c, &t->terms.of);
	t->terms.known = rc == 0;
	t->terms.org = m->org;
	t->terms.widget = m->widget;
	return rc;
}

/* The cap holds for every message; the rest is what the widget requires of a visitor. */
static void
participants_apply_terms(struct participants *p, const struct txn_widget_terms *terms)
{
	p->org = terms->org;
	p->counted = terms->counted;
	p->daily_cap = terms->daily_cap;
	p->agent = terms->agent;
	p->agent_enabled = terms->agent_enabled;
	p->agent_returns = terms->agent_returns;
	p->agent_hands_over = terms->agent_hands_over;
	p->has_blocks = terms->has_blocks;
	if (!p->by_visitor || terms->stands_in)
		return;
	/* As visitor_is_welcome(): the session is the visitor's own, so the widget is. */
	p->welcome = terms->enabled && p->visitor.generation == terms->generation;
	p->contact_missing =
	    terms->contact_mode == CONTACT_REQUIRED && id_is_zero(&p->visitor.contact);
}

int
participants_find(struct txn *t, struct call *c, struct participants *p)
{
	int rc = 0;

	*p = (struct participants){.by_visitor = false};
	if (!hash_is_zero(&c->m->turn_begin.visitor))
		rc = participants_find_visitor(t, c, p);
	else
		rc = participants_find_contact(t, c, p);
	if (rc == 0)
		rc = participants_find_terms(t, c);
	if (rc == 0)
		participants_apply_terms(p, &t->terms.of);
	return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
}

/* Refuses a message beyond the widget's cap. */
static int
participants_check_cap(
    struct txn *t, struct call *c, const struct participants *p, uint64_t now)
{
	uint64_t messages;
	int rc;

	if (p->daily_cap == 0)
		return 0;
	rc = daily_cap_count(t, &p->counted, now, &messages);
	if (rc == 0 && messages >= p->daily_cap)
		return call_refuse(
		    c, STORE_CAPPED, "the widget has reached its daily number of messages");
	return rc;
}

int
participants_check(
    struct txn *t, struct call *c, const struct participants *p, uint64_t now, bool by_person)
{
	if (p->by_visitor && !p->welcome)
		return call_refuse(c, STORE_GONE, visitor_gone);
	if (!p->agent_enabled && !by_person)
		return call_refuse(c, STORE_DISABLED, "the agent is disabled");
	if (p->contact_missing)
		return call_refuse(c, STORE_CONTACT_REQUIRED,
		    "the widget requires the visitor's contact first");
	return participants_check_cap(t, c, p, now);
}

static void
participants_announce(struct call *c, const struct id *conversation, const struct id *message,
    const struct id *turn, uint64_t seq)
{
	const struct msg_turn_begin *m = &c->m->turn_begin;

	effects_add_turn(c->effects,
	    &(struct turn_news){
		.turn = {.conversation = *conversation,
		    .message = *message,
		    .turn = *turn,
		    /* Of an answer, it is not in the request. */
		    .text = m->answer.len > 0 ? (struct slice){0} : m->text,
		    .client_id = m->client_id,
		    .run = m->turn,
		    .seq = seq},
		.org = m->org,
		.widget = m->widget,
		.session = m->session,
	    });
}

void
participants_announce_restart(
    struct call *c, const struct id *conversation, const struct id *turn, uint64_t seq)
{
	const struct id known = {0};

	participants_announce(c, conversation, &known, turn, seq);
}

int
participants_count_message(
    struct txn *t, struct call *c, const struct participants *p, uint64_t now)
{
	int rc = daily_cap_add(t, &p->counted, now);

	if (rc != 0 || !p->by_visitor || p->visitor.used)
		return rc;
	return visitor_put_used(t, c, &p->visitor);
}

void
participants_announce_turn(struct call *c, const struct id *conversation)
{
	participants_announce(
	    c, conversation, &c->m->turn_begin.message, &c->m->turn_begin.turn, 0);
}

int
participants_agent(struct txn *t, const struct participants *p, struct slice *record)
{
	struct key key = key_of_org(&p->org, &p->agent);
	int rc = txn_get(t, TABLE_AGENTS, &key, record);

	return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
}
