/*
 * The requests by which the banter command learns how the store is, and tells that it was backed
 * up.
 */
#ifndef STORAGED_SERVER_STATUS_H
#define STORAGED_SERVER_STATUS_H

#include "storaged/request/call.h"

/* MSG_PING, answered by MSG_PONG. */
[[gnu::warn_unused_result]] int status_ping(struct txn *t, struct call *c);

/* MSG_STATUS_GET, answered by MSG_STATUS. */
[[gnu::warn_unused_result]] int status_get(struct txn *t, struct call *c);

/* MSG_BACKUP_DONE, answered by MSG_OK. An older backup than the one known changes nothing. */
[[gnu::warn_unused_result]] int backup_done(struct txn *t, struct call *c);

#endif
