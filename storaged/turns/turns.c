/*
 * Turns. A visitor's message takes the next sequence number of its conversation and the one after
 * it is kept for the reply, whenever that comes; so a conversation reads in the order of its
 * questions, and a repeated end finds its place again.
 */
#include "storaged/turns/turns.h"

#include "proto/base/clock.h"
#include "storaged/conversations/client_ids.h"
#include "storaged/conversations/conversations.h"
#include "storaged/engine/garbage.h"
#include "storaged/engine/message_pages.h"
#include "storaged/request/turn_writer.h"
#include "storaged/turns/participants.h"
#include "storaged/turns/turn_join.h"

/* Stores the visitor's message at seq. */
static int
put_question(struct txn *t, const struct msg_turn_begin *m, const struct id *conversation,
    uint64_t seq, uint64_t now)
{
	struct key key = key_message(conversation, seq);
	struct msg_message_record message = {
	    .v = RECORD_VERSION,
	    .id = m->message,
	    .role = MESSAGE_USER,
	    .status = MESSAGE_COMPLETE,
	    .created_at = now,
	    .text = m->text,
	};

	return txn_put_record(t, TABLE_MESSAGES, &key, MSG_MESSAGE_RECORD, &message);
}

/* Whether a fresh conversation may have the id that the worker chose. */
static int
check_fresh_id(struct txn *t, struct call *c, const struct id *id)
{
	struct key key = key_id(id);
	struct slice there;
	bool erased = false;
	int rc = txn_get(t, TABLE_CONVERSATIONS, &key, &there);

	if (rc == MDB_NOTFOUND)
		rc = remains_of(t, id, &erased);
	else if (rc == 0)
		return call_refuse(
		    c, STORE_INVALID, "another session's conversation has this id");
	if (erased)
		return call_refuse(c, STORE_INVALID, remains_taken);
	return rc;
}

/* What TURN_BEGIN finds before it decides. */
struct beginning {
	struct parties parties;
	struct msg_conversation_record conversation; /* the session's */
	bool fresh;                                  /* it is not stored yet */
	struct id turn;                              /* the one that is answered */
	struct msg_turn_record place;                /* of its reply */
};

/* The question, its name and its turn, at the conversation's next places. */
static int
put_turn(struct txn *t, const struct msg_turn_begin *m, const struct msg_turn_record *place,
    uint64_t now)
{
	struct key key = key_id(&m->turn);
	int rc = put_question(t, m, &place->conversation, place->seq - 1, now);

	if (rc == 0 && m->client_id.len > 0)
		rc = client_id_put(
		    t, &place->conversation, m->client_id, place->seq - 1, &m->turn);
	if (rc == 0)
		rc = txn_put_record(t, TABLE_TURNS, &key, MSG_TURN_RECORD, place);
	if (rc == 0)
		rc = reply_open(t, &m->turn, &m->turn, &place->conversation);
	return rc;
}

/* A turn seen for the first time. */
static int
begin_first(struct txn *t, struct call *c, struct beginning *b)
{
	const struct msg_turn_begin *m = &c->m->turn_begin;
	struct arrival arrival = {
	    .text = m->text, .now = clock_wall_ms(), .state = CONVERSATION_ACTIVE};
	int rc = 0;

	if (!call_may_write(t))
		return CALL_WRITES;
	if (c->open->n >= OPEN_TURNS_MAX)
		return call_refuse(c, STORE_FULL, "too many replies are open");
	if (b->fresh)
		rc = check_fresh_id(t, c, &m->conversation);
	if (rc != 0)
		return rc;
	/* Only an import can have come so far. */
	if (b->conversation.next_seq > SEQ_MAX - 1)
		return call_refuse(c, STORE_INVALID, "the conversation has no place left");
	rc = parties_check(t, c, &b->parties, arrival.now);
	if (rc != 0)
		return rc;

	b->place = (struct msg_turn_record){
	    .v = RECORD_VERSION,
	    .org = m->org,
	    .conversation = b->conversation.id,
	    .seq = b->conversation.next_seq + 1,
	};
	b->conversation.next_seq += 2;
	if (b->fresh)
		b->conversation.contact = b->parties.visitor.contact;
	arrival.reply = b->place.seq;
	rc = conversation_add(t, &b->conversation, b->fresh, &arrival);
	if (rc == 0)
		rc = put_turn(t, m, &b->place, arrival.now);
	if (rc == 0)
		rc = parties_note(t, c, &b->parties, &b->place.conversation, arrival.now);
	if (rc == 0)
		call_claim(c, &m->turn, &b->place.conversation, false);
	return rc;
}

/* Makes a known turn the sender's for this run, unless its reply is complete. Refuses one that
 * another run writes; and to write on from here, in bytes, behind a text that another may have
 * written. */
static int
take_up(struct txn *t, struct call *c, const struct id *turn, const struct id *run,
    uint32_t from, const struct msg_turn_record *place, bool *is_open)
{
	struct reply reply;
	int rc = reply_look(t, turn, place, &reply);

	if (rc != 0)
		return rc;
	*is_open = reply.state != REPLY_COMPLETE;
	if (!*is_open)
		return 0;
	if (reply.state == REPLY_OPEN && !id_equal(&reply.run, run))
		return call_refuse(c, STORE_TAKEN, "another run writes this reply");
	if (reply.state != REPLY_OPEN && from > 0)
		return call_refuse(c, STORE_INVALID, "the reply has ended: it goes on from 0");
	if (reply.state != REPLY_OPEN && !call_may_write(t))
		return CALL_WRITES;
	call_claim(c, turn, &place->conversation, false);
	if (reply.state == REPLY_OPEN)
		return 0;
	return reply_reopen(t, turn, run, place, &reply);
}

/* A turn that was begun by the same request before, in b->place. */
static int
begin_again(struct txn *t, struct call *c, const struct beginning *b)
{
	const struct msg_turn_begin *m = &c->m->turn_begin;
	bool is_open;

	if (!id_equal(&b->place.org, &m->org))
		return call_refuse(c, STORE_INVALID, "another organization's turn has this id");
	if (m->client_id.len > 0)
		return call_refuse(c, STORE_INVALID, "the turn began under another name");
	return take_up(t, c, &m->turn, &m->turn, 0, &b->place, &is_open);
}

/* The conversation up to the visitor's message, which stands just before the reply's place. */
static int
answer_begun(struct txn *t, struct call *c, const struct beginning *b)
{
	const struct page_bounds most = {
	    call_limit(c->m->turn_begin.history, HISTORY_MAX), PAGE_BYTES};
	struct slice agent;
	struct page page;
	int rc = page_backwards(t, &b->place.conversation, b->place.seq, most, true, &page);

	if (rc == 0)
		rc = parties_agent(t, &b->parties, &agent);
	if (rc != 0)
		return rc;
	call_answer(c, MSG_TURN_BEGUN,
	    &(struct msg_turn_begun){
		.conversation = b->place.conversation,
		.turn = b->turn,
		.history = buf_slice(&t->env->list),
		.older = page.end == PAGE_BOUND ? page.next : 0,
		.agent = agent,
	    });
	return 0;
}

/* Begins a named message's reply anew: its run before has broken off. */
static int
begin_anew(struct txn *t, struct call *c, const struct beginning *b, const struct reply *reply)
{
	const struct id *run = &c->m->turn_begin.turn;
	int rc;

	if (!call_may_write(t))
		return CALL_WRITES;
	if (c->open->n >= OPEN_TURNS_MAX)
		return call_refuse(c, STORE_FULL, "too many replies are open");
	rc = reply_begin_anew(t, &b->turn, run, &b->place, reply);
	if (rc != 0)
		return rc;
	call_claim(c, &b->turn, &b->place.conversation, true);
	parties_note_anew(c, &b->parties, &b->place.conversation, &b->turn);
	return answer_begun(t, c, b);
}

/* A named message whose reply is open: the request may be a repeated one, or its run be lost. */
static int
begin_open(struct txn *t, struct call *c, const struct beginning *b, const struct reply *reply)
{
	enum writer writer;

	if (id_equal(&reply->run, &c->m->turn_begin.turn)) {
		call_claim(c, &b->turn, &b->place.conversation, false);
		return answer_begun(t, c, b);
	}
	writer = standing_writer(c, &b->turn);
	if (writer == WRITER_LOST || writer == WRITER_NONE)
		return begin_anew(t, c, b, reply);
	join_answer_state(c, &b->turn, &b->place.conversation, reply, writer == WRITER_SELF);
	return 0;
}

/* Whether the message at seq has the text that is sent now; refuses another one. */
static int
check_same_text(struct txn *t, struct call *c, const struct id *conversation, uint64_t seq)
{
	struct key key = key_message(conversation, seq);
	struct msg_message_record question;
	int rc = txn_get_record(t, TABLE_MESSAGES, &key, MSG_MESSAGE_RECORD, &question);

	if (rc != 0)
		return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
	if (!slice_eq(question.text, c->m->turn_begin.text))
		return call_refuse(c, STORE_CONFLICT, "this id names another message");
	return 0;
}

/* A message whose name is known: it is not stored again. */
static int
begin_named(
    struct txn *t, struct call *c, struct beginning *b, const struct msg_client_id_record *name)
{
	struct key key = key_id(&name->turn);
	struct reply reply;
	int rc = check_same_text(t, c, &b->conversation.id, name->seq);

	if (rc != 0)
		return rc;
	b->turn = name->turn;
	rc = txn_get_record(t, TABLE_TURNS, &key, MSG_TURN_RECORD, &b->place);
	if (rc == 0)
		rc = reply_look(t, &b->turn, &b->place, &reply);
	if (rc != 0)
		return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
	switch (reply.state) {
	case REPLY_OPEN:
		return begin_open(t, c, b, &reply);
	case REPLY_INTERRUPTED:
	case REPLY_MISSING:
		return begin_anew(t, c, b, &reply);
	case REPLY_COMPLETE:
		break;
	}
	join_answer_state(c, &b->turn, &b->place.conversation, &reply, false);
	return 0;
}

/* A message without a name, or whose name is new. */
static int
begin_unnamed(struct txn *t, struct call *c, struct beginning *b)
{
	int rc = reply_place(t, &b->turn, &b->place);

	if (rc == 0)
		rc = begin_again(t, c, b);
	else if (rc == MDB_NOTFOUND)
		rc = begin_first(t, c, b);
	return rc != 0 ? rc : answer_begun(t, c, b);
}

int
turn_begin(struct txn *t, struct call *c)
{
	const struct msg_turn_begin *m = &c->m->turn_begin;
	struct msg_client_id_record name;
	struct beginning b = {.turn = m->turn};
	int rc;

	if (m->session.len == 0 || m->text.len == 0)
		return call_refuse(c, STORE_INVALID, "a turn needs a session and a text");
	if (id_is_zero(&m->conversation) || id_is_zero(&m->message) || id_is_zero(&m->turn))
		return call_refuse(c, STORE_INVALID, "a turn needs its ids");
	rc = parties_find(t, c, &b.parties);
	if (rc == 0)
		rc = conversation_of_session(t, &m->org, &m->widget, m->session,
		    &m->conversation, &b.conversation, &b.fresh);
	if (rc != 0)
		return rc;
	if (m->client_id.len > 0 && !b.fresh) {
		rc = client_id_get(t, &b.conversation.id, m->client_id, &name);
		if (rc != MDB_NOTFOUND)
			return rc != 0 ? rc : begin_named(t, c, &b, &name);
	}
	return begin_unnamed(t, c, &b);
}

/* The place of a turn's reply; refuses a turn that never began, or was erased. */
static int
find_turn(struct txn *t, struct call *c, const struct id *turn, struct msg_turn_record *place)
{
	int rc = reply_place(t, turn, place);

	return rc == MDB_NOTFOUND ? call_refuse(c, STORE_NOT_FOUND, "no such turn") : rc;
}

int
turn_checkpoint(struct txn *t, struct call *c)
{
	const struct msg_turn_checkpoint *m = &c->m->turn_checkpoint;
	struct msg_turn_record place;
	bool is_open = false;
	int rc;

	if (m->offset + m->text.len > TEXT_MAX)
		return call_refuse(c, STORE_INVALID, "the piece ends beyond the longest reply");
	rc = find_turn(t, c, &m->turn, &place);
	if (rc == 0)
		rc = take_up(t, c, &m->turn, &m->run, m->offset, &place, &is_open);
	/* One that comes after the end changes nothing. */
	if (rc == 0 && is_open && m->text.len > 0)
		rc = reply_keep(t, &m->turn, m->offset, m->text);
	if (rc == 0)
		call_ok(c);
	return rc;
}

/* It broke off, or was stopped, without a word. What a run before it had written is kept: it is all
 * there is, and what the visitor has read. */
static bool
is_wordless(const struct msg_turn_finish *m, enum message_status status)
{
	return m->status == status && m->text.len == 0;
}

/* Whether a reply ended this very way before. */
static bool
is_repeated(const struct msg_turn_finish *m, const struct reply *reply)
{
	if (reply->state == REPLY_COMPLETE)
		return true;
	return reply->state == REPLY_INTERRUPTED && m->status == MESSAGE_INTERRUPTED &&
	    (m->text.len == 0 || slice_eq(m->text, reply->message.text));
}

/* Whether another run writes the reply, or has brought it to an end that the sender does not know: who
 * listens there must not take the sender's for the one that is stored. A stop without a word is told it. */
static bool
is_anothers(const struct msg_turn_finish *m, const struct reply *reply)
{
	if (reply->state == REPLY_OPEN)
		return !id_equal(&reply->run, &m->run);
	if (is_wordless(m, MESSAGE_STOPPED))
		return false;
	return reply->state == REPLY_COMPLETE && !slice_eq(m->text, reply->message.text);
}

/* Stores the end of a reply, unless it has it already. */
static int
finish(struct txn *t, struct call *c, const struct msg_turn_record *place)
{
	const struct msg_turn_finish *m = &c->m->turn_finish;
	struct ending ending = {
	    .status = (enum message_status)m->status,
	    .text = m->text,
	    .prompt_tokens = m->prompt_tokens,
	    .completion_tokens = m->completion_tokens,
	};
	struct interrupted found;
	struct reply reply;
	int rc = reply_look(t, &m->turn, place, &reply);

	if (rc != 0)
		return rc;
	if (is_anothers(m, &reply))
		return call_refuse(c, STORE_TAKEN, "another run writes this reply");
	if (is_repeated(m, &reply))
		return 0;
	if (reply.state == REPLY_OPEN && is_wordless(m, MESSAGE_INTERRUPTED))
		return reply_interrupt(t, &m->turn, &found);
	if (is_wordless(m, MESSAGE_STOPPED)) {
		rc = reply_gather(t, &m->turn, &reply);
		if (rc != 0)
			return rc;
		ending.text = buf_slice(&t->env->text);
	}
	return reply_end(t, &m->turn, place, reply.has_message, &ending);
}

/* Says that it is stored: to who does not know all of it, also what. */
static int
answer_finished(struct txn *t, struct call *c, const struct msg_turn_record *place)
{
	const struct msg_turn_finish *m = &c->m->turn_finish;
	struct reply reply;
	int rc;

	if (!is_wordless(m, MESSAGE_STOPPED)) {
		call_ok(c);
		return 0;
	}
	rc = reply_look(t, &m->turn, place, &reply);
	if (rc == 0)
		join_answer_state(c, &m->turn, &place->conversation, &reply, false);
	return rc;
}

int
turn_finish(struct txn *t, struct call *c)
{
	const struct msg_turn_finish *m = &c->m->turn_finish;
	struct msg_turn_record place;
	int rc;

	if (m->status > MESSAGE_INTERRUPTED)
		return call_refuse(c, STORE_INVALID, "no such status");
	rc = find_turn(t, c, &m->turn, &place);
	if (rc == 0)
		rc = finish(t, c, &place);
	if (rc == 0)
		rc = answer_finished(t, c, &place);
	if (rc == 0)
		call_release(c, &m->turn);
	return rc;
}
