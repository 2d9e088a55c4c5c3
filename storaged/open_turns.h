/*
 * Who runs which open turn: in memory, beside the table open_turns, which says only that a turn
 * is open.
 *
 * A turn is in exactly one list: that of the peer that claimed it, `found` (open in the store when
 * we started; its worker has some time to claim it), or `lost` (nobody will finish it any more:
 * interrupt.c turns it into an interrupted one). Changed only after the commit of what changed.
 */
#ifndef STORAGED_OPEN_TURNS_H
#define STORAGED_OPEN_TURNS_H

#include <sys/queue.h>

#include "storaged/txn.h"

/* Turns that may be open at a time; TURN_BEGIN is refused beyond. About 72 bytes each. */
#define OPEN_TURNS_MAX 262144u

#define OPEN_TURNS_BUCKETS 65536u

struct open_turn {
	LIST_ENTRY(open_turn) bucket;
	TAILQ_ENTRY(open_turn) order;
	struct turn_list *in;
	struct id id;
};

TAILQ_HEAD(turn_list, open_turn);
LIST_HEAD(turn_bucket, open_turn);

struct open_turns {
	size_t n;
	struct turn_list found;
	struct turn_list lost;
	struct turn_bucket *buckets;
};

void open_turns_init(struct open_turns *o);

/* Frees all of it; the lists of peers must be empty. */
void open_turns_clear(struct open_turns *o);

/* Puts every turn that is open in the store into `found`. 0, or an LMDB error. */
[[gnu::warn_unused_result]] int open_turns_load(struct open_turns *o, struct env *env);

/* Puts a turn into a list, wherever it was before, or nowhere. */
void open_turns_claim(struct open_turns *o, const struct id *id, struct turn_list *by);

/* Forgets a turn; one that is not known is no error. */
void open_turns_release(struct open_turns *o, const struct id *id);

/* All turns of a list (of a peer that has gone, or `found`) are lost. Returns how many. */
size_t open_turns_lose(struct open_turns *o, struct turn_list *from);

#endif
