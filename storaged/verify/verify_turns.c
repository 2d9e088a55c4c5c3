/*
 * Turns: each names a place in a conversation where its reply stands, unless it is open; and only
 * what is open has pieces.
 */
#include "storaged/conversations/reply_sources.h"
#include "storaged/verify/verify_internal.h"

#include <stdio.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"

/* The message at the position of a turn's reply. */
enum place {
	PLACE_EMPTY,
	PLACE_OPEN_REPLY, /* this turn's, interrupted: it may be open again (replies.h) */
	PLACE_ENDED_REPLY,
	PLACE_OTHER,      /* another message */
	PLACE_UNREADABLE, /* verify_threads.c reports it */
};

static enum place
verify_turn_place_of_message(const struct id *turn, struct slice value)
{
	struct msg_message_record message;

	if (record_decode(value, MSG_MESSAGE_RECORD, &message) != WIRE_OK)
		return PLACE_UNREADABLE;
	if (message.role != MESSAGE_ASSISTANT || !id_equal(&message.id, turn))
		return PLACE_OTHER;
	return message.status == MESSAGE_INTERRUPTED ? PLACE_OPEN_REPLY : PLACE_ENDED_REPLY;
}

static int
verify_turn_find_place(struct checker *c, const struct id *turn,
    const struct msg_turn_record *record, enum place *place)
{
	struct key key = key_message(&record->conversation, record->seq);
	struct slice value;
	int rc = txn_get(c->txn, TABLE_MESSAGES, &key, &value);

	*place = PLACE_EMPTY;
	if (rc == 0)
		*place = verify_turn_place_of_message(turn, value);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Why the conversation of a turn is wrong; NULL: it is right. *next is its next position. */
static const char *
verify_turn_conversation_of_turn_fault(
    struct checker *c, const struct msg_turn_record *turn, uint64_t *next, int *rc)
{
	struct msg_conversation_record conversation;
	struct key key = key_id(&turn->conversation);
	struct slice value;

	*next = UINT64_MAX;
	*rc = txn_get(c->txn, TABLE_CONVERSATIONS, &key, &value);
	if (*rc == MDB_NOTFOUND) {
		*rc = 0;
		return "does not exist";
	}
	if (*rc != 0 || record_decode(value, MSG_CONVERSATION_RECORD, &conversation) != WIRE_OK)
		return NULL;
	*next = conversation.next_seq;
	return id_equal(&conversation.org, &turn->org) ? NULL : "is another organization's";
}

/* Whether the question of a turn without a reply has the same id: a person answers it. */
static bool
verify_turn_is_handed(
    struct checker *c, const struct id *id, const struct msg_turn_record *turn, int *rc)
{
	struct key key = key_message(&turn->conversation, turn->seq - 1);
	struct msg_message_record question;
	struct slice value;

	*rc = txn_get(c->txn, TABLE_MESSAGES, &key, &value);
	if (*rc == MDB_NOTFOUND)
		*rc = 0;
	else if (*rc == 0 && record_decode(value, MSG_MESSAGE_RECORD, &question) == WIRE_OK)
		return question.status == MESSAGE_HANDED && id_equal(&question.id, id);
	return false;
}

/* Checks that a turn has its reply, or has none because a person answers, or is open with the reply's
 * position free. */
static int
verify_turn_place(struct checker *c, const struct id *id, const struct msg_turn_record *turn,
    uint64_t next_seq)
{
	struct key key = key_id(id);
	enum place place;
	int rc = verify_turn_find_place(c, id, turn, &place);

	if (rc != 0)
		return rc;
	if (place == PLACE_OTHER)
		verify_found(c, TABLE_TURNS,
		    "turn %s has its place at %llu of conversation %s, where another message "
		    "is",
		    verify_id_text(id).s, (unsigned long long)turn->seq,
		    verify_id_text(&turn->conversation).s);
	if (place != PLACE_EMPTY)
		return 0;
	if (!verify_has(c, TABLE_OPEN_TURNS, &key, &rc)) {
		if (rc == 0 && !verify_turn_is_handed(c, id, turn, &rc) && rc == 0)
			verify_found(c, TABLE_TURNS, "turn %s has no reply and is not open",
			    verify_id_text(id).s);
		return rc;
	}
	if (turn->seq == 0 || turn->seq >= next_seq)
		verify_found(c, TABLE_TURNS,
		    "turn %s waits for place %llu of conversation %s, where %llu is the next",
		    verify_id_text(id).s, (unsigned long long)turn->seq,
		    verify_id_text(&turn->conversation).s, (unsigned long long)next_seq);
	return 0;
}

static int
verify_turn_record(struct checker *c, struct slice key, struct slice value, void *arg)
{
	struct id id = key_front(key);
	struct msg_turn_record turn;
	uint64_t next_seq;
	const char *fault;
	char name[64];
	int rc;

	(void)arg;
	(void)snprintf(name, sizeof(name), "turn %s", verify_id_text(&id).s);
	if (!verify_record(c, TABLE_TURNS, name, value, &turn))
		return 0;
	fault = verify_turn_conversation_of_turn_fault(c, &turn, &next_seq, &rc);
	if (rc != 0)
		return rc;
	if (fault == NULL)
		return verify_turn_place(c, &id, &turn, next_seq);
	if (verify_was_erased(c, &turn.conversation, &rc) || rc != 0)
		return rc;
	verify_found(c, TABLE_TURNS, "%s belongs to conversation %s, which %s", name,
	    verify_id_text(&turn.conversation).s, fault);
	return 0;
}

/* Checks that the conversation of an open newest reply is active. */
static int
verify_turn_is_active(
    struct checker *c, const struct id *id, const struct msg_turn_record *turn)
{
	struct msg_conversation_record conversation;
	struct key key = key_id(&turn->conversation);
	struct slice value;
	int rc = txn_get(c->txn, TABLE_CONVERSATIONS, &key, &value);

	if (rc == MDB_NOTFOUND)
		return 0;
	if (rc != 0 ||
	    record_decode(value, MSG_CONVERSATION_RECORD, &conversation) != WIRE_OK ||
	    turn->seq + 1 != conversation.next_seq)
		return rc;
	if (conversation.status == CONVERSATION_ACTIVE)
		c->awaited++;
	else
		verify_found(c, TABLE_OPEN_TURNS,
		    "turn %s is open, but conversation %s is not active", verify_id_text(id).s,
		    verify_id_text(&turn->conversation).s);
	return 0;
}

/* Checks an open turn. open: NULL if its record does not decode; its key still makes it open. */
static int
verify_turn_open_record(
    struct checker *c, const struct id *id, const struct msg_open_turn_record *open)
{
	struct msg_turn_record turn;
	struct key key = key_id(id);
	enum place place;
	struct slice value;
	int rc = txn_get(c->txn, TABLE_TURNS, &key, &value);

	if (rc == MDB_NOTFOUND) {
		verify_found(c, TABLE_OPEN_TURNS, "turn %s is open, but does not exist",
		    verify_id_text(id).s);
		return 0;
	}
	if (rc != 0 || record_decode(value, MSG_TURN_RECORD, &turn) != WIRE_OK)
		return rc;
	rc = verify_turn_find_place(c, id, &turn, &place);
	if (rc != 0)
		return rc;
	if (open != NULL && !id_equal(&open->conversation, &turn.conversation))
		verify_found(c, TABLE_OPEN_TURNS,
		    "turn %s is open in conversation %s, but belongs to %s",
		    verify_id_text(id).s, verify_id_text(&open->conversation).s,
		    verify_id_text(&turn.conversation).s);
	else if (place == PLACE_ENDED_REPLY)
		verify_found(c, TABLE_OPEN_TURNS, "turn %s is open, but its reply has ended",
		    verify_id_text(id).s);
	return place == PLACE_EMPTY ? verify_turn_is_active(c, id, &turn) : 0;
}

static void
verify_turn_piece(struct checker *c, const struct id *turn, struct slice key, struct slice text)
{
	uint32_t offset = piece_place(key);
	const char *fault = NULL;

	if (offset == PARTIAL_SOURCES)
		fault = reply_sources_are_valid(text) ? NULL : "has no valid sources";
	else if (text.len == 0)
		fault = "is empty";
	else if (offset > TEXT_MAX || text.len > TEXT_MAX - offset)
		fault = "ends beyond the longest reply";
	else if (!utf8_valid(text))
		fault = "is no text";
	if (fault != NULL)
		verify_found(c, TABLE_PARTIALS, "the piece at %u of turn %s %s",
		    (unsigned)offset, verify_id_text(turn).s, fault);
}

/* arg: the walk over all pieces. */
static int
verify_turn_open(struct checker *c, struct slice key, struct slice value, void *arg)
{
	struct children *pieces = arg;
	struct id id = key_front(key);
	struct msg_open_turn_record open;
	char name[64];
	bool readable;
	int rc;

	verify_children_seek(pieces, &id);
	for (; verify_children_at(pieces, &id); verify_children_next(pieces))
		verify_turn_piece(c, &id, pieces->walk.key, pieces->walk.value);
	rc = verify_children_failed(pieces);
	if (rc != 0)
		return rc;
	(void)snprintf(name, sizeof(name), "open turn %s", verify_id_text(&id).s);
	readable = verify_record(c, TABLE_OPEN_TURNS, name, value, &open);
	return verify_turn_open_record(c, &id, readable ? &open : NULL);
}

int
verify_turns(struct checker *c)
{
	struct children pieces;
	int rc, walked;

	rc = verify_table(c, TABLE_TURNS, verify_turn_record, NULL);
	if (rc != 0)
		return rc;
	verify_children_open(&pieces, c, TABLE_PARTIALS, "pieces of open turn");
	rc = verify_table(c, TABLE_OPEN_TURNS, verify_turn_open, &pieces);
	if (rc == 0)
		verify_children_seek(&pieces, NULL);
	walked = verify_children_close(&pieces);
	if (rc == 0)
		rc = walked;
	if (rc == 0 && c->awaited < c->awaiting)
		verify_found(c, TABLE_CONVERSATIONS,
		    "%llu conversations are active without an open turn",
		    (unsigned long long)(c->awaiting - c->awaited));
	return rc;
}
