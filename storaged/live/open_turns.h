/*
 * Who runs which open turn, and in which conversation: in memory, beside the table open_turns,
 * which only says that a turn is open. Changes only after the commit of a change.
 *
 * A turn is in exactly one list:
 * - that of the client that claimed it
 * - found: it was open in the store at start, or its worker's proxy has closed the connection; the worker has
 *   some time to claim it
 * - lost: nobody will finish it; interrupt.c will end it as interrupted
 * - stuck: its records are damaged, so it could not be ended; it stays open until it is repaired
 *   or erased
 */
#ifndef STORAGED_LIVE_OPEN_TURNS_H
#define STORAGED_LIVE_OPEN_TURNS_H

#include "storaged/engine/txn.h"
#include "storaged/live/client.h"

/* Turns that may be open at the same time; TURN_BEGIN is refused beyond. About 112 bytes each. */
#define OPEN_TURNS_MAX 262144u

#define OPEN_TURNS_BUCKETS 65536u

struct open_turn {
	LIST_ENTRY(open_turn) bucket;  /* by its id */
	LIST_ENTRY(open_turn) sibling; /* by its conversation */
	TAILQ_ENTRY(open_turn) order;
	struct turn_list *in;
	struct client *owner; /* of the list; NULL: found, lost or stuck */
	struct id id, conversation;
};

LIST_HEAD(turn_bucket, open_turn);

struct open_turns {
	size_t n;
	struct turn_list found;
	struct turn_list lost;
	struct turn_list stuck;
	struct turn_bucket *by_id, *by_conversation;
};

void open_turns_init(struct open_turns *o);

/* Frees everything; the lists of clients must be empty. */
void open_turns_clear(struct open_turns *o);

/* Puts every turn that is open in the store into `found`. 0, or an LMDB error, which is logged. */
[[gnu::warn_unused_result]] int open_turns_load(struct open_turns *o, struct env *env);

/* The turn with this id; NULL: it is not open. */
struct open_turn *open_turns_find(const struct open_turns *o, const struct id *id);

/* The open turns of a conversation, in no order; NULL: no more. after: the previous one, NULL
 * for the first. */
struct open_turn *open_turns_of(
    const struct open_turns *o, const struct id *conversation, const struct open_turn *after);

/* Gives a turn to this client, even if another one had it; NULL: puts it into `found`. */
void open_turns_claim(struct open_turns *o, const struct id *id, const struct id *conversation,
    struct client *by);

/* Moves a turn that cannot be ended to `stuck`. */
void open_turns_give_up(struct open_turns *o, const struct id *id);

/* Removes a turn, if it is known. */
void open_turns_release(struct open_turns *o, const struct id *id);

/* Moves all turns of a disconnected client, which may come back and claim them, to `found`. Returns how many. */
size_t open_turns_await(struct open_turns *o, struct turn_list *from);

/* Moves all turns of a list (of a disconnected client, or `found`) to `lost`. Returns how many. */
size_t open_turns_lose(struct open_turns *o, struct turn_list *from);

#endif
