/*
 * Requests about storaged itself: the state of the store.
 */
#ifndef STORAGED_SERVER_STATUS_H
#define STORAGED_SERVER_STATUS_H

#include "storaged/request/call.h"

/* MSG_PING, answered by MSG_PONG. */
[[gnu::warn_unused_result]] int handle_ping(struct txn *t, struct call *c);

/* MSG_CRASH_REPORT, answered by MSG_OK. */
[[gnu::warn_unused_result]] int handle_crash_report(struct txn *t, struct call *c);

/* MSG_STATUS_GET, answered by MSG_STATUS. */
[[gnu::warn_unused_result]] int handle_status_get(struct txn *t, struct call *c);

/* MSG_STORE_INFO_GET, answered by MSG_STORE_INFO. */
[[gnu::warn_unused_result]] int handle_store_info_get(struct txn *t, struct call *c);

#endif
