/*
 * Keys of organizations, for chat and for the admin API, beside the two from the settings. Only their
 * hashes are here.
 */
#ifndef STORAGED_RECORDS_KEYS_H
#define STORAGED_RECORDS_KEYS_H

#include "storaged/request/call.h"

/* Keys of an organization; KEY_CREATE is refused (LIMIT) beyond. */
#define KEYS_MAX 200u

/* MSG_IMPORT_RECORD of one. */
[[gnu::warn_unused_result]] int key_import(
    struct txn *t, struct call *c, const struct msg_key_record *record);

/* The requests of these names (messages.def). */
[[gnu::warn_unused_result]] int key_create(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int key_list(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int key_revoke(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int key_check(struct txn *t, struct call *c);

#endif
