/*
 * Replies: pieces, ends and interruptions. All within the caller's transaction.
 */
#include "storaged/conversations/replies.h"

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "storaged/conversations/conversations.h"
#include "storaged/engine/garbage.h"

static enum reply_state
state_of(const struct reply *reply)
{
	if (!reply->has_message)
		return REPLY_MISSING;
	return reply->message.status == MESSAGE_INTERRUPTED ? REPLY_INTERRUPTED
							    : REPLY_COMPLETE;
}

int
reply_place(struct txn *t, const struct id *turn, struct msg_turn_record *place)
{
	struct key key = key_id(turn);
	bool erased = false;
	int rc = txn_get_record(t, TABLE_TURNS, &key, MSG_TURN_RECORD, place);

	if (rc == 0)
		rc = remains_of(t, &place->conversation, &erased);
	return erased ? MDB_NOTFOUND : rc;
}

int
reply_look(struct txn *t, const struct id *turn, const struct msg_turn_record *place,
    struct reply *reply)
{
	struct key open_key = key_id(turn);
	struct key message_key = key_message(&place->conversation, place->seq);
	struct msg_open_turn_record open;
	int rc;

	*reply = (struct reply){0};
	rc = txn_get_record(
	    t, TABLE_MESSAGES, &message_key, MSG_MESSAGE_RECORD, &reply->message);
	if (rc != 0 && rc != MDB_NOTFOUND)
		return rc;
	reply->has_message = rc == 0;
	reply->state = state_of(reply);
	rc = txn_get_record(t, TABLE_OPEN_TURNS, &open_key, MSG_OPEN_TURN_RECORD, &open);
	if (rc == 0) {
		reply->state = REPLY_OPEN;
		reply->run = open.run;
	}
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
reply_open(
    struct txn *t, const struct id *turn, const struct id *run, const struct id *conversation)
{
	struct msg_open_turn_record open = {
	    .v = RECORD_VERSION,
	    .started_at = clock_wall_ms(),
	    .conversation = *conversation,
	    .run = *run,
	};
	struct key key = key_id(turn);

	return txn_put_record(t, TABLE_OPEN_TURNS, &key, MSG_OPEN_TURN_RECORD, &open);
}

/* Opens a turn whose text so far lies in t->env->text. */
static int
open_with_text(
    struct txn *t, const struct id *turn, const struct id *run, const struct id *conversation)
{
	struct buf *text = &t->env->text;
	int rc = reply_open(t, turn, run, conversation);

	if (rc == 0 && buf_len(text) > 0)
		rc = reply_keep(t, turn, 0, buf_slice(text));
	return rc;
}

int
reply_reopen(struct txn *t, const struct id *turn, const struct id *run,
    const struct msg_turn_record *place, const struct reply *reply)
{
	/* Before the first change, which may move what lies in the map. */
	int rc = reply_gather(t, turn, reply);

	if (rc == 0)
		rc = conversation_reopen(t, place);
	return rc != 0 ? rc : open_with_text(t, turn, run, &place->conversation);
}

int
reply_begin_anew(struct txn *t, const struct id *turn, const struct id *run,
    const struct msg_turn_record *place, const struct reply *reply)
{
	int rc;

	if (reply->state != REPLY_OPEN)
		return reply_reopen(t, turn, run, place, reply);
	rc = reply_pieces(t, turn);
	if (rc == 0)
		rc = reply_close(t, turn);
	return rc != 0 ? rc : open_with_text(t, turn, run, &place->conversation);
}

int
reply_keep(struct txn *t, const struct id *turn, uint32_t offset, struct slice text)
{
	struct key key = key_partial(turn, offset);

	return txn_put(t, TABLE_PARTIALS, &key, text);
}

/*
 * Adds a piece that starts at offset, as far as it goes beyond what is there. False when it leaves
 * a gap, or when the overlap ends inside one of its characters (10xxxxxx, RFC 3629): what came
 * before it is all that can be trusted.
 */
static bool
join_piece(struct buf *text, uint32_t offset, struct slice piece)
{
	size_t known = buf_len(text);
	size_t overlap;

	if (offset > known)
		return false;
	overlap = known - offset;
	if (overlap >= piece.len)
		return true;
	if ((piece.p[overlap] & 0xc0) == 0x80)
		return false;
	return buf_append(text, piece.p + overlap, piece.len - overlap) == 0;
}

int
reply_pieces(struct txn *t, const struct id *turn)
{
	struct key front = key_id(turn);
	struct walk w;
	int rc;

	buf_reset(&t->env->text);
	rc = walk_open(&w, t, TABLE_PARTIALS, &front);
	if (rc == 0)
		rc = walk_from(&w, &front);
	while (rc == 0 && join_piece(&t->env->text, partial_offset(w.key), w.value))
		rc = walk_next(&w);
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
reply_gather(struct txn *t, const struct id *turn, const struct reply *reply)
{
	struct buf *text = &t->env->text;

	if (reply->state == REPLY_OPEN)
		return reply_pieces(t, turn);
	buf_reset(text);
	if (reply->has_message)
		must(buf_append(text, reply->message.text.p, reply->message.text.len) == 0);
	return 0;
}

int
reply_close(struct txn *t, const struct id *turn)
{
	struct key front = key_id(turn);
	int rc = txn_del(t, TABLE_OPEN_TURNS, &front);

	return rc != 0 ? rc : txn_del_all(t, TABLE_PARTIALS, &front);
}

int
reply_end(struct txn *t, const struct id *turn, const struct msg_turn_record *place,
    bool replaces, const struct ending *ending)
{
	struct key conversation_key = key_id(&place->conversation);
	struct key message_key = key_message(&place->conversation, place->seq);
	struct msg_conversation_record conversation;
	struct arrival arrival = {
	    .text = ending->text,
	    .now = clock_wall_ms(),
	    .replaces = replaces,
	    .reply = place->seq,
	    .state = conversation_state_of(ending->status),
	};
	struct msg_message_record message = {
	    .v = RECORD_VERSION,
	    .id = *turn,
	    .role = MESSAGE_ASSISTANT,
	    .status = (uint8_t)ending->status,
	    .created_at = arrival.now,
	    .prompt_tokens = ending->prompt_tokens,
	    .completion_tokens = ending->completion_tokens,
	    .text = ending->text,
	};
	int rc;

	rc = txn_get_record(
	    t, TABLE_CONVERSATIONS, &conversation_key, MSG_CONVERSATION_RECORD, &conversation);
	if (rc != 0)
		return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
	rc = conversation_add(t, &conversation, false, &arrival);
	if (rc == 0)
		rc = txn_put_record(
		    t, TABLE_MESSAGES, &message_key, MSG_MESSAGE_RECORD, &message);
	if (rc == 0)
		rc = reply_close(t, turn);
	return rc;
}

int
reply_interrupt(struct txn *t, const struct id *turn, struct interrupted *out)
{
	struct ending ending = {.status = MESSAGE_INTERRUPTED};
	struct msg_turn_record place;
	struct key key = key_id(turn);
	struct reply reply;
	int rc;

	*out = (struct interrupted){0};
	rc = txn_get_record(t, TABLE_TURNS, &key, MSG_TURN_RECORD, &place);
	if (rc != 0)
		return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
	rc = reply_look(t, turn, &place, &reply);
	if (rc != 0 || reply.state != REPLY_OPEN)
		return rc;
	rc = reply_pieces(t, turn);
	if (rc != 0)
		return rc;
	ending.text = buf_slice(&t->env->text);
	*out = (struct interrupted){true, place.conversation, ending.text.len};
	return reply_end(t, turn, &place, reply.has_message, &ending);
}
