/*
 * Logins of the dashboard: a token's hash, and until when it is good.
 */
#ifndef STORAGED_LOGINS_H
#define STORAGED_LOGINS_H

#include "storaged/call.h"

/* MSG_LOGIN_CREATE, answered by MSG_OK. Repeating it is harmless. */
[[gnu::warn_unused_result]] int login_create(struct txn *t, struct call *c);

/* MSG_LOGIN_CHECK, answered by MSG_LOGIN; an expired one does not exist. */
[[gnu::warn_unused_result]] int login_check(struct txn *t, struct call *c);

/* MSG_LOGIN_DELETE, answered by MSG_OK whether it existed or not. */
[[gnu::warn_unused_result]] int login_delete(struct txn *t, struct call *c);

#endif
