/*
 * API keys of organizations, for chat and for the admin API, besides the two keys from the settings. The
 * store holds only their hashes.
 */
#ifndef STORAGED_KEYS_KEYS_H
#define STORAGED_KEYS_KEYS_H

#include "storaged/request/call.h"

#define KEYS_MAX 200u /* of an organization */

/* Handles MSG_IMPORT_RECORD of a key. */
[[gnu::warn_unused_result]] int key_import(
    struct txn *t, struct call *c, const struct msg_key_record *record);

/* The key with this id. 0, MDB_NOTFOUND or an error as of txn_get(), whose slices *record has. */
[[gnu::warn_unused_result]] int key_find(
    struct txn *t, const struct id *org, const struct id *id, struct msg_key_record *record);

/* The requests of these names (messages.def). */
[[gnu::warn_unused_result]] int handle_key_create(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_key_list(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_key_revoke(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_key_check(struct txn *t, struct call *c);

/* Answered by OK. */
[[gnu::warn_unused_result]] int handle_key_used(struct txn *t, struct call *c);

#endif
