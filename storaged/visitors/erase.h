/*
 * Erasing: a conversation, or all of a visitor, with everything that hangs on it. When the request is
 * answered nobody finds any of it, and no table and no index keeps a trace, but for what is left of a
 * long one for a moment (garbage.h). A widget's visitor goes itself, and its token with it; whom the
 * organization knows it to be stays among its contacts. Open turns are closed, and a worker that
 * still writes such a reply is told STORE_NOT_FOUND.
 */
#ifndef STORAGED_VISITORS_ERASE_H
#define STORAGED_VISITORS_ERASE_H

#include "storaged/request/call.h"

/* MSG_CONVERSATION_ERASE, answered by MSG_ERASED. */
[[gnu::warn_unused_result]] int conversation_erase(struct txn *t, struct call *c);

/* MSG_VISITOR_ERASE, answered by MSG_ERASED. */
[[gnu::warn_unused_result]] int visitor_erase(struct txn *t, struct call *c);

#endif
