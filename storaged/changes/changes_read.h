/*
 * Requests for rows of the change feed.
 */
#ifndef STORAGED_CHANGES_CHANGES_READ_H
#define STORAGED_CHANGES_CHANGES_READ_H

#include "storaged/request/call.h"

/* Answered by MSG_CHANGES_PAGE. */
[[gnu::warn_unused_result]] int handle_changes_read(struct txn *t, struct call *c);

#endif
