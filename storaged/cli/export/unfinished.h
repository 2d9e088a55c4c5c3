/*
 * Replies that are still being written: an export has them as the interrupted replies that they
 * would be if nobody went on with them. In the order of the messages table, so that they can be
 * merged into a walk over it.
 */
#ifndef STORAGED_CLI_EXPORT_UNFINISHED_H
#define STORAGED_CLI_EXPORT_UNFINISHED_H

#include "storaged/engine/txn.h"

struct unfinished_reply {
	struct id conversation;
	uint64_t seq; /* the reply's place */
	struct id turn;
	uint64_t started_at;
};

struct unfinished {
	struct unfinished_reply *of;
	size_t n;
	uint64_t damaged; /* open turns that could not be read; each was named */
};

/* All of a snapshot: as many as there may be open turns (open_turns.h). 0 or an error of txn.h. To
 * be cleared in any case. */
[[gnu::warn_unused_result]] int unfinished_load(struct unfinished *u, struct txn *t);
void unfinished_clear(struct unfinished *u);

/* The reply as a message. Its text lies in t->env->text, until the next one. */
[[gnu::warn_unused_result]] int unfinished_message(
    struct txn *t, const struct unfinished_reply *reply, struct msg_message_record *message);

#endif
