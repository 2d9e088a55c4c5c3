/*
 * Turns. A visitor's message takes the next sequence number of its conversation and the one after
 * it is kept for the reply, whenever that comes; so a conversation reads in the order of its
 * questions, and a repeated end finds its place again.
 */
#include "storaged/turns.h"

#include "proto/clock.h"
#include "storaged/conversations.h"
#include "storaged/pages.h"
#include "storaged/replies.h"

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
	int rc = txn_get(t, TABLE_CONVERSATIONS, &key, &there);

	if (rc == 0)
		return call_refuse(
		    c, STORE_INVALID, "another session's conversation has this id");
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* A turn seen for the first time: *place gets where its reply belongs. */
static int
begin_first(struct txn *t, struct call *c, struct msg_turn_record *place)
{
	const struct msg_turn_begin *m = &c->m->turn_begin;
	struct arrival arrival = {.text = m->text, .now = clock_wall_ms()};
	struct key key = key_id(&m->turn);
	struct msg_conversation_record conversation;
	uint64_t seq;
	bool fresh;
	int rc;

	if (c->open->n >= OPEN_TURNS_MAX)
		return call_refuse(c, STORE_FULL, "too many replies are open");
	rc = conversation_of_session(
	    t, &m->org, &m->widget, m->session, &m->conversation, &conversation, &fresh);
	if (rc == 0 && fresh)
		rc = check_fresh_id(t, c, &m->conversation);
	if (rc != 0)
		return rc;
	/* Only an import can have come so far. */
	if (conversation.next_seq > SEQ_MAX - 1)
		return call_refuse(c, STORE_INVALID, "the conversation has no place left");

	seq = conversation.next_seq;
	conversation.next_seq += 2;
	*place = (struct msg_turn_record){
	    .v = RECORD_VERSION,
	    .org = m->org,
	    .conversation = conversation.id,
	    .seq = seq + 1,
	};
	rc = conversation_add(t, &conversation, fresh, &arrival);
	if (rc == 0)
		rc = put_question(t, m, &place->conversation, seq, arrival.now);
	if (rc == 0)
		rc = txn_put_record(t, TABLE_TURNS, &key, MSG_TURN_RECORD, place);
	if (rc == 0)
		rc = reply_open(t, &m->turn, &place->conversation);
	if (rc == 0)
		call_claim(c, &m->turn);
	return rc;
}

/* Makes a known turn the sender's, unless its reply is complete. */
static int
take_up(struct txn *t, struct call *c, const struct id *turn,
    const struct msg_turn_record *place, bool *is_open)
{
	struct msg_message_record message;
	enum reply_state state;
	bool has_message;
	int rc = reply_state(t, turn, place, &state, &message, &has_message);

	if (rc != 0)
		return rc;
	*is_open = state != REPLY_COMPLETE;
	if (!*is_open)
		return 0;
	call_claim(c, turn);
	switch (state) {
	case REPLY_INTERRUPTED:
		return reply_reopen(t, turn, &place->conversation, &message);
	case REPLY_MISSING:
		return reply_open(t, turn, &place->conversation);
	case REPLY_OPEN:
	case REPLY_COMPLETE:
		break;
	}
	return 0;
}

static int
begin_again(struct txn *t, struct call *c, const struct msg_turn_record *place)
{
	const struct msg_turn_begin *m = &c->m->turn_begin;
	bool is_open;

	if (!id_equal(&place->org, &m->org))
		return call_refuse(c, STORE_INVALID, "another organization's turn has this id");
	return take_up(t, c, &m->turn, place, &is_open);
}

/* The conversation up to the visitor's message, which stands just before the reply's place. */
static int
answer_begun(struct txn *t, struct call *c, const struct msg_turn_record *place)
{
	uint32_t limit = call_limit(c->m->turn_begin.history, HISTORY_MAX);
	struct page page;
	int rc = page_backwards(t, &place->conversation, place->seq, limit, true, &page);

	if (rc != 0)
		return rc;
	call_answer(c, MSG_TURN_BEGUN,
	    &(struct msg_turn_begun){
		.conversation = place->conversation,
		.history = buf_slice(&t->env->list),
		.older = page.end == PAGE_BOUND ? page.next : 0,
	    });
	return 0;
}

int
turn_begin(struct txn *t, struct call *c)
{
	const struct msg_turn_begin *m = &c->m->turn_begin;
	struct msg_turn_record place;
	struct key key = key_id(&m->turn);
	int rc;

	if (m->session.len == 0 || m->text.len == 0)
		return call_refuse(c, STORE_INVALID, "a turn needs a session and a text");
	if (id_is_zero(&m->conversation) || id_is_zero(&m->message) || id_is_zero(&m->turn))
		return call_refuse(c, STORE_INVALID, "a turn needs its ids");
	rc = txn_get_record(t, TABLE_TURNS, &key, MSG_TURN_RECORD, &place);
	if (rc == 0)
		rc = begin_again(t, c, &place);
	else if (rc == MDB_NOTFOUND)
		rc = begin_first(t, c, &place);
	return rc != 0 ? rc : answer_begun(t, c, &place);
}

/* The place of a turn's reply; refuses a turn that never began, or was erased. */
static int
find_turn(struct txn *t, struct call *c, const struct id *turn, struct msg_turn_record *place)
{
	struct key key = key_id(turn);
	int rc = txn_get_record(t, TABLE_TURNS, &key, MSG_TURN_RECORD, place);

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
		rc = take_up(t, c, &m->turn, &place, &is_open);
	/* One that comes after the end changes nothing. */
	if (rc == 0 && is_open && m->text.len > 0)
		rc = reply_keep(t, &m->turn, m->offset, m->text);
	if (rc == 0)
		call_ok(c);
	return rc;
}

/* Whether a reply ended this very way before. */
static bool
is_repeated(const struct msg_turn_finish *m, enum reply_state state,
    const struct msg_message_record *message)
{
	if (state == REPLY_COMPLETE)
		return true;
	return state == REPLY_INTERRUPTED && m->status == MESSAGE_INTERRUPTED &&
	    slice_eq(m->text, message->text);
}

int
turn_finish(struct txn *t, struct call *c)
{
	const struct msg_turn_finish *m = &c->m->turn_finish;
	struct ending ending = {
	    .status = (enum message_status)m->status,
	    .text = m->text,
	    .prompt_tokens = m->prompt_tokens,
	    .completion_tokens = m->completion_tokens,
	};
	struct msg_message_record message;
	struct msg_turn_record place;
	enum reply_state state;
	bool has_message;
	int rc;

	if (m->status > MESSAGE_INTERRUPTED)
		return call_refuse(c, STORE_INVALID, "no such status");
	rc = find_turn(t, c, &m->turn, &place);
	if (rc == 0)
		rc = reply_state(t, &m->turn, &place, &state, &message, &has_message);
	if (rc != 0)
		return rc;
	if (!is_repeated(m, state, &message)) {
		rc = reply_end(t, &m->turn, &place, has_message, &ending);
		if (rc != 0)
			return rc;
	}
	call_release(c, &m->turn);
	call_ok(c);
	return 0;
}
