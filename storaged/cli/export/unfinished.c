/*
 * Loads and sorts open turns.
 */
#include "storaged/cli/export/unfinished.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "storaged/cli/base/console.h"
#include "storaged/conversations/replies.h"
#include "storaged/conversations/reply_sources.h"

/* The order of the keys of messages (schema.h). */
static int
unfinished_compare(const void *a, const void *b)
{
	const struct unfinished_reply *x = a, *y = b;
	int order = memcmp(x->conversation.b, y->conversation.b, sizeof(x->conversation.b));

	return order != 0 ? order : (x->seq > y->seq) - (x->seq < y->seq);
}

/* Reads an unfinished reply from its open turn and its turn record. */
static int
unfinished_read_reply(
    struct txn *t, struct slice id, struct slice value, struct unfinished_reply *reply)
{
	struct msg_open_turn_record open;
	struct msg_turn_record turn;
	struct slice record;
	struct key key;
	int rc;

	if (!key_fits(TABLE_OPEN_TURNS, id) ||
	    record_decode(value, MSG_OPEN_TURN_RECORD, &open) != WIRE_OK)
		return RECORD_DAMAGED;
	key = key_of(id);
	rc = txn_get(t, TABLE_TURNS, &key, &record);
	if (rc != 0)
		return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
	if (record_decode(record, MSG_TURN_RECORD, &turn) != WIRE_OK)
		return RECORD_DAMAGED;
	*reply = (struct unfinished_reply){
	    turn.conversation, turn.seq, key_front(id), open.started_at};
	return 0;
}

static int
unfinished_load_walk(struct unfinished *u, struct walk *w)
{
	const struct key all = {0};
	size_t room = 0;
	int rc;

	for (rc = walk_from(w, &all); rc == 0; rc = walk_next(w)) {
		if (u->n == room) {
			room = room == 0 ? 64 : 2 * room;
			u->of = xreallocarray(u->of, room, sizeof(*u->of));
		}
		rc = unfinished_read_reply(w->txn, w->key, w->value, &u->of[u->n]);
		if (rc == 0) {
			u->n++;
		} else if (rc == RECORD_DAMAGED) {
			console_warn("an open turn cannot be read and is left out");
			u->damaged++;
		} else {
			return rc;
		}
	}
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
unfinished_load(struct unfinished *u, struct txn *t)
{
	const struct key all = {0};
	struct walk w;
	int rc;

	*u = (struct unfinished){0};
	rc = walk_open(&w, t, TABLE_OPEN_TURNS, &all);
	if (rc == 0)
		rc = unfinished_load_walk(u, &w);
	walk_close(&w);
	if (u->n > 1)
		qsort(u->of, u->n, sizeof(*u->of), unfinished_compare);
	return rc;
}

void
unfinished_clear(struct unfinished *u)
{
	free(u->of);
	u->of = NULL;
	u->n = 0;
}

/* What the reply is based on, as in reply_end(): of its last checkpoint, or stored with its text before. A damaged one
 * is left out. */
static int
unfinished_sources(struct txn *t, const struct unfinished_reply *reply, struct slice *sources)
{
	struct key partial = key_piece(&reply->turn, PARTIAL_SOURCES);
	struct key key = key_message(&reply->conversation, reply->seq);
	struct msg_message_record stored = {0};
	int rc = txn_get(t, TABLE_PARTIALS, &partial, sources);

	if (rc == MDB_NOTFOUND) {
		rc = txn_get_record(t, TABLE_MESSAGES, &key, &stored);
		*sources = stored.sources;
	}
	if (rc != 0 || !reply_sources_are_valid(*sources))
		*sources = (struct slice){0};
	return txn_survives(rc) ? 0 : rc;
}

int
unfinished_message(
    struct txn *t, const struct unfinished_reply *reply, struct msg_message_record *message)
{
	struct slice sources;
	int rc = unfinished_sources(t, reply, &sources);

	if (rc == 0)
		rc = reply_collect_pieces(t, &reply->turn);
	*message = (struct msg_message_record){
	    .v = RECORD_VERSION,
	    .id = reply->turn,
	    .role = MESSAGE_ASSISTANT,
	    .status = MESSAGE_INTERRUPTED,
	    .created_at = reply->started_at,
	    .text = buf_slice(&t->env->text),
	    .sources = sources,
	};
	return rc;
}
