/*
 * Decisions about actions, and what a worker does about them (storaged/actions/actions.h).
 */
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "storaged/actions/actions.h"
#include "storaged/conversations/conversations.h"
#include "storaged/identities/visitor_records.h"
#include "storaged/inbox/inbox.h"
#include "storaged/records/contacts.h"
#include "storaged/request/listing.h"
#include "storaged/steps/steps.h"

/* What a worker has, beyond the time of the tool, to say what came of a request. */
#define GRACE_MS 5000u

static const char step_missing[] = "no such step";

/* What the model reads of a decision. */
#define REFUSED_BY_VISITOR  "{\"not_done\":\"the visitor does not want this\"}"
#define REFUSED_BY_OPERATOR "{\"not_done\":\"the team has refused this\"}"
#define WAS_DONE            "{\"done\":\"the team has found out that this was done\"}"
#define WAS_NOT_DONE        "{\"not_done\":\"the team has found out that this was not done\"}"

/* The listed entry leads to the step. */
static int
step_open_item(struct txn *t, struct slice entry, struct slice *item)
{
	const struct key key = key_of(entry);

	return txn_get(t, TABLE_STEPS, &key, item);
}

int
handle_steps_open(struct txn *t, struct call *c)
{
	const struct msg_steps_open *m = &c->m->steps_open;
	struct listing l = listing_of(TABLE_STEPS_OPEN, &m->org, &m->cursor, m->limit);

	l.item = step_open_item;
	return listing_answer(t, c, &l, MSG_RECORD_PAGE);
}

/* The conversation of a step, by that of its turn, whose id differs in its last byte. */
static int
step_conversation(struct txn *t, const struct id *step, struct msg_turn_record *place)
{
	struct key front = key_id(step);
	struct walk w;
	int rc;

	front.len = sizeof(step->b) - 1;
	rc = walk_open(&w, t, TABLE_TURNS, &front);
	if (rc == 0)
		rc = walk_from(&w, &front);
	if (rc == 0)
		rc = record_read(w.value, TABLE_TURNS, place);
	walk_close(&w);
	return rc;
}

/* Whether a visitor may decide about something in this conversation. */
static int
step_check_visitor(struct txn *t, const struct msg_step_decide *m, const struct id *id)
{
	struct msg_conversation_record conversation;
	bool fresh;
	int rc = conversation_of_session(
	    t, &m->org, &m->widget, m->session, id, &conversation, &fresh);

	if (rc != 0)
		return rc;
	return fresh || !id_equal(&conversation.id, id) ? MDB_NOTFOUND : 0;
}

/* Whether the visitor is still the one whom the step is for: another person may have signed in at the same browser. What
 * was shown to somebody unknown is that person's who has signed in since. */
static int
step_check_identity(struct txn *t, struct call *c, const struct msg_step_record *r)
{
	const struct msg_step_decide *m = &c->m->step_decide;
	struct msg_contact_record proved = {.user_id = m->user_id};
	struct id visitor;
	int rc = 0;

	if (r->user_id.len == 0)
		return 0;
	if (visitor_of_session(m->session, &visitor))
		rc = step_identity(t, &m->org, &visitor, &proved);
	if (rc != 0 || slice_eq(proved.user_id, r->user_id))
		return rc;
	return call_refuse(c, STORE_DENIED, "the step was shown to another user");
}

/* The step that the request is about. */
static int
step_find(struct txn *t, struct call *c, struct msg_step_record *r)
{
	const struct msg_step_decide *m = &c->m->step_decide;
	const bool by_visitor = m->session.len > 0;
	struct msg_conversation_record conversation;
	struct msg_turn_record place;
	int rc = step_conversation(t, &m->step, &place);

	if (rc == 0)
		rc = by_visitor ? step_check_visitor(t, m, &place.conversation)
				: inbox_find(t, c, &m->org, &place.conversation, &conversation);
	if (rc == 0)
		rc = action_find(t, &place.conversation, &m->step, r);
	if (rc == 0 &&
	    (!id_equal(&r->org, &m->org) || r->class == TOOL_READ ||
		(by_visitor && r->class != TOOL_CONFIRM)))
		rc = MDB_NOTFOUND;
	if (rc == 0 && by_visitor)
		rc = step_check_identity(t, c, r);
	return rc == MDB_NOTFOUND ? call_refuse(c, STORE_NOT_FOUND, step_missing) : rc;
}

/* Whether the step waits for this decision of this person. */
static bool
step_may_decide(const struct msg_step_decide *m, const struct msg_step_record *r)
{
	const uint8_t class = m->session.len > 0 ? TOOL_CONFIRM : TOOL_APPROVE;

	if (!hash_equal(&m->shown, &r->shown))
		return false;
	if (m->decision <= DECISION_NO)
		return r->state == STEP_WAITING && r->class == class;
	return r->state == STEP_UNKNOWN && m->session.len == 0;
}

/* Whether the decision was made before, by another tab or a repeated request. */
static bool
step_is_decided(const struct msg_step_decide *m, const struct msg_step_record *r)
{
	const uint8_t by = m->session.len > 0 ? DECIDED_BY_VISITOR : DECIDED_BY_OPERATOR;

	if (!hash_equal(&m->shown, &r->shown) || r->decider != by)
		return false;
	switch ((enum step_decision)m->decision) {
	case DECISION_YES:
		return r->state != STEP_WAITING && r->state != STEP_REFUSED &&
		    r->state != STEP_EXPIRED;
	case DECISION_NO:
		return r->state == STEP_REFUSED;
	case DECISION_DONE:
		return r->state == STEP_DONE;
	case DECISION_NOT_DONE:
		return r->state == STEP_FAILED;
	case DECISION_AGAIN:
		break;
	}
	return r->state == STEP_PROPOSED || r->state == STEP_RUNNING;
}

static void
step_decide(struct call *c, struct msg_step_record *r, uint64_t now)
{
	const struct msg_step_decide *m = &c->m->step_decide;
	const bool by_visitor = m->session.len > 0;

	r->decider = by_visitor ? DECIDED_BY_VISITOR : DECIDED_BY_OPERATOR;
	r->decided_by = m->user;
	r->decided_at = now;
	switch ((enum step_decision)m->decision) {
	case DECISION_YES:
	case DECISION_AGAIN:
		action_propose(c, r, now);
		break;
	case DECISION_NO:
		action_end(c, r, STEP_REFUSED,
		    by_visitor ? REFUSED_BY_VISITOR : REFUSED_BY_OPERATOR, now);
		break;
	case DECISION_DONE:
		action_end(c, r, STEP_DONE, WAS_DONE, now);
		break;
	case DECISION_NOT_DONE:
		action_end(c, r, STEP_FAILED, WAS_NOT_DONE, now);
		break;
	}
}

/* Encodes a step into the text of the environment, until the next use of that. */
static struct slice
step_encode(struct txn *t, const struct msg_step_record *r)
{
	buf_reset(&t->env->text);
	must(record_encode(&t->env->text, MSG_STEP_RECORD, r) == 0);
	return buf_slice(&t->env->text);
}

int
handle_step_decide(struct txn *t, struct call *c)
{
	const struct msg_step_decide *m = &c->m->step_decide;
	const uint64_t now = clock_wall_ms();
	struct msg_step_decided answer = {0};
	struct msg_step_record before = {0}, after;
	bool late;
	int rc = step_find(t, c, &before);

	if (rc != 0)
		return rc;
	after = before;
	late = before.state == STEP_WAITING && before.expires_at <= now;
	answer.granted = !late && step_may_decide(m, &before);
	if (answer.granted)
		step_decide(c, &after, now);
	else
		answer.granted = step_is_decided(m, &before);
	answer.step = step_encode(t, &after);
	call_answer(c, MSG_STEP_DECIDED, &answer);
	return after.state == before.state ? 0 : action_put(t, c, &before, &after);
}

/* Whether a person has the conversation. */
static bool
step_is_held(const struct msg_conversation_record *conversation)
{
	return conversation->state == STATE_PERSON;
}

/* Whether the request of a step is to be sent. In a held conversation, only what an operator has decided since is: a takeover
 * ends what was proposed before. */
static bool
step_may_run(
    const struct msg_step_record *r, const struct msg_conversation_record *conversation)
{
	return r->state == STEP_PROPOSED &&
	    (!step_is_held(conversation) || r->decider == DECIDED_BY_OPERATOR);
}

/* The tool of a step; nothing if it is gone. */
static int
step_read_tool(struct txn *t, const struct msg_step_record *r, struct slice *bytes,
    struct msg_tool_record *tool)
{
	const struct key key = key_of_org(&r->org, &r->tool);
	int rc = txn_get(t, TABLE_TOOLS, &key, bytes);

	*tool = (struct msg_tool_record){0};
	if (rc == 0)
		rc = record_read(*bytes, TABLE_TOOLS, tool);
	if (rc != 0 || !tool->enabled)
		*bytes = (struct slice){0};
	return txn_survives(rc) ? 0 : rc;
}

/* Answers with the step and what its request needs, before the first change. */
static int
step_answer_taken(struct txn *t, struct call *c, const struct msg_step_record *r,
    const struct msg_conversation_record *conversation, struct slice tool)
{
	struct msg_step_taken taken = {
	    .runs = r->state == STEP_RUNNING,
	    .step = step_encode(t, r),
	    .tool = tool,
	    .widget = conversation->widget,
	    .session = conversation->session,
	};
	struct msg_contact_record contact = {0};
	int rc = 0;

	if (!id_is_zero(&conversation->contact))
		rc = contact_find(t, &r->org, &conversation->contact, &contact);
	if (!txn_survives(rc) && rc != 0)
		return rc;
	taken.name = contact.name;
	taken.email = contact.email;
	taken.phone = contact.phone;
	call_answer(c, MSG_STEP_TAKEN, &taken);
	return 0;
}

/* The step runs from now on. */
static int
step_run(struct txn *t, struct call *c, const struct msg_step_record *before,
    const struct msg_conversation_record *conversation)
{
	const struct msg_step_take *m = &c->m->step_take;
	struct msg_step_record after = *before;
	struct msg_tool_record tool;
	struct slice bytes;
	int rc = step_read_tool(t, before, &bytes, &tool);

	if (rc != 0)
		return rc;
	after.state = STEP_RUNNING;
	after.run = m->run;
	after.again = tool.idempotent;
	after.tries = before->tries < UINT8_MAX ? before->tries + 1 : before->tries;
	after.due_at = clock_wall_ms() + tool.timeout_ms + GRACE_MS;
	rc = step_answer_taken(t, c, &after, conversation, bytes);
	return rc != 0 ? rc : action_put(t, c, before, &after);
}

/* A repeated request: its answer was lost. */
static int
step_run_repeated(struct txn *t, struct call *c, const struct msg_step_record *r,
    const struct msg_conversation_record *conversation)
{
	struct msg_tool_record tool;
	struct slice bytes;
	int rc = step_read_tool(t, r, &bytes, &tool);

	return rc != 0 ? rc : step_answer_taken(t, c, r, conversation, bytes);
}

int
handle_step_take(struct txn *t, struct call *c)
{
	const struct msg_step_take *m = &c->m->step_take;
	const struct key key = key_id(&m->conversation);
	struct msg_conversation_record conversation;
	struct msg_step_record r;
	int rc = txn_get_record(t, TABLE_CONVERSATIONS, &key, &conversation);

	if (rc == 0)
		rc = action_find(t, &m->conversation, &m->step, &r);
	if (rc != 0 && rc != MDB_NOTFOUND)
		return rc;
	if (rc == 0 && step_may_run(&r, &conversation))
		return step_run(t, c, &r, &conversation);
	if (rc == 0 && r.state == STEP_RUNNING && id_equal(&r.run, &m->run))
		return step_run_repeated(t, c, &r, &conversation);
	if (rc == 0 && action_has_ended(&r) && r.due_at != 0 && !step_is_held(&conversation))
		return step_answer_taken(t, c, &r, &conversation, (struct slice){0});
	call_ok(c);
	return 0;
}

int
handle_step_end(struct txn *t, struct call *c)
{
	const struct msg_step_end *m = &c->m->step_end;
	const uint64_t now = clock_wall_ms();
	struct msg_step_record before, after;
	bool open;
	int rc = action_find(t, &m->conversation, &m->step, &before);

	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_NOT_FOUND, step_missing);
	if (rc != 0)
		return rc;
	if (m->state != STEP_DONE && m->state != STEP_FAILED && m->state != STEP_UNKNOWN)
		return call_refuse(c, STORE_INVALID, "the step has not ended");
	if (!id_equal(&before.run, &m->run))
		return call_refuse(c, STORE_TAKEN, "another run has this step");
	call_ok(c);
	/* That a repeated request failed says nothing about the ones before it. */
	open = m->state == STEP_UNKNOWN || (m->state == STEP_FAILED && before.tries > 1);
	/* Known late is known. */
	if (before.state != STEP_RUNNING && (before.state != STEP_UNKNOWN || open))
		return 0;
	after = before;
	after.status = m->status;
	after.ms = m->ms;
	if (open) {
		after.again = m->again;
		return action_try_again(&after, now) ? action_put(t, c, &before, &after)
						     : action_lose(t, c, &before, &after);
	}
	after.result = m->result;
	action_end(c, &after, (enum step_state)m->state, NULL, now);
	return action_put(t, c, &before, &after);
}
