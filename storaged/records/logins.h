/*
 * Stored dashboard logins: each has a record by its token's hash, and an entry in the index of its user.
 * The requests are in login_requests.h.
 */
#ifndef STORAGED_RECORDS_LOGINS_H
#define STORAGED_RECORDS_LOGINS_H

#include "storaged/engine/txn.h"

/* Logins of one user at a time. Logins by DASHBOARD_PASSWORD are not limited. */
#define LOGINS_MAX 50u

/* Logins that one LOGIN_REVOKE ends at most, so that a request stays short. */
#define LOGINS_STEP 256u

/* The keys of a login in logins and in logins_by_user. */
struct login_keys {
	struct hash256 token;
	struct key by_user; /* empty: unknown */
};

/* The key of a login in logins_by_user. */
struct key login_index_key(const struct msg_login_record *login);

/* Reads the token's hash from an entry of logins_by_user, or from a key of logins. 0 or RECORD_DAMAGED. */
[[gnu::warn_unused_result]] int login_read_token(struct slice value, struct hash256 *token);

/* Stores a login with its index entry. It replaces a login with the same token. */
[[gnu::warn_unused_result]] int login_put(
    struct txn *t, const struct hash256 *token, const struct msg_login_record *login);

/* Removes a login and its index entry. */
[[gnu::warn_unused_result]] int login_drop(struct txn *t, const struct login_keys *keys);

/* Sets *clashes if a login with another token has the same id. */
[[gnu::warn_unused_result]] int login_clashes(struct txn *t, const struct hash256 *token,
    const struct msg_login_record *login, bool *clashes);

/* Ends at most LOGINS_STEP logins of a user (key_of_org()) except the one with this token (NULL: ends
 * all). *left: there may be more. */
[[gnu::warn_unused_result]] int login_end_some(
    struct txn *t, const struct key *user, const struct hash256 *except, bool *left);

/* Ends all logins of a user except the one with this token; NULL: all. */
[[gnu::warn_unused_result]] int login_end_all(
    struct txn *t, const struct id *org, const struct id *user, const struct hash256 *except);

/* Ends the oldest logins of a user (key_of_org()) above LOGINS_MAX. Keeps the one with the newest token,
 * even if the clock went back. */
[[gnu::warn_unused_result]] int login_end_oldest(
    struct txn *t, const struct key *user, const struct hash256 *newest);

/* Removes expired logins among the few that follow the key `at` in the table. `at` must exist. */
[[gnu::warn_unused_result]] int login_purge(struct txn *t, const struct key *at, uint64_t now);

#endif
