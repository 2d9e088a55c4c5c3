/*
 * Logins of the dashboard: a token's hash, and until when it is good.
 */
#ifndef STORAGED_RECORDS_LOGINS_H
#define STORAGED_RECORDS_LOGINS_H

#include "storaged/request/call.h"

/* Logins of one user at a time; of those by DASHBOARD_PASSWORD there may be any number. */
#define LOGINS_MAX 50u

/* Logins that one request to end all of them ends, so that very many hold up nobody. */
#define LOGINS_STEP 256u

/* Stores a login with its index entry, instead of the one with its token. */
[[gnu::warn_unused_result]] int login_put(
    struct txn *t, const struct hash256 *token, const struct msg_login_record *login);

/* Whether a login with another token than this has the id of this one. */
[[gnu::warn_unused_result]] int login_clashes(struct txn *t, const struct hash256 *token,
    const struct msg_login_record *login, bool *clashes);

/* MSG_LOGIN_CREATE, answered by MSG_OK. Repeating it is harmless. */
[[gnu::warn_unused_result]] int login_create(struct txn *t, struct call *c);

/* MSG_LOGIN_CHECK, answered by MSG_LOGIN; an expired one does not exist. */
[[gnu::warn_unused_result]] int login_check(struct txn *t, struct call *c);

/* MSG_LOGIN_DELETE, answered by MSG_OK whether it existed or not. */
[[gnu::warn_unused_result]] int login_delete(struct txn *t, struct call *c);

/* MSG_LOGIN_LIST, answered by MSG_LOGIN_PAGE. */
[[gnu::warn_unused_result]] int login_list(struct txn *t, struct call *c);

/* MSG_LOGIN_REVOKE, answered by MSG_OK; to end all others is harmless to repeat, and to be repeated
 * after MSG_UNFINISHED. */
[[gnu::warn_unused_result]] int login_revoke(struct txn *t, struct call *c);

/* Ends all logins of a user but the one with this token; NULL: all. */
[[gnu::warn_unused_result]] int logins_end(
    struct txn *t, const struct id *org, const struct id *user, const struct hash256 *except);

#endif
