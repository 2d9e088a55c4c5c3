/*
 * Requests about the commit log of several machines, and what the status tells about it; the requests of a
 * standby.
 */
#ifndef STORAGED_SERVER_LOG_REQUESTS_H
#define STORAGED_SERVER_LOG_REQUESTS_H

#include "storaged/request/call.h"

/* MSG_HAND_OVER, answered by MSG_OK; the server then does it. */
[[gnu::warn_unused_result]] int handle_hand_over(struct txn *t, struct call *c);

/* MSG_BACKUP_DONE on a standby, which cannot store it, but tells the log its row: answered by MSG_OK. */
[[gnu::warn_unused_result]] int handle_backup_of_standby(struct txn *t, struct call *c);

/* Everything else on a standby: refused (IS_STANDBY). */
[[gnu::warn_unused_result]] int handle_on_standby(struct txn *t, struct call *c);

/* Sets the fields about the log; leaves them 0 without one. */
void log_status_add(const struct env *env, struct msg_status *status);
void log_info_add(const struct env *env, struct msg_store_info *info);

#endif
