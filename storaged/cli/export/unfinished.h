/*
 * Unfinished replies: an export contains them as the interrupted replies that they would be if
 * nobody continued them. Sorted in the order of the messages table, to be merged with it.
 */
#ifndef STORAGED_CLI_EXPORT_UNFINISHED_H
#define STORAGED_CLI_EXPORT_UNFINISHED_H

#include "storaged/engine/txn.h"

struct unfinished_reply {
	struct id conversation;
	uint64_t seq; /* of the reply */
	struct id turn;
	uint64_t started_at;
};

struct unfinished {
	struct unfinished_reply *of;
	size_t n;
	uint64_t damaged; /* unreadable open turns; each was reported */
};

/* Loads all of a snapshot; open_turns.h bounds their number. 0 or an error of txn.h. Clear it in
 * any case. */
[[gnu::warn_unused_result]] int unfinished_load(struct unfinished *u, struct txn *t);
void unfinished_clear(struct unfinished *u);

/* The reply as a message. Its text is in t->env->text until the next call. */
[[gnu::warn_unused_result]] int unfinished_message(
    struct txn *t, const struct unfinished_reply *reply, struct msg_message_record *message);

#endif
