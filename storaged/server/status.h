/*
 * Requests about storaged itself: the state of the store, and that a backup was made.
 */
#ifndef STORAGED_SERVER_STATUS_H
#define STORAGED_SERVER_STATUS_H

#include "storaged/request/call.h"

/* MSG_PING, answered by MSG_PONG. */
[[gnu::warn_unused_result]] int handle_ping(struct txn *t, struct call *c);

/* MSG_STATUS_GET, answered by MSG_STATUS. */
[[gnu::warn_unused_result]] int handle_status_get(struct txn *t, struct call *c);

/* MSG_STORE_INFO_GET, answered by MSG_STORE_INFO. */
[[gnu::warn_unused_result]] int handle_store_info_get(struct txn *t, struct call *c);

/* MSG_BACKUP_DONE, answered by MSG_OK. Ignores a backup that is older than the last known one. */
[[gnu::warn_unused_result]] int handle_backup_done(struct txn *t, struct call *c);

#endif
