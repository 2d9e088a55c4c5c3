/*
 * The requests about logins (messages.def). Each handler returns as call.h says.
 */
#ifndef STORAGED_RECORDS_LOGIN_REQUESTS_H
#define STORAGED_RECORDS_LOGIN_REQUESTS_H

#include "storaged/request/call.h"

[[gnu::warn_unused_result]] int handle_login_create(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_login_check(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_login_delete(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_login_list(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_login_revoke(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_login_secret_get(struct txn *t, struct call *c);

#endif
