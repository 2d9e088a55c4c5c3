/*
 * A step's key begins with its conversation and the id of its turn, except the last byte of that, so a walk from there
 * finds the steps of one turn in their order.
 */
#include "storaged/steps/steps.h"

#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "storaged/actions/actions.h"
#include "storaged/conversations/conversations.h"
#include "storaged/identities/visitor_records.h"
#include "storaged/inbox/inbox.h"
#include "storaged/records/contacts.h"
#include "storaged/request/listing.h"
#include "storaged/turns/turn_state.h"

/* As in TOOLS_READY. */
#define TOOLS_BYTES 655360u
#define STEPS_BYTES 196608u

/* How far back a visitor's actions are looked for: those of at least 100 replies. */
#define STEPS_LOOKED_AT 2000u

/* Whether the step belongs to this turn, by its id. */
static bool
step_is_of(const struct id *step, const struct id *turn)
{
	return memcmp(step->b, turn->b, sizeof(turn->b) - 1) == 0;
}

const char *
step_fault(const struct msg_step_record *r)
{
	if (r->v != RECORD_VERSION || id_is_zero(&r->id) || id_is_zero(&r->org))
		return "the step has an unknown version, or no id";
	if (r->class == TOOL_READ && r->state > STEP_FAILED)
		return "a read waits for nothing";
	return step_is_of(&r->id, &r->turn) ? NULL : "the step's id is not its turn's";
}

/* Adds the tools that exist and are enabled, in the agent's order. */
static int
steps_add_tools(struct txn *t, const struct msg_tools_read *m, struct buf *list)
{
	struct slice rest = m->tools;
	int rc = 0;

	while (rc == 0 && rest.len >= sizeof(struct id)) {
		struct msg_tool_record tool;
		struct slice bytes;
		struct key key;
		struct id id;

		memcpy(id.b, rest.p, sizeof(id.b));
		rest = (struct slice){rest.p + sizeof(id.b), rest.len - sizeof(id.b)};
		key = key_of_org(&m->org, &id);
		rc = txn_get(t, TABLE_TOOLS, &key, &bytes);
		if (rc == 0)
			rc = record_read(bytes, TABLE_TOOLS, &tool);
		if (rc == 0 && tool.enabled && buf_len(list) + bytes.len + 4 <= TOOLS_BYTES)
			must(wire_list_add(list, bytes) == 0);
		if (txn_survives(rc))
			rc = 0;
	}
	return rc;
}

/* Adds the steps of a turn. */
static int
steps_add_of(
    struct txn *t, const struct msg_tools_read *m, const struct id *turn, struct buf *list)
{
	struct key front = key_id(&m->conversation), from;
	struct id first = *turn;
	struct walk w;
	int rc;

	first.b[sizeof(first.b) - 1] = 0;
	from = key_of_org(&m->conversation, &first);
	rc = walk_open(&w, t, TABLE_STEPS, &front);
	for (rc = rc == 0 ? walk_from(&w, &from) : rc; rc == 0; rc = walk_next(&w)) {
		struct msg_step_record step;

		if (record_read(w.value, TABLE_STEPS, &step) != 0)
			continue;
		if (!step_is_of(&step.id, turn) ||
		    buf_len(list) + w.value.len + 4 > STEPS_BYTES)
			break;
		must(wire_list_add(list, w.value) == 0);
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Adds the steps that the turn goes on behind, and those that an earlier run of it has made. */
static int
steps_add_done(struct txn *t, const struct msg_tools_read *m, struct buf *list)
{
	int rc = id_is_zero(&m->step) ? 0 : steps_add_of(t, m, &m->step, list);

	return rc != 0 ? rc : steps_add_of(t, m, &m->turn, list);
}

int
step_identity(struct txn *t, const struct id *org, const struct id *visitor,
    struct msg_contact_record *contact)
{
	struct msg_visitor_record v;
	int rc = visitor_by_id(t, visitor, &v);

	*contact = (struct msg_contact_record){0};
	if (rc == 0 && !id_is_zero(&v.proved))
		rc = contact_find(t, org, &v.proved, contact);
	return txn_survives(rc) ? 0 : rc;
}

/* The user id that the site has proved: in the request, or earlier for a visitor of a widget. A contact's alone proves
 * nothing: whoever gives its e-mail is linked to it. In a reply behind a step, the request names the visitor of then: it
 * counts only for a session of a key. */
static int
steps_find_identity(struct txn *t, const struct msg_tools_read *m,
    const struct msg_conversation_record *conversation,
    const struct msg_contact_record *contact, struct msg_tools_ready *ready)
{
	struct msg_contact_record proved;
	struct id visitor;
	int rc;

	ready->user_id = m->user_id;
	if (!visitor_of_session(conversation->session, &visitor) ||
	    (m->user_id.len > 0 && id_is_zero(&m->step)))
		return 0;
	rc = step_identity(t, &m->org, &visitor, &proved);
	ready->user_id =
	    rc == 0 && id_equal(&proved.id, &contact->id) ? proved.user_id : (struct slice){0};
	return rc;
}

/* Adds who the conversation is with. */
static int
steps_find_visitor(struct txn *t, struct call *c, struct msg_tools_ready *ready)
{
	const struct msg_tools_read *m = &c->m->tools_read;
	struct msg_conversation_record conversation;
	struct msg_contact_record contact = {0};
	int rc = inbox_find(t, c, &m->org, &m->conversation, &conversation);

	if (rc == 0 && !id_is_zero(&conversation.contact))
		rc = contact_find(t, &m->org, &conversation.contact, &contact);
	if (txn_survives(rc))
		rc = 0;
	if (rc != 0)
		return rc;
	ready->name = contact.name;
	ready->email = contact.email;
	ready->phone = contact.phone;
	return steps_find_identity(t, m, &conversation, &contact, ready);
}

int
handle_tools_read(struct txn *t, struct call *c)
{
	const struct msg_tools_read *m = &c->m->tools_read;
	struct msg_tools_ready ready = {0};
	int rc;

	buf_reset(&t->env->list);
	buf_reset(&t->env->faces);
	rc = steps_add_tools(t, m, &t->env->list);

	if (rc == 0 && !id_is_zero(&m->conversation))
		rc = steps_add_done(t, m, &t->env->faces);
	if (rc == 0 && !id_is_zero(&m->conversation))
		rc = steps_find_visitor(t, c, &ready);
	if (rc != 0)
		return rc;
	ready.tools = buf_slice(&t->env->list);
	ready.steps = buf_slice(&t->env->faces);
	call_answer(c, MSG_TOOLS_READY, &ready);
	return 0;
}

/* An action that waits from now on. A person who has taken over would not see why it is done. */
static int
step_wait(struct txn *t, struct call *c, const struct msg_step_record *r)
{
	const struct key key = key_id(&r->conversation);
	struct msg_conversation_record conversation;
	struct msg_step_record new = *r;
	const bool confirms = r->class == TOOL_CONFIRM;
	int rc = txn_get_record(t, TABLE_CONVERSATIONS, &key, &conversation);

	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_NOT_FOUND, "no such conversation");
	if (rc != 0)
		return rc;
	if (conversation.state == STATE_PERSON)
		return call_refuse(c, STORE_CONFLICT, "a person has the conversation");
	new.expires_at = clock_wall_ms() +
	    (confirms ? t->env->confirm_expires_ms : t->env->approve_expires_ms);
	new.due_at = new.expires_at;
	return action_add(t, c, &new);
}

/* A read, or an action. A repeated request finds the action as it is now. */
static int
step_store(struct txn *t, struct call *c, const struct msg_step_record *r)
{
	const struct key key = action_key(&r->conversation, &r->id);
	const bool reads = r->class == TOOL_READ;
	struct msg_step_record stored;
	int rc;

	if (!reads && r->state != STEP_WAITING)
		return call_refuse(c, STORE_INVALID, "an action waits for a decision first");
	rc = action_find(t, &r->conversation, &r->id, &stored);
	if (rc == 0 &&
	    ((stored.class == TOOL_READ) != reads || !hash_equal(&stored.shown, &r->shown)))
		return call_refuse(c, STORE_INVALID, "another step has this id");
	if (rc != 0 && rc != MDB_NOTFOUND)
		return rc;
	if (reads)
		return txn_put_record(t, TABLE_STEPS, &key, r);
	return rc == 0 ? 0 : step_wait(t, c, r);
}

/* Whether it is an action that is stored already. */
static bool
step_is_stored(struct txn *t, const struct msg_step_record *r)
{
	struct msg_step_record stored;

	return r->class != TOOL_READ &&
	    action_find(t, &r->conversation, &r->id, &stored) == 0 &&
	    hash_equal(&stored.shown, &r->shown);
}

int
handle_step_put(struct txn *t, struct call *c)
{
	const struct msg_step_put *m = &c->m->step_put;
	struct msg_step_record r;
	struct turn_view v;
	const char *fault;
	int rc;

	if (record_decode(m->step, MSG_STEP_RECORD, &r) != WIRE_OK)
		return call_refuse(c, STORE_INVALID, "the request has no step");
	fault = step_fault(&r);
	if (fault != NULL)
		return call_refuse(c, STORE_INVALID, fault);
	rc = turn_view_load(t, &r.turn, &v);
	if (rc == MDB_NOTFOUND ||
	    (rc == 0 && !id_equal(&v.place.conversation, &r.conversation)))
		return call_refuse(c, STORE_NOT_FOUND, "no such turn");
	/* A reply that was taken for lost has ended with its action (turns/interrupt.h): its worker goes on from there. */
	if (rc == 0 && v.state == TURN_COMPLETE && !step_is_stored(t, &r))
		return call_refuse(c, STORE_TAKEN, "the reply has ended");
	if (rc == 0 && v.state == TURN_COMPLETE) {
		call_ok(c);
		return 0;
	}
	if (rc == 0)
		rc = turn_check_run(c, &v, &m->run);
	if (rc == 0)
		rc = step_store(t, c, &r);
	if (rc == 0)
		call_ok(c);
	return rc;
}

/* Whether a step is an action. */
static bool
step_is_action(struct slice record)
{
	struct msg_step_record r;

	return record_read(record, TABLE_STEPS, &r) != 0 || r.class != TOOL_READ;
}

/* The actions of a session, newest first; none if it has no conversation. */
static int
step_list_of_session(struct txn *t, struct call *c)
{
	const struct msg_step_list *m = &c->m->step_list;
	struct msg_conversation_record conversation;
	struct listing l;
	bool fresh;
	int rc = conversation_of_session(
	    t, &m->org, &m->widget, m->session, &m->org, &conversation, &fresh);

	if (rc != 0)
		return rc;
	if (fresh) {
		listing_answer_one(t, c, (struct slice){0}, MSG_RECORD_PAGE);
		return 0;
	}
	l = listing_of_newest(TABLE_STEPS, &conversation.id, &m->cursor, m->limit);
	l.shows = step_is_action;
	l.looks = STEPS_LOOKED_AT;
	return listing_answer(t, c, &l, MSG_RECORD_PAGE);
}

int
handle_step_list(struct txn *t, struct call *c)
{
	const struct msg_step_list *m = &c->m->step_list;
	struct listing l = listing_of(TABLE_STEPS, &m->conversation, &m->cursor, m->limit);
	struct msg_conversation_record conversation;
	int rc;

	if (m->session.len > 0)
		return step_list_of_session(t, c);
	rc = inbox_find(t, c, &m->org, &m->conversation, &conversation);
	return rc != 0 ? rc : listing_answer(t, c, &l, MSG_RECORD_PAGE);
}

/* What an import makes of a step: this store must not send what another one may have sent. */
static void
step_settle(struct msg_step_record *r)
{
	if (r->state == STEP_PROPOSED || r->state == STEP_RUNNING)
		r->state = STEP_UNKNOWN;
	r->due_at = r->state == STEP_WAITING ? r->expires_at : 0;
}

int
step_import(struct txn *t, struct call *c, const struct msg_step_record *r)
{
	const char *fault = step_fault(r);
	struct msg_conversation_record conversation;
	struct msg_step_record new = *r, stored;
	int rc;

	if (fault == NULL && (r->state == STEP_WAITING) != (r->expires_at != 0))
		fault = "the step waits without an end, or the reverse";
	if (fault != NULL)
		return call_refuse(c, STORE_INVALID, fault);
	step_settle(&new);
	rc = inbox_find(t, c, &r->org, &r->conversation, &conversation);
	if (rc != 0)
		return rc;
	rc = action_find(t, &r->conversation, &r->id, &stored);
	/* What was decided and done here since the export must not wait again. */
	if (rc == 0 && stored.class != TOOL_READ) {
		call_ok(c);
		return 0;
	}
	if (rc == 0 || rc == MDB_NOTFOUND)
		rc = action_put(t, c, rc == 0 ? &stored : NULL, &new);
	if (rc == 0)
		call_ok(c);
	return rc;
}
