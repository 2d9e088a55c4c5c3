/*
 * What is left of conversations that were erased. Erasing takes a conversation itself and its entries
 * away (erase.c), so that from then on nobody finds it; of its messages, their turns and their names it
 * takes a bounded number. The rest goes in steps, between two batches, so that a very long one holds up
 * nobody. An entry in meta names the conversation until nothing is left, over any restart.
 *
 * In a damaged store some of it may be out of reach. Such a conversation is left until the next start,
 * and named in the log; the others' go on. Where a damaged page ends the process itself (the disk cannot
 * read it, or LMDB loses its way), the entry shows how many starts have tried in vain: only the first,
 * second, fourth, eighth one and so on try, so that the starts between them can serve.
 *
 * Until then its id is not free for another one, but that of each of its turns is: a turn that leads to it
 * does not exist (reply_place()).
 */
#ifndef STORAGED_ENGINE_GARBAGE_H
#define STORAGED_ENGINE_GARBAGE_H

#include "storaged/engine/txn.h"

/* Messages, and bytes of them, that one step removes; at least one. Also names in their stead. */
#define GARBAGE_STEP      256u
#define GARBAGE_STEP_FULL 8u /* in a full store */
#define GARBAGE_BYTES     ((size_t)8 << 20)

/* Why a conversation cannot have such an id. */
extern const char garbage_id_in_use[];

/* The first step, within the transaction that erases the conversation; notes what is left. */
[[gnu::warn_unused_result]] int garbage_leave(struct txn *t, const struct id *conversation);

/* Whether something is left of a conversation that was erased. */
[[gnu::warn_unused_result]] int garbage_exists(
    struct txn *t, const struct id *conversation, bool *left);

enum garbage_result {
	GARBAGE_NONE, /* nothing is left, or nothing that can be removed before the next start */
	GARBAGE_MORE, /* perhaps: call again soon */
	GARBAGE_STUCK, /* the disk has no room for it: call again later; requests may fare better */
};

/* The next step, in a transaction of its own. Not during a batch. */
enum garbage_result garbage_step(struct env *env);

#endif
