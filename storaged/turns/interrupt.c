/*
 * Ends turns that lost their worker.
 */
#include "storaged/turns/interrupt.h"

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "storaged/actions/actions.h"

/* One transaction ends so many turns, and bytes of text, at most: requests must not wait long. */
#define CHUNK_TURNS 256
#define CHUNK_BYTES ((size_t)4 << 20)

struct interrupt_chunk {
	size_t n, bytes;
	struct {
		struct id turn;
		struct reply_interruption what;
	} done[CHUNK_TURNS];
	const struct open_turn
	    *culprit; /* the turn that made the transaction fail; NULL: none */
};

int
turn_ends_waiting(struct txn *t, const struct turn_view *v, struct reply_interrupted *how)
{
	struct msg_step_record step;
	int rc = action_find_waiting(t, &v->place.conversation, &v->id, &step);

	*how = (struct reply_interrupted){.status = MESSAGE_INTERRUPTED};
	if (rc == 0)
		*how = (struct reply_interrupted){MESSAGE_WAITING, step.text};
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
turn_interrupt(struct txn *t, const struct id *turn, const struct reply_ending *known,
    struct reply_interruption *out)
{
	struct reply_interrupted how = {.status = MESSAGE_INTERRUPTED};
	struct turn_view v;
	int rc = turn_view_load_named(t, turn, &v);

	if (rc == 0 && v.state == TURN_OPEN)
		rc = turn_ends_waiting(t, &v, &how);
	return rc != 0 ? rc : reply_interrupt(t, turn, &how, known, out);
}

/* Ends the first lost turns, at most limit of them. */
static int
interrupt_end_turns(
    struct txn *t, const struct turn_list *lost, size_t limit, struct interrupt_chunk *chunk)
{
	const struct open_turn *turn;

	TAILQ_FOREACH (turn, lost, order) {
		int rc;

		if (chunk->n == limit || chunk->bytes > CHUNK_BYTES)
			break;
		chunk->done[chunk->n].turn = turn->id;
		rc = turn_interrupt(t, &turn->id, NULL, &chunk->done[chunk->n].what);
		if (rc != 0) {
			chunk->culprit = turn;
			return rc;
		}
		chunk->bytes += chunk->done[chunk->n++].what.bytes;
	}
	return 0;
}

/* The same in a transaction of its own: all of them, or none. */
static int
interrupt_end_chunk(
    struct env *env, const struct turn_list *lost, size_t limit, struct interrupt_chunk *chunk)
{
	struct txn t;
	int rc = txn_begin(&t, env, TXN_WRITE);

	chunk->n = chunk->bytes = 0;
	chunk->culprit = NULL;
	if (rc != 0)
		return rc;
	rc = interrupt_end_turns(&t, lost, limit, chunk);
	if (rc == 0)
		return txn_commit(&t);
	txn_abort(&t);
	return rc;
}

/* Whether the turn's own records are damaged, and not the disk full or memory short (errno is
 * positive). */
static bool
interrupt_is_to_blame(const struct open_turn *culprit, int rc)
{
	return culprit != NULL && rc < 0 && !env_is_full_error(rc) && !env_is_fatal_error(rc);
}

/* It stays open in the store: the next start tries again. */
static void
interrupt_give_up(struct live *live, const struct open_turn *turn, int rc)
{
	log_event(LOG_ERROR, "turn_unreadable", L_ID("turn", &turn->id),
	    L_STR("error", env_strerror(rc)));
	open_turns_give_up(live->open, &turn->id);
	live_end(live, &turn->id);
}

/* Those who follow the reply know its end already; others may have lost sight of it. */
static void
interrupt_tell_rooms(struct live *live, const struct reply_interruption *what)
{
	if (!what->was_open)
		return;
	rooms_changed(&live->rooms, &what->conversation, &what->conversation);
	rooms_changed(&live->rooms, &what->room, &what->conversation);
	live->notified = true;
}

/* The chunk is on disk. */
static void
interrupt_forget_chunk(struct live *live, const struct interrupt_chunk *chunk)
{
	for (size_t i = 0; i < chunk->n; i++) {
		const struct reply_interruption *what = &chunk->done[i].what;

		open_turns_release(live->open, &chunk->done[i].turn);
		live_end(live, &chunk->done[i].turn);
		interrupt_tell_rooms(live, what);
		if (what->was_open)
			log_event(LOG_WARN, "turn_interrupted",
			    L_ID("turn", &chunk->done[i].turn),
			    L_ID("conversation", &what->conversation),
			    L_UINT("bytes", what->bytes));
	}
}

enum interrupt_result
interrupt_lost(struct env *env, struct live *live)
{
	const struct turn_list *lost = &live->open->lost;
	struct interrupt_chunk chunk;
	int rc;

	if (TAILQ_EMPTY(lost))
		return INTERRUPT_IDLE;
	rc = interrupt_end_chunk(env, lost, CHUNK_TURNS, &chunk);
	/* First those before the culprit, which then becomes the first. */
	if (interrupt_is_to_blame(chunk.culprit, rc) && chunk.n > 0)
		rc = interrupt_end_chunk(env, lost, chunk.n, &chunk);
	if (interrupt_is_to_blame(chunk.culprit, rc)) {
		interrupt_give_up(live, chunk.culprit, rc);
	} else if (rc != 0) {
		env_write_failed(env, rc);
		return INTERRUPT_STUCK;
	} else {
		interrupt_forget_chunk(live, &chunk);
	}
	return TAILQ_EMPTY(lost) ? INTERRUPT_IDLE : INTERRUPT_MORE;
}
