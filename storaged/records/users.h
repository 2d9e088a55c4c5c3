/*
 * Users of the dashboard, by organization; an e-mail is one user's alone, in all organizations.
 */
#ifndef STORAGED_RECORDS_USERS_H
#define STORAGED_RECORDS_USERS_H

#include "storaged/request/call.h"

/* Users of an organization; USER_CREATE is refused (LIMIT) beyond. */
#define USERS_MAX 1000u

/* What a request for a user that is not there is refused with. */
extern const char user_missing[];

/* MDB_NOTFOUND: there is none. The record's slices are as those of txn_get(). */
[[gnu::warn_unused_result]] int user_find(
    struct txn *t, const struct id *org, const struct id *user, struct msg_user_record *record);

/* Refuses (STALE) who has checked another password than the user has now, by its hash as in LOGIN_CREATE
 * and USER_CHANGE. */
[[gnu::warn_unused_result]] int user_check_password(
    struct call *c, const struct msg_user_record *user, const struct hash256 *checked);

/* What others may see of one; its slices are the record's. */
struct msg_user_item user_item(const struct msg_user_record *record);

/* MSG_IMPORT_RECORD of one. */
[[gnu::warn_unused_result]] int user_import(
    struct txn *t, struct call *c, const struct msg_user_record *record);

/* The requests of these names (messages.def). */
[[gnu::warn_unused_result]] int user_create(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int user_list(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int user_get(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int user_change(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int user_delete(struct txn *t, struct call *c);

#endif
