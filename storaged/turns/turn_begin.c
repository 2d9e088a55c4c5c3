/*
 * MSG_TURN_BEGIN in four steps: parse, authorize, decide, apply. Only the last one changes anything.
 *
 * The visitor's message takes the next sequence number of its conversation, and the number after it is
 * reserved for the reply, whenever that comes. So a conversation reads in the order of its questions, and
 * a repeated end finds its place again.
 */
#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/ipc/room_id.h"
#include "storaged/actions/actions.h"
#include "storaged/changes/changes.h"
#include "storaged/conversations/client_ids.h"
#include "storaged/conversations/conversations.h"
#include "storaged/conversations/pages.h"
#include "storaged/conversations/replies.h"
#include "storaged/duty/responses.h"
#include "storaged/engine/garbage.h"
#include "storaged/engine/message_page.h"
#include "storaged/files/file_messages.h"
#include "storaged/identities/blocks.h"
#include "storaged/identities/visitor_records.h"
#include "storaged/inbox/takeover.h"
#include "storaged/numbers/numbers.h"
#include "storaged/structure/structure_answer.h"
#include "storaged/turns/participants.h"
#include "storaged/turns/turn_budget.h"
#include "storaged/turns/turn_state.h"
#include "storaged/turns/turns.h"

#define REPLIES_MAX 64 /* the largest replies_max (messages.def) */

enum begin_action {
	BEGIN_NEW,  /* store the message and open its turn */
	BEGIN_TAKE, /* a repeated request: run its turn, opened again if it was interrupted */
	BEGIN_RESTART, /* a known message whose reply broke off: this run writes it from the start */
	BEGIN_REPEAT, /* a repeated request whose reply is complete: only answer it again */
	BEGIN_REPORT, /* a known message: answer with the state of its reply */
	BEGIN_LEFT, /* open a turn for the message that a silent operator has left without an answer */
	BEGIN_STEP,    /* open a turn that sees what came of a step */
	BEGIN_NOTHING, /* ... which is answered meanwhile, or which nobody may answer any more */
	BEGIN_WAIT, /* ... for which the budget is spent: the conversation waits for a person */
	/* While a person has the conversation (inbox/takeover.h): */
	BEGIN_HAND, /* store the message, which the person answers */
	BEGIN_STOP, /* a reply that would be taken or restarted: end it as stopped, and report it */
	BEGIN_HANDED, /* a message that was handed to a person before: only answer it again */
};

struct turn_beginning {
	const struct msg_turn_begin *m;
	struct participants participants;
	struct msg_conversation_record conversation; /* the session's */
	bool fresh;                                  /* the conversation is not stored yet */
	struct turn_view turn;                       /* that answers the message */
	enum begin_action action;
	bool own;     /* of BEGIN_REPORT: the sender writes the reply */
	bool held;    /* a person has the conversation */
	bool returns; /* ... but was silent for too long: the model takes over again */
	uint64_t now; /* ms since 1970 */
	struct reply_writer writer;
	struct msg_step_record step; /* of BEGIN_STEP, and of a BEGIN_RESTART of its reply */
};

static int
turn_begin_parse(struct call *c, struct turn_beginning *b)
{
	const struct msg_turn_begin *m = &c->m->turn_begin;

	*b = (struct turn_beginning){.m = m, .turn = {.id = m->turn}, .now = clock_wall_ms()};
	if (m->session.len == 0 || (m->text.len + m->files.len + m->answer.len == 0) != m->left)
		return call_refuse(
		    c, STORE_INVALID, "a turn needs a session, and a text or a file");
	if (m->answer.len > 0 && m->text.len + m->files.len > 0)
		return call_refuse(c, STORE_INVALID, "an answer has no other text");
	if (id_is_zero(&m->conversation) || id_is_zero(&m->message) || id_is_zero(&m->turn))
		return call_refuse(c, STORE_INVALID, "a turn needs its ids");
	return 0;
}

/* A person has taken over the conversation. */
static void
turn_begin_find_holder(const struct txn *t, struct turn_beginning *b)
{
	b->returns = b->participants.agent_returns &&
	    takeover_has_lapsed(t->env, &b->conversation, b->now);
	b->held = !b->returns;
}

/* Who writes, with which agent, in which conversation. What only a new message is refused for is part of
 * the decision (participants_check()): a repeated one is answered nevertheless. */
static int
turn_begin_authorize(struct txn *t, struct call *c, struct turn_beginning *b)
{
	const struct msg_turn_begin *m = b->m;
	int rc = participants_find(t, c, &b->participants);

	if (rc == 0)
		rc = conversation_of_session(t, &m->org, &m->widget, m->session,
		    &m->conversation, &b->conversation, &b->fresh);
	if (rc == 0 && b->conversation.state == STATE_PERSON)
		turn_begin_find_holder(t, b);
	return rc;
}

/* Whether the conversation may have the id that the worker chose for it. */
static int
turn_begin_check_fresh_id(struct txn *t, struct call *c, const struct id *id)
{
	struct key key = key_id(id);
	struct slice there;
	bool erased = false;
	int rc = txn_get(t, TABLE_CONVERSATIONS, &key, &there);

	if (rc == MDB_NOTFOUND)
		rc = garbage_exists(t, id, &erased);
	else if (rc == 0)
		return call_refuse(
		    c, STORE_INVALID, "another session's conversation has this id");
	if (erased)
		return call_refuse(c, STORE_INVALID, garbage_id_in_use);
	return rc;
}

/* The other open turns of a conversation; memory and the batch may both name one. */
struct open_replies {
	const struct id *own;
	size_t n;
	struct id turns[REPLIES_MAX];
};

static int
turn_begin_count_open(void *arg, const struct id *turn)
{
	struct open_replies *open = arg;

	if (id_equal(open->own, turn))
		return 0;
	for (size_t i = 0; i < open->n; i++)
		if (id_equal(&open->turns[i], turn))
			return 0;
	if (open->n < ARRAY_LEN(open->turns))
		open->turns[open->n++] = *turn;
	return 0;
}

/* Refuses one more reply while the conversation has as many as the request allows. */
static int
turn_begin_check_conversation(struct txn *t, struct call *c, const struct turn_beginning *b)
{
	struct open_replies open = {.own = &b->turn.id};
	int rc;

	if (b->fresh || b->m->replies_max == 0)
		return 0;
	rc = turn_view_each_open(t, c, &b->conversation.id, turn_begin_count_open, &open);
	if (rc == 0 && open.n >= b->m->replies_max)
		return call_refuse(c, STORE_BUSY, "too many replies of the conversation run");
	return rc;
}

/* Whether a turn may be opened now. */
static int
turn_begin_check_open(struct txn *t, struct call *c, const struct turn_beginning *b)
{
	if (!call_may_write(t))
		return CALL_WRITES;
	if (!turn_view_may_open(c))
		return call_refuse(c, STORE_FULL, "too many replies are open");
	return turn_begin_check_conversation(t, c, b);
}

static int
turn_begin_check_files(struct txn *t, struct call *c, const struct turn_beginning *b)
{
	const struct msg_turn_begin *m = b->m;
	const struct id none = {0};
	const struct id room = room_id_of_session(&m->org, &m->widget, m->session);

	return file_message_check(t, c, m->files, &m->org, &room,
	    b->fresh ? &none : &b->conversation.id, &t->env->file_items);
}

/* The contact that the session of a key has given before its first message (contact_submit.c); zero: none. */
static int
turn_begin_waiting_contact(struct txn *t, const struct turn_beginning *b, struct id *contact)
{
	const struct hash256 token =
	    room_hash_of_session(&b->m->org, &b->m->widget, b->m->session);
	struct msg_visitor_record visitor;
	int rc = visitor_by_token(t, &token, &visitor);

	*contact = rc == 0 ? visitor.contact : (struct id){0};
	return txn_survives(rc) ? 0 : rc;
}

/* Refuses (BLOCKED) a visitor who may not write. */
static int
turn_begin_check_blocks(struct txn *t, struct call *c, const struct turn_beginning *b)
{
	struct block_query query = {.org = b->m->org,
	    .session = b->m->session,
	    .contact = b->conversation.contact,
	    .network = b->m->sender};
	int rc = 0;

	if (!b->participants.has_blocks)
		return 0;
	if (id_is_zero(&query.contact))
		query.contact = b->participants.contact;
	if (id_is_zero(&query.contact) && b->fresh && !b->participants.by_visitor)
		rc = turn_begin_waiting_contact(t, b, &query.contact);
	return rc != 0 ? rc : blocks_refuse(t, c, &query);
}

static int
turn_begin_decide_new(struct txn *t, struct call *c, struct turn_beginning *b)
{
	int rc = turn_begin_check_blocks(t, c, b);

	if (rc == 0 && !b->held)
		rc = turn_begin_check_open(t, c, b);
	if (rc == 0 && b->fresh)
		rc = turn_begin_check_fresh_id(t, c, &b->m->conversation);
	if (rc != 0)
		return rc;
	if (b->held && !call_may_write(t))
		return CALL_WRITES;
	/* Only an import can have come so far. */
	if (b->conversation.next_seq > SEQ_MAX - 1)
		return call_refuse(c, STORE_INVALID, "the conversation is full");
	b->action = b->held ? BEGIN_HAND : BEGIN_NEW;
	rc = turn_begin_check_files(t, c, b);
	if (rc != 0)
		return rc;
	return participants_check(t, c, &b->participants, b->now, b->held || b->m->asks_person);
}

/* A reply that a takeover has stopped before its worker knew of it: the model must not begin now. */
static enum begin_action
turn_begin_repeat_complete(const struct turn_beginning *b)
{
	return b->held || b->turn.message.status == MESSAGE_STOPPED ? BEGIN_REPORT
								    : BEGIN_REPEAT;
}

/* The turn was begun by the same request before. */
static int
turn_begin_decide_repeated(struct txn *t, struct call *c, struct turn_beginning *b)
{
	if (!id_equal(&b->turn.place.org, &b->m->org))
		return call_refuse(c, STORE_INVALID, "another organization's turn has this id");
	if (b->m->client_id.len > 0)
		return call_refuse(
		    c, STORE_INVALID, "the turn began with another client message id");
	if (b->turn.state == TURN_HANDED) {
		b->action = BEGIN_HANDED;
		return 0;
	}
	b->action = b->turn.state == TURN_COMPLETE ? turn_begin_repeat_complete(b) : BEGIN_TAKE;
	if (b->action == BEGIN_TAKE && b->turn.state != TURN_OPEN && !call_may_write(t))
		return CALL_WRITES;
	return turn_check_run(c, &b->turn, &b->m->turn);
}

/* Refuses a client message id that names a message with another text. */
static int
turn_begin_check_same_text(
    struct txn *t, struct call *c, const struct turn_beginning *b, uint64_t question_seq)
{
	struct key key = key_message(&b->conversation.id, question_seq);
	struct msg_message_record question;
	int rc = txn_get_record(t, TABLE_MESSAGES, &key, &question);

	if (rc != 0)
		return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
	if (!slice_eq(question.text, b->m->text) || !slice_eq(question.answer, b->m->answer) ||
	    !file_message_has(question.files, b->m->files))
		return call_refuse(c, STORE_CONFLICT, "this id names another message");
	return 0;
}

static int
turn_begin_decide_restart(struct txn *t, struct call *c, struct turn_beginning *b)
{
	b->action = BEGIN_RESTART;
	return turn_begin_check_open(t, c, b);
}

/* The message is known by its client id, and its reply is open: the request may be a repeated one, or the
 * reply's run may be lost. */
static int
turn_begin_decide_open(struct txn *t, struct call *c, struct turn_beginning *b)
{
	enum turn_writer writer;

	if (id_equal(&b->turn.run, &b->m->turn)) {
		b->action = BEGIN_TAKE;
		return 0;
	}
	writer = turn_view_writer(c, &b->turn.id);
	if (writer == TURN_WRITER_LOST || writer == TURN_WRITER_NONE)
		return turn_begin_decide_restart(t, c, b);
	b->action = BEGIN_REPORT;
	b->own = writer == TURN_WRITER_SELF;
	return 0;
}

/* The reply to a handed message that a silent operator has left: the next pair, without a question, has it. */
static int
turn_begin_find_left(
    struct txn *t, struct call *c, const struct turn_beginning *b, struct turn_view *reply)
{
	const struct id *conversation = &b->conversation.id;
	const uint64_t seq = b->turn.place.seq + 2;
	struct key question = key_message(conversation, seq - 1);
	struct key answer = key_message(conversation, seq);
	struct msg_message_record message;
	struct slice next;
	struct id turn;
	int rc = txn_get(t, TABLE_MESSAGES, &question, &next);

	if (rc != MDB_NOTFOUND)
		return rc == 0 ? MDB_NOTFOUND : rc;
	rc = txn_get_record(t, TABLE_MESSAGES, &answer, &message);
	if (rc == 0)
		turn = message.role == MESSAGE_ASSISTANT ? message.id : (struct id){{0}};
	else if (rc == MDB_NOTFOUND)
		rc = conversation_newest_open(t, c, conversation, &turn);
	if (rc != 0 || id_is_zero(&turn))
		return rc != 0 ? rc : MDB_NOTFOUND;
	rc = turn_view_load_named(t, &turn, reply);
	return rc == 0 && reply->place.seq != seq ? MDB_NOTFOUND : rc;
}

/* A message that was handed to a person, and is sent again: the model may have answered it since. */
static int
turn_begin_follow_left(struct txn *t, struct call *c, struct turn_beginning *b)
{
	struct turn_view reply;
	int rc = turn_begin_find_left(t, c, b, &reply);

	if (rc == 0)
		b->turn = reply;
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int
turn_begin_decide_known(struct txn *t, struct call *c, struct turn_beginning *b,
    const struct msg_client_id_record *known)
{
	int rc = turn_begin_check_same_text(t, c, b, known->seq);

	if (rc == 0)
		rc = turn_view_load_named(t, &known->turn, &b->turn);
	if (rc == 0 && b->turn.state == TURN_HANDED)
		rc = turn_begin_follow_left(t, c, b);
	if (rc != 0)
		return rc;
	switch (b->turn.state) {
	case TURN_OPEN:
		return turn_begin_decide_open(t, c, b);
	case TURN_INTERRUPTED:
	case TURN_DAMAGED:
		return turn_begin_decide_restart(t, c, b);
	case TURN_HANDED:
		b->action = BEGIN_HANDED;
		return 0;
	case TURN_COMPLETE:
		break;
	}
	b->action = BEGIN_REPORT;
	return 0;
}

/* The turn of a repeated request. One that was handed to a person has the message's id; there is one only
 * after a takeover. */
static int
turn_begin_load_repeated(struct txn *t, struct turn_beginning *b)
{
	int rc = MDB_NOTFOUND;

	if (b->conversation.operator_at != 0)
		rc = turn_view_load(t, &b->m->message, &b->turn);
	return rc == MDB_NOTFOUND ? turn_view_load(t, &b->m->turn, &b->turn) : rc;
}

static int
turn_begin_decide_action(struct txn *t, struct call *c, struct turn_beginning *b)
{
	struct msg_client_id_record known;
	int rc;

	if (b->m->client_id.len > 0 && !b->fresh) {
		rc = client_id_get(t, &b->conversation.id, b->m->client_id, &known);
		if (rc != MDB_NOTFOUND)
			return rc != 0 ? rc : turn_begin_decide_known(t, c, b, &known);
	}
	rc = turn_begin_load_repeated(t, b);
	if (rc == MDB_NOTFOUND)
		return turn_begin_decide_new(t, c, b);
	return rc != 0 ? rc : turn_begin_decide_repeated(t, c, b);
}

/* A conversation that a silent operator has left, if its last message still has no answer. */
static int
turn_begin_decide_left(struct txn *t, struct call *c, struct turn_beginning *b)
{
	bool unanswered = false;
	int rc = turn_view_load(t, &b->m->turn, &b->turn);

	if (rc != MDB_NOTFOUND)
		return rc != 0 ? rc : turn_begin_decide_repeated(t, c, b);
	b->action = BEGIN_NOTHING;
	if (b->fresh || !b->returns || !id_equal(&b->conversation.id, &b->m->conversation) ||
	    b->conversation.next_seq > SEQ_MAX - 1)
		return 0;
	rc = takeover_find_unanswered(t, &b->conversation, &unanswered);
	if (rc != 0 || !unanswered)
		return rc;
	b->action = BEGIN_LEFT;
	return turn_begin_check_open(t, c, b);
}

/* A step that has ended, if no reply sees its result yet. */
static int
turn_begin_decide_step(struct txn *t, struct call *c, struct turn_beginning *b)
{
	struct turn_view answer;
	int rc = turn_view_load(t, &b->m->turn, &b->turn);

	if (rc != MDB_NOTFOUND)
		return rc != 0 ? rc : turn_begin_decide_repeated(t, c, b);
	b->action = BEGIN_NOTHING;
	if (b->fresh || b->held || b->returns ||
	    !id_equal(&b->conversation.id, &b->m->conversation) ||
	    b->conversation.next_seq > SEQ_MAX - 1)
		return 0;
	rc = action_find(t, &b->conversation.id, &b->m->step, &b->step);
	if (rc != 0 || !action_has_ended(&b->step) || b->step.due_at == 0)
		return rc == MDB_NOTFOUND ? 0 : rc;
	b->action = BEGIN_STEP;
	if (!id_is_zero(&b->step.answer)) {
		rc = turn_view_load(t, &b->step.answer, &answer);
		if (rc != 0)
			return rc == MDB_NOTFOUND ? 0 : rc;
		b->action = answer.state == TURN_INTERRUPTED ? BEGIN_RESTART : BEGIN_NOTHING;
		b->turn = answer;
	}
	return b->action == BEGIN_NOTHING ? 0 : turn_begin_check_open(t, c, b);
}

/* Whether the action calls the model once more. */
static bool
turn_begin_reserves(const struct turn_beginning *b)
{
	return !b->held &&
	    ((b->action == BEGIN_NEW && !b->m->asks_person) || b->action == BEGIN_RESTART ||
		b->action == BEGIN_LEFT || b->action == BEGIN_STEP ||
		(b->action == BEGIN_TAKE && b->turn.state != TURN_OPEN));
}

static int
turn_begin_decide(struct txn *t, struct call *c, struct turn_beginning *b)
{
	int rc = !b->m->left          ? turn_begin_decide_action(t, c, b)
	    : id_is_zero(&b->m->step) ? turn_begin_decide_left(t, c, b)
				      : turn_begin_decide_step(t, c, b);

	b->writer.agent = b->participants.agent;
	b->writer.org = b->conversation.org;
	b->writer.widget = b->conversation.widget;
	if (rc == 0 && turn_begin_reserves(b))
		rc = turn_budget_check(t, c, &b->conversation, b->fresh, &b->turn, &b->writer);
	if (rc == CALL_REFUSED && (b->action == BEGIN_LEFT || b->action == BEGIN_STEP) &&
	    turn_budget_refuses(c)) {
		b->action = BEGIN_WAIT;
		return 0;
	}
	if (rc != 0 || (b->action != BEGIN_TAKE && b->action != BEGIN_RESTART))
		return rc;
	if (b->held)
		b->action = BEGIN_STOP;
	return (b->held || b->returns) && !call_may_write(t) ? CALL_WRITES : 0;
}

static int
turn_begin_put_question(struct txn *t, const struct turn_beginning *b)
{
	const struct msg_turn_record *place = &b->turn.place;
	struct key key = key_message(&place->conversation, place->seq - 1);
	struct msg_message_record message = {
	    .v = RECORD_VERSION,
	    .id = b->m->message,
	    .role = MESSAGE_USER,
	    .status = b->action == BEGIN_HAND ? MESSAGE_HANDED : MESSAGE_COMPLETE,
	    .created_at = b->now,
	    .text = b->m->text,
	    .files = buf_slice(&t->env->file_items),
	    .answer = b->m->answer,
	};

	numbers_change_message(t, &b->m->org, &b->m->widget, place->seq - 1, NULL, &message);
	return txn_put_record(t, TABLE_MESSAGES, &key, &message);
}

/* The question, its client id and its turn, at the places that the conversation has reserved. */
static int
turn_begin_put_turn(struct txn *t, const struct turn_beginning *b)
{
	const struct msg_turn_record *place = &b->turn.place;
	const struct id *turn = &b->turn.id;
	struct key key = key_id(turn);
	int rc = turn_begin_put_question(t, b);

	if (rc == 0 && b->m->client_id.len > 0)
		rc = client_id_put(
		    t, &place->conversation, b->m->client_id, place->seq - 1, turn);
	if (rc == 0)
		rc = file_message_take(t, b->m->files, &place->conversation, &b->m->message);
	if (rc == 0)
		rc = txn_put_record(t, TABLE_TURNS, &key, place);
	if (rc != 0 || b->action == BEGIN_HAND)
		return rc;
	return reply_open(t, turn, turn, &place->conversation, &b->writer);
}

static int
turn_begin_add_changes(struct txn *t, const struct turn_beginning *b)
{
	const struct msg_turn_record *place = &b->turn.place;
	int rc = 0;

	if (b->fresh)
		rc = change_add_conversation(
		    t, &place->org, &place->conversation, CHANGE_CREATED);
	return rc != 0 ? rc
		       : change_add_message(t, &place->org, CHANGE_MESSAGE, &b->m->message,
			     &place->conversation, place->seq - 1, CHANGE_CREATED);
}

/* The next pair of places; the reply takes the second one. */
static void
turn_begin_take_place(struct turn_beginning *b)
{
	b->turn.place = (struct msg_turn_record){
	    .v = RECORD_VERSION,
	    .org = b->m->org,
	    .conversation = b->conversation.id,
	    .seq = b->conversation.next_seq + 1,
	};
	b->conversation.next_seq += 2;
}

/* A new conversation with a key has the contact that its session has given before (contact_submit.c). */
static int
turn_begin_take_contact(struct txn *t, struct turn_beginning *b)
{
	const struct hash256 token =
	    room_hash_of_session(&b->m->org, &b->m->widget, b->m->session);
	struct msg_visitor_record visitor;
	int rc = visitor_by_token(t, &token, &visitor);

	if (rc != 0)
		return txn_survives(rc) ? 0 : rc;
	if (id_is_zero(&b->participants.contact))
		b->participants.contact = visitor.contact;
	return visitor_drop(t, &visitor.id);
}

/* A conversation that began after its contact was submitted. */
static int
turn_begin_link(struct txn *t, struct turn_beginning *b)
{
	const struct id *contact = &b->participants.contact;
	struct key key = key_id(&b->conversation.id);
	int rc = 0;

	if (b->fresh && !b->participants.by_visitor)
		rc = turn_begin_take_contact(t, b);
	if (rc != 0)
		return rc;
	if (b->fresh)
		b->conversation.contact = *contact;
	if (b->m->user_id.len == 0 || id_is_zero(contact) ||
	    id_equal(&b->conversation.contact, contact))
		return 0;
	rc = conversation_set_contact(t, &b->conversation.id, contact);
	return rc != 0 ? rc : txn_get_record(t, TABLE_CONVERSATIONS, &key, &b->conversation);
}

/* The message, with the place of a reply, which stays empty if a person answers. */
static int
turn_begin_add_message(struct txn *t, struct call *c, struct turn_beginning *b)
{
	struct new_message arrival = {
	    .text = file_message_title(b->m->text, buf_slice(&t->env->file_items)),
	    .now = b->now,
	    .status = b->action == BEGIN_HAND ? CONVERSATION_ANY : CONVERSATION_ACTIVE,
	    .question = true,
	    .returns = b->returns,
	};
	struct msg_turn_record *place = &b->turn.place;
	bool unused;
	int rc;

	rc = turn_begin_link(t, b);
	if (rc != 0)
		return rc;
	turn_begin_take_place(b);
	if (b->m->context.len > 0)
		b->conversation.context = b->m->context;
	arrival.reply = place->seq;
	rc = conversation_add(t, &b->conversation, b->fresh, &arrival);
	if (rc == 0)
		rc = turn_begin_put_turn(t, b);
	if (rc == 0)
		rc = page_put(t, &place->conversation, b->m->page, b->now, &unused);
	if (rc == 0)
		rc = turn_begin_add_changes(t, b);
	if (rc == 0)
		rc = participants_count_message(t, c, &b->participants, b->now);
	return rc != 0 || b->m->answer.len == 0 ? rc : structure_answer_contact(t, c, b->m);
}

static int
turn_begin_apply_new(struct txn *t, struct call *c, struct turn_beginning *b)
{
	const struct id *conversation = &b->turn.place.conversation;
	int rc;

	/* First, as the conversation's texts may lie in the map. */
	if (b->returns || b->conversation.state == STATE_RESOLVED || b->m->files.len > 0 ||
	    b->m->answer.len > 0)
		call_conversation_changed(c, &b->conversation);
	rc = turn_begin_add_message(t, c, b);
	if (rc != 0)
		return rc;
	/* LIVE_TURN has no files and no answers: who follows the conversation reads the message. */
	if (b->m->files.len + b->m->answer.len == 0)
		participants_announce_turn(c, conversation);
	call_claim(c, &b->turn.id, conversation);
	return 0;
}

/* The reply stands in a new pair without a question: it follows what the visitor's clients have already. */
static int
turn_begin_apply_left(struct txn *t, struct call *c, struct turn_beginning *b)
{
	struct msg_turn_record *place = &b->turn.place;
	struct new_message arrival = {.now = b->now,
	    .replaces = true,
	    .returns = b->returns,
	    .status = CONVERSATION_ACTIVE};
	struct key key = key_id(&b->turn.id);
	int rc;

	call_conversation_changed(c, &b->conversation);
	turn_begin_take_place(b);
	arrival.reply = place->seq;
	rc = conversation_add(t, &b->conversation, false, &arrival);
	if (rc == 0)
		rc = txn_put_record(t, TABLE_TURNS, &key, place);
	if (rc == 0)
		rc = reply_open(t, &b->turn.id, &b->turn.id, &place->conversation, &b->writer);
	if (rc == 0)
		call_claim(c, &b->turn.id, &place->conversation);
	return rc;
}

/* The same; and the step is answered by this reply. */
static int
turn_begin_apply_step(struct txn *t, struct call *c, struct turn_beginning *b)
{
	struct msg_step_record before, after;
	int rc = turn_begin_apply_left(t, c, b);

	if (rc == 0)
		rc = action_find(t, &b->turn.place.conversation, &b->m->step, &before);
	if (rc != 0)
		return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
	after = before;
	after.answer = b->turn.id;
	return action_put(t, c, &before, &after);
}

static int
turn_begin_wait(struct txn *t, struct call *c, const struct turn_beginning *b)
{
	call_ok(c);
	return takeover_release(t, c, &b->conversation.id, STATE_WAITING);
}

/* Answers first, as the conversation's texts may lie in the map. */
static int
turn_begin_hand(struct txn *t, struct call *c, struct turn_beginning *b)
{
	int rc;

	b->turn.id = b->m->message;
	call_conversation_changed(c, &b->conversation);
	rc = turn_answer_handed(t, c, &b->turn, &b->conversation);
	return rc != 0 ? rc : turn_begin_add_message(t, c, b);
}

static int
turn_begin_stop(struct txn *t, struct call *c, struct turn_beginning *b)
{
	int rc = reply_stop(t, &b->turn);

	if (rc == 0)
		rc = turn_view_load_named(t, &b->turn.id, &b->turn);
	if (rc != 0)
		return rc;
	call_release(c, &b->turn.id);
	turn_answer_state(c, &b->turn, false);
	return 0;
}

static int
turn_begin_apply_restart(struct txn *t, struct call *c, const struct turn_beginning *b)
{
	const struct id *conversation = &b->turn.place.conversation;
	int rc = reply_restart(t, &b->turn, &b->m->turn, &b->writer);

	if (rc != 0)
		return rc;
	call_restart(c, &b->turn.id, conversation);
	participants_announce_restart(c, conversation, &b->turn.id, b->turn.place.seq);
	return 0;
}

/* The working hours, for a turn that may hand over to a person; else none, as when they cannot be read: the turn has
 * begun, and an error would undo the whole batch. */
static int
turn_begin_find_hours(struct txn *t, const struct turn_beginning *b, struct slice *hours)
{
	const struct participants *p = &b->participants;
	int rc;

	*hours = (struct slice){0};
	if (!b->m->asks_person && !p->agent_hands_over)
		return 0;
	rc = duty_hours(t, &p->org, &p->counted, hours);
	return txn_survives(rc) ? 0 : rc;
}

/* The conversation up to the visitor's message, which stands just before the reply's place. */
static int
turn_begin_answer(struct txn *t, struct call *c, const struct turn_beginning *b)
{
	const struct message_page_bounds most = {
	    call_limit(b->m->history, HISTORY_MAX), PAGE_BYTES, 0};
	const struct msg_turn_record *place = &b->turn.place;
	const struct key key = key_id(&place->conversation), turn = key_id(&b->turn.id);
	struct msg_conversation_record conversation;
	struct msg_open_turn_record open = {0};
	struct slice agent, hours;
	struct message_page page;
	int rc = message_page_backwards(t, &place->conversation, place->seq, most, true, &page);

	if (rc == 0)
		rc = participants_agent(t, &b->participants, &agent);
	if (rc == 0)
		rc = turn_begin_find_hours(t, b, &hours);
	if (rc == 0)
		rc = txn_get_record(t, TABLE_CONVERSATIONS, &key, &conversation);
	if (rc == 0) {
		rc = txn_get_record(t, TABLE_OPEN_TURNS, &turn, &open);
		/* A repeated request's reply may be complete. */
		if (rc == MDB_NOTFOUND)
			rc = 0;
	}
	if (rc != 0)
		return rc;
	call_answer(c, MSG_TURN_BEGUN,
	    &(struct msg_turn_begun){
		.conversation = place->conversation,
		.turn = b->turn.id,
		.history = buf_slice(&t->env->list),
		.older = page.end == MESSAGE_PAGE_BYTES ? page.next : 0,
		.agent = agent,
		.context = conversation.context,
		.reserved_prompt = open.reserved_prompt,
		.reserved_completion = open.reserved_completion,
		.hours = hours,
	    });
	return 0;
}

static int
turn_begin_apply(struct txn *t, struct call *c, struct turn_beginning *b)
{
	int rc = 0;

	switch (b->action) {
	case BEGIN_NEW:
		rc = turn_begin_apply_new(t, c, b);
		break;
	case BEGIN_TAKE:
		rc = turn_take(t, c, &b->turn, &b->m->turn, &b->writer);
		break;
	case BEGIN_RESTART:
		rc = turn_begin_apply_restart(t, c, b);
		break;
	case BEGIN_REPEAT:
		break;
	case BEGIN_LEFT:
		rc = turn_begin_apply_left(t, c, b);
		break;
	case BEGIN_STEP:
		rc = turn_begin_apply_step(t, c, b);
		break;
	case BEGIN_NOTHING:
		call_ok(c);
		return 0;
	case BEGIN_WAIT:
		return turn_begin_wait(t, c, b);
	case BEGIN_REPORT:
		turn_answer_state(c, &b->turn, b->own);
		return 0;
	case BEGIN_HAND:
		return turn_begin_hand(t, c, b);
	case BEGIN_STOP:
		return turn_begin_stop(t, c, b);
	case BEGIN_HANDED:
		return turn_answer_handed(t, c, &b->turn, &b->conversation);
	}
	if (rc == 0 && b->returns && (b->action == BEGIN_TAKE || b->action == BEGIN_RESTART))
		rc = takeover_release(t, c, &b->turn.place.conversation, STATE_OPEN);
	return rc != 0 ? rc : turn_begin_answer(t, c, b);
}

/* Replaces an answer by what it is stored as; filled has the request then. */
static int
turn_begin_fill_answer(
    struct txn *t, struct call *c, struct turn_beginning *b, union msg *filled)
{
	int rc = structure_answer_fill(t, c, &b->conversation, b->fresh, filled);

	if (rc != 0)
		return rc;
	c->m = filled;
	b->m = &filled->turn_begin;
	return 0;
}

int
handle_turn_begin(struct txn *t, struct call *c)
{
	const union msg *asked = c->m;
	struct turn_beginning b;
	union msg filled;
	int rc = turn_begin_parse(c, &b);

	if (rc == 0)
		rc = turn_begin_authorize(t, c, &b);
	if (rc == 0 && b.m->answer.len > 0)
		rc = turn_begin_fill_answer(t, c, &b, &filled);
	if (rc == 0)
		rc = turn_begin_decide(t, c, &b);
	if (rc == 0)
		rc = turn_begin_apply(t, c, &b);
	c->m = asked;
	return rc;
}
