/*
 * Finds a message of a conversation by its id. Messages are stored by their position alone: ids are time-ordered,
 * so they are nearly always in the order of the positions.
 */
#ifndef STORAGED_CONVERSATIONS_MESSAGE_FIND_H
#define STORAGED_CONVERSATIONS_MESSAGE_FIND_H

#include "storaged/engine/txn.h"

/* Its sequence number in *seq. MDB_NOTFOUND: the conversation does not have it. */
[[gnu::warn_unused_result]] int message_find(struct txn *t,
    const struct msg_conversation_record *conversation, const struct id *message,
    uint64_t *seq);

#endif
