/*
 * Removes what is left of erased conversations. Erasing removes a conversation and its index
 * entries (erase.c), so that it is invisible immediately, and a bounded number of its messages,
 * turns and client ids. The rest is removed in steps between batches, so that a very long
 * conversation does not delay others. Until nothing is left, an entry in meta names the
 * conversation, over restarts too.
 *
 * In a damaged store some of it may be unreadable. Such a conversation is logged and skipped until
 * the next start; the others are removed. If a damaged page ends the process itself (the disk
 * cannot read it, or an assertion of LMDB fails), the entry counts the starts that have tried:
 * only the first, second, fourth, eighth and so on try again, so that the starts between them can
 * serve.
 *
 * Until it is removed, the conversation's id cannot be used again. The ids of its turns can: a
 * turn that leads to an erased conversation does not exist (turn_view_place()).
 */
#ifndef STORAGED_ENGINE_GARBAGE_H
#define STORAGED_ENGINE_GARBAGE_H

#include "storaged/engine/txn.h"

/* Messages, and bytes of messages, that one step removes; at least one. The same number of
 * client ids. */
#define GARBAGE_STEP      256u
#define GARBAGE_STEP_FULL 8u /* in a full store */
#define GARBAGE_BYTES     ((size_t)8 << 20)

/* Why an id cannot be used for a new conversation. */
extern const char garbage_id_in_use[];

/* The first step, within the transaction that erases the conversation; records what is left. */
[[gnu::warn_unused_result]] int garbage_leave(
    struct txn *t, const struct msg_conversation_record *conversation);

/* The organization and the widget of an erased conversation; false: an older banter has erased it,
 * which did not store them. value: of its entry in meta. */
bool garbage_owner(struct slice value, struct id *org, struct id *widget);

/* Whether something is left of an erased conversation with this id. */
[[gnu::warn_unused_result]] int garbage_exists(
    struct txn *t, const struct id *conversation, bool *left);

enum garbage_result {
	GARBAGE_NONE, /* nothing is left, or nothing that can be removed before the next start */
	GARBAGE_MORE,  /* call again soon */
	GARBAGE_STUCK, /* the disk is full: call again later; requests may succeed meanwhile */
};

/* The next step, in a transaction of its own. Not during a batch. */
enum garbage_result garbage_step(struct env *env);

#endif
