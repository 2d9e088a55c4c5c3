/*
 * Dashboard users of organizations. An e-mail belongs to one user among all organizations.
 */
#ifndef STORAGED_RECORDS_USERS_H
#define STORAGED_RECORDS_USERS_H

#include "storaged/records/records.h"

#define USERS_MAX 1000u /* of an organization */

extern const struct record_kind user_kind;

/* Detail of NOT_FOUND. */
extern const char user_missing[];

/* Looks a user up. 0, MDB_NOTFOUND or an error as of txn_get(), whose slices *record has. */
[[gnu::warn_unused_result]] int user_find(
    struct txn *t, const struct id *org, const struct id *user, struct msg_user_record *record);

/* Refuses (STALE) if the user's password is not the one that the worker checked. checked: SHA-256 of the
 * hashed password; zero: accepts any. */
[[gnu::warn_unused_result]] int user_check_password(
    struct call *c, const struct msg_user_record *user, const struct hash256 *checked);

/* Encodes a user without its password, in env->record. */
struct slice user_without_password(struct txn *t, const struct msg_user_record *user);

/* Gives a stored user a new, hashed password, which ends all its logins and the link by which it could set one. */
[[gnu::warn_unused_result]] int user_set_password(
    struct txn *t, const struct id *org, const struct id *user, struct slice password);

/* MSG_USER_CHANGE. */
[[gnu::warn_unused_result]] int handle_user_change(struct txn *t, struct call *c);

#endif
