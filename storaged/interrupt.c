/*
 * Ending what nobody will end any more.
 */
#include "storaged/interrupt.h"

#include "proto/basics.h"
#include "proto/log.h"
#include "storaged/replies.h"

/* Turns, and bytes of their texts, that one transaction ends: requests must not wait long. */
#define CHUNK_TURNS 256
#define CHUNK_BYTES ((size_t)4 << 20)

struct chunk {
	size_t n, bytes;
	struct {
		struct id turn;
		struct interrupted what;
	} done[CHUNK_TURNS];
};

/* One turn. A record that can't be read before anything was written costs only that turn. */
static int
end_turn(struct txn *t, const struct id *turn, struct interrupted *what)
{
	uint64_t changes = t->changes;
	int rc = reply_interrupt(t, turn, what);

	if (rc == 0 || t->changes != changes)
		return rc;
	log_event(
	    LOG_ERROR, "turn_unreadable", L_ID("turn", turn), L_STR("error", mdb_strerror(rc)));
	*what = (struct interrupted){0};
	return 0;
}

static int
end_chunk(struct txn *t, const struct turn_list *lost, struct chunk *chunk)
{
	const struct open_turn *turn;

	TAILQ_FOREACH (turn, lost, order) {
		int rc;

		if (chunk->n == CHUNK_TURNS || chunk->bytes > CHUNK_BYTES)
			break;
		chunk->done[chunk->n].turn = turn->id;
		rc = end_turn(t, &turn->id, &chunk->done[chunk->n].what);
		if (rc != 0)
			return rc;
		chunk->bytes += chunk->done[chunk->n++].what.bytes;
	}
	return 0;
}

/* The chunk is on disk. */
static void
forget_chunk(struct open_turns *open, const struct chunk *chunk)
{
	for (size_t i = 0; i < chunk->n; i++) {
		const struct interrupted *what = &chunk->done[i].what;

		open_turns_release(open, &chunk->done[i].turn);
		if (what->was_open)
			log_event(LOG_WARN, "turn_interrupted",
			    L_ID("turn", &chunk->done[i].turn),
			    L_ID("conversation", &what->conversation),
			    L_UINT("bytes", what->bytes));
	}
}

enum interrupt_result
interrupt_lost(struct env *env, struct open_turns *open)
{
	struct chunk chunk;
	struct txn t;
	int rc;

	if (TAILQ_EMPTY(&open->lost))
		return INTERRUPT_IDLE;
	chunk.n = chunk.bytes = 0;
	rc = txn_begin(&t, env, TXN_WRITE);
	if (rc == 0)
		rc = end_chunk(&t, &open->lost, &chunk);
	if (rc == 0)
		rc = txn_commit(&t);
	if (rc != 0) {
		txn_abort(&t);
		env_write_failed(env, rc);
		return INTERRUPT_STUCK;
	}
	forget_chunk(open, &chunk);
	return TAILQ_EMPTY(&open->lost) ? INTERRUPT_IDLE : INTERRUPT_MORE;
}
