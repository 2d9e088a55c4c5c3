/*
 * Erases a conversation, or everything of a visitor. Once the request is answered, the data is invisible,
 * and no table or index refers to it; garbage.h removes the messages of a long conversation shortly after.
 * A widget's visitor and its token are removed; the organization's contact stays. Open turns are closed,
 * and their workers receive STORE_NOT_FOUND.
 */
#ifndef STORAGED_VISITORS_ERASE_H
#define STORAGED_VISITORS_ERASE_H

#include "storaged/request/call.h"

/* MSG_CONVERSATION_ERASE and MSG_VISITOR_ERASE, answered by MSG_ERASED. */
[[gnu::warn_unused_result]] int handle_conversation_erase(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_visitor_erase(struct txn *t, struct call *c);

/* Erases a conversation but not its visitor, without an answer. A damaged visitor stays unchanged. The
 * record's slices are invalid afterwards. */
[[gnu::warn_unused_result]] int erase_alone(
    struct txn *t, struct call *c, const struct msg_conversation_record *conversation);

#endif
