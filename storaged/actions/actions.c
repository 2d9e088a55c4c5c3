/*
 * Steps of a conversation are few; those that have rows are found by a walk over them.
 */
#include "storaged/actions/actions.h"

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "storaged/changes/changes.h"
#include "storaged/conversations/conversations.h"
#include "storaged/conversations/turn_view.h"
#include "storaged/identities/indexes.h"
#include "storaged/numbers/numbers.h"

/* How long a worker has to begin what it was asked for; twice as long after each time. */
#define ASK_MS    2000u
#define ASKED_MAX 6

/* How long after a decision a request may still be sent: later, nobody expects it any more. */
#define SEND_MS 600000u

/* How often an open reply is looked at, and how often the lease is looked for. */
#define OPEN_MS  5000u
#define LEASE_MS 1000u
#define AGAIN_MS 1000u /* until the request is sent again; twice as long after each time */

/* How often the request of a step is sent, if its server does nothing twice. */
#define TRIES_MAX 5

/* What the model reads. */
#define EXPIRED  "{\"not_done\":\"nobody has decided in time\"}"
#define UNSENT   "{\"not_done\":\"it could not be sent in time\"}"
#define REPLACED "{\"not_done\":\"the same was proposed again\"}"
#define TAKEN    "{\"not_done\":\"a person has taken over the conversation\"}"
#define STOPPED  "{\"not_done\":\"the reply was stopped\"}"
#define UNKNOWN                                                                            \
	"{\"unknown\":\"it is not known whether this was done. A person of the team will " \
	"find "                                                                            \
	"out. Tell the visitor so, and do not try it again\"}"

bool
action_has_ended(const struct msg_step_record *r)
{
	return r->state != STEP_WAITING && r->state != STEP_PROPOSED &&
	    r->state != STEP_RUNNING;
}

/* Whether an operator has to decide about it. */
static bool
action_is_open(const struct msg_step_record *r)
{
	struct key key;

	return index_key_step_open(r, &key);
}

struct key
action_key(const struct id *conversation, const struct id *step)
{
	return key_of_org(conversation, step);
}

int
action_find(struct txn *t, const struct id *conversation, const struct id *step,
    struct msg_step_record *r)
{
	const struct key key = action_key(conversation, step);

	return txn_get_record(t, TABLE_STEPS, &key, r);
}

/* Before the first change: the conversation's texts may lie in the map. */
static int
action_tell_rooms(struct txn *t, struct call *c, const struct id *id)
{
	const struct key key = key_id(id);
	struct msg_conversation_record conversation;
	int rc = txn_get_record(t, TABLE_CONVERSATIONS, &key, &conversation);

	if (rc == 0)
		call_conversation_changed(c, &conversation);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
action_put(struct txn *t, struct call *c, const struct msg_step_record *before,
    const struct msg_step_record *after)
{
	const struct id org = after->org, id = after->id, conversation = after->conversation;
	const struct key key = action_key(&conversation, &id);
	const bool changed = before == NULL || before->state != after->state;
	const bool told =
	    changed && (action_is_open(after) || (before != NULL && action_is_open(before)));
	int rc = 0;

	if (changed && after->class != TOOL_READ)
		rc = action_tell_rooms(t, c, &conversation);
	if (rc == 0)
		rc = index_put_record(t, TABLE_STEPS, &key, before, after);
	if (rc != 0 || !told)
		return rc;
	return change_add(t, &org, CHANGE_STEP, &id, &conversation,
	    before == NULL ? CHANGE_CREATED : CHANGE_CHANGED);
}

static void
action_ask(struct call *c, const struct msg_step_record *r)
{
	effects_add(c->effects,
	    &(struct effect){
		.kind = EFFECT_STEP, .turn = r->id, .conversation = r->conversation});
}

void
action_end(struct call *c, struct msg_step_record *r, enum step_state state, const char *text,
    uint64_t now)
{
	r->state = (uint8_t)state;
	if (text != NULL)
		r->result = slice_str(text);
	r->expires_at = 0;
	r->answer = (struct id){0};
	r->asked = 0;
	r->due_at = now + ASK_MS;
	action_ask(c, r);
}

static void
action_set_proposed(struct msg_step_record *r)
{
	r->state = STEP_PROPOSED;
	r->result = (struct slice){0};
	r->status = 0;
	r->expires_at = 0;
	r->run = (struct id){0};
	r->asked = 0;
}

void
action_propose(struct call *c, struct msg_step_record *r, uint64_t now)
{
	action_set_proposed(r);
	r->due_at = now + ASK_MS;
	action_ask(c, r);
}

/* The conversation waits for a person, unless one has it. */
static int
action_call_person(struct txn *t, struct call *c, const struct id *id)
{
	const struct key key = key_id(id);
	struct msg_conversation_record conversation;
	struct conversation_position before;
	struct id org;
	int rc = txn_get_record(t, TABLE_CONVERSATIONS, &key, &conversation);

	if (rc != 0 || conversation.state == STATE_PERSON ||
	    conversation.state == STATE_WAITING)
		return rc == MDB_NOTFOUND ? 0 : rc;
	org = conversation.org;
	conversation_position_of(&conversation, &before);
	numbers_add_handover(t, &conversation.org, &conversation.widget, NULL);
	conversation.state = STATE_WAITING;
	call_conversation_changed(c, &conversation);
	rc = conversation_put(t, &conversation, &before, 0);
	return rc != 0 ? rc : change_add_conversation(t, &org, id, CHANGE_STATE);
}

int
action_lose(struct txn *t, struct call *c, const struct msg_step_record *before,
    const struct msg_step_record *after)
{
	const struct id conversation = after->conversation, id = after->id;
	struct msg_step_record lost = *after;
	int rc;

	log_event(LOG_WARN, "step_unknown", L_ID("conversation", &conversation),
	    L_ID("step", &id), L_SLICE("tool", lost.name),
	    L_STR("help", "find out whether this was done, and decide about the step"));
	action_end(c, &lost, STEP_UNKNOWN, UNKNOWN, clock_wall_ms());
	rc = action_put(t, c, before, &lost);
	return rc != 0 ? rc : action_call_person(t, c, &conversation);
}

/* Whether a step is the one that a walk looks for. */
typedef bool action_filter(const struct msg_step_record *r, const void *arg);

/* The first step behind *at that the filter takes; *at becomes its id. MDB_NOTFOUND: there is none. The slices of *r are
 * valid until the next change. */
static int
action_next(struct txn *t, const struct id *conversation, struct id *at, action_filter *filter,
    const void *arg, struct msg_step_record *r)
{
	const struct key front = key_id(conversation), from = action_key(conversation, at);
	struct walk w;
	int rc = walk_open(&w, t, TABLE_STEPS, &front);

	for (rc = rc == 0 ? walk_from(&w, &from) : rc; rc == 0; rc = walk_next(&w))
		if (!slice_eq(w.key, key_slice(&from)) &&
		    record_read(w.value, TABLE_STEPS, r) == 0 && filter(r, arg)) {
			*at = r->id;
			break;
		}
	walk_close(&w);
	return rc;
}

/* The same action, which has not ended, or of which nobody knows how. */
static bool
action_is_same(const struct msg_step_record *r, const void *arg)
{
	const struct msg_step_record *new = arg;

	return r->class != TOOL_READ && !id_equal(&r->id, &new->id) &&
	    hash_equal(&r->shown, &new->shown) &&
	    (!action_has_ended(r) || r->state == STEP_UNKNOWN);
}

int
action_add(struct txn *t, struct call *c, const struct msg_step_record *new)
{
	struct msg_step_record same, after;
	struct id at = {0};
	int rc = action_next(t, &new->conversation, &at, action_is_same, new, &same);

	if (rc == 0 && same.state != STEP_WAITING)
		return call_refuse(c, STORE_CONFLICT, "the same action is under way");
	if (rc == 0) {
		/* The reply of the new one sees its own result only. */
		after = same;
		after.state = STEP_EXPIRED;
		after.result = slice_str(REPLACED);
		after.expires_at = after.due_at = 0;
		rc = action_put(t, c, &same, &after);
	}
	if (rc != 0 && rc != MDB_NOTFOUND)
		return rc;
	return action_put(t, c, NULL, new);
}

static bool
action_has_not_begun(const struct msg_step_record *r, const void *arg)
{
	(void)arg;
	return r->state == STEP_WAITING || r->state == STEP_PROPOSED;
}

/* Refuses those that the filter takes; text: what the model reads. */
static int
actions_refuse(struct txn *t, struct call *c, const struct id *conversation,
    action_filter *filter, const void *arg, const char *text)
{
	struct msg_step_record r, after;
	struct id at = {0};
	int rc;

	while ((rc = action_next(t, conversation, &at, filter, arg, &r)) == 0) {
		after = r;
		/* One whose request is to be sent again may have been done. */
		after.state = r.tries > 0 ? STEP_UNKNOWN : STEP_REFUSED;
		after.result = slice_str(r.tries > 0 ? UNKNOWN : text);
		after.expires_at = after.due_at = 0;
		rc = action_put(t, c, &r, &after);
		if (rc != 0)
			return rc;
	}
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
actions_stop(struct txn *t, struct call *c, const struct id *conversation)
{
	return actions_refuse(t, c, conversation, action_has_not_begun, NULL, TAKEN);
}

/* arg: the id of a turn. */
static bool
action_waits_behind(const struct msg_step_record *r, const void *arg)
{
	return r->state == STEP_WAITING && id_equal(&r->turn, arg);
}

int
actions_stop_turn(
    struct txn *t, struct call *c, const struct id *conversation, const struct id *turn)
{
	return actions_refuse(t, c, conversation, action_waits_behind, turn, STOPPED);
}

int
action_find_waiting(struct txn *t, const struct id *conversation, const struct id *turn,
    struct msg_step_record *r)
{
	struct id at = {0};

	return action_next(t, conversation, &at, action_waits_behind, turn, r);
}

static bool
action_has_rows(const struct msg_step_record *r, const void *arg)
{
	(void)arg;
	return r->due_at != 0 || action_is_open(r);
}

int
actions_erase(struct txn *t, const struct id *conversation)
{
	struct msg_step_record r;
	struct id at = {0};
	int rc;

	while ((rc = action_next(t, conversation, &at, action_has_rows, NULL, &r)) == 0) {
		const struct key key = action_key(conversation, &at);

		rc = index_put_record(t, TABLE_STEPS, &key, &r, NULL);
		if (rc != 0)
			return rc;
	}
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Asks a worker, if one has the lease. */
static void
action_ask_again(struct call *c, struct msg_step_record *r, uint64_t now)
{
	if (c->live->lease.holder == NULL) {
		r->due_at = now + LEASE_MS;
		return;
	}
	r->due_at = now + ((uint64_t)ASK_MS << (r->asked < ASKED_MAX ? r->asked : ASKED_MAX));
	if (r->asked < UINT8_MAX)
		r->asked++;
	action_ask(c, r);
}

bool
action_try_again(struct msg_step_record *r, uint64_t now)
{
	if (!r->again || r->tries >= TRIES_MAX)
		return false;
	action_set_proposed(r);
	r->due_at = now + ((uint64_t)AGAIN_MS << r->tries);
	return true;
}

/* The reply that sees the result: whether it is complete, or nobody begins it any more. */
static int
action_look_for_answer(
    struct txn *t, struct call *c, struct msg_step_record *r, uint64_t now, bool *given_up)
{
	struct turn_view v = {.state = TURN_INTERRUPTED};
	int rc = id_is_zero(&r->answer) ? 0 : turn_view_load(t, &r->answer, &v);

	if (rc != 0 || v.state == TURN_COMPLETE || v.state == TURN_HANDED)
		return rc == MDB_NOTFOUND ? 0 : rc;
	if (v.state == TURN_OPEN)
		r->due_at = now + OPEN_MS;
	else if (r->asked >= ASKED_MAX)
		*given_up = true;
	else
		action_ask_again(c, r, now);
	return 0;
}

/* A proposed step whose request no worker has sent. One that was sent before may have been done. */
static int
action_wait(struct txn *t, struct call *c, const struct msg_step_record *before, uint64_t now)
{
	struct msg_step_record after = *before;

	if (now < before->decided_at + SEND_MS)
		action_ask_again(c, &after, now);
	else if (before->tries > 0)
		return action_lose(t, c, before, &after);
	else
		action_end(c, &after, STEP_EXPIRED, UNSENT, now);
	return action_put(t, c, before, &after);
}

/* A running step whose worker has not said in time what came of it. */
static int
action_is_late(
    struct txn *t, struct call *c, const struct msg_step_record *before, uint64_t now)
{
	struct msg_step_record after = *before;

	return action_try_again(&after, now) ? action_put(t, c, before, &after)
					     : action_lose(t, c, before, &after);
}

/* A step that has ended, and whose result a reply has to see; a person who has the conversation sees it without one. */
static int
action_follow_up(struct txn *t, struct call *c, const struct msg_step_record *before, bool held,
    uint64_t now)
{
	const struct id conversation = before->conversation;
	struct msg_step_record after = *before;
	bool given_up = false;
	int rc = 0;

	after.due_at = 0;
	if (!held)
		rc = action_look_for_answer(t, c, &after, now, &given_up);
	if (rc == 0)
		rc = action_put(t, c, before, &after);
	return rc != 0 || !given_up ? rc : action_call_person(t, c, &conversation);
}

static int
action_go_on(struct txn *t, struct call *c, const struct msg_step_record *before, bool held,
    uint64_t now)
{
	struct msg_step_record after = *before;

	switch ((enum step_state)before->state) {
	case STEP_WAITING:
		action_end(c, &after, STEP_EXPIRED, EXPIRED, now);
		return action_put(t, c, before, &after);
	case STEP_PROPOSED:
		return action_wait(t, c, before, now);
	case STEP_RUNNING:
		return action_is_late(t, c, before, now);
	default:
		return action_follow_up(t, c, before, held, now);
	}
}

int
action_due(
    struct txn *t, struct call *c, const struct id *step, const struct key *about, uint64_t now)
{
	struct msg_conversation_record conversation;
	struct msg_step_record r;
	struct id of, id;
	struct key key;
	int rc;

	if (about->len == 0)
		return RECORD_DAMAGED;
	org_key_parts(key_slice(about), &of, &id);
	rc = action_find(t, &of, step, &r);
	if (rc != 0)
		return rc == MDB_NOTFOUND ? 0 : rc;
	key = key_id(&of);
	rc = txn_get_record(t, TABLE_CONVERSATIONS, &key, &conversation);
	if (rc != 0 || r.due_at == 0 || r.due_at > now)
		return rc == MDB_NOTFOUND ? 0 : rc;
	return action_go_on(t, c, &r, conversation.state == STATE_PERSON, now);
}
