/*
 * Erasing: a conversation, or all of a visitor, with everything that hangs on it, in the one
 * transaction of its request. No table and no index keeps a trace of it; open turns are closed, and
 * a worker that still writes such a reply is told STORE_NOT_FOUND.
 */
#ifndef STORAGED_ERASE_H
#define STORAGED_ERASE_H

#include "storaged/call.h"

/* MSG_CONVERSATION_ERASE, answered by MSG_ERASED. */
[[gnu::warn_unused_result]] int conversation_erase(struct txn *t, struct call *c);

/* MSG_VISITOR_ERASE, answered by MSG_ERASED. */
[[gnu::warn_unused_result]] int visitor_erase(struct txn *t, struct call *c);

#endif
