/*
 * Contacts: the people that an organization knows. Within an organization, an e-mail and a phone belong to
 * one contact (match_keys.h). Only a visitor creates one (storaged/visitors/contact_submit.c).
 */
#ifndef STORAGED_RECORDS_CONTACTS_H
#define STORAGED_RECORDS_CONTACTS_H

#include "storaged/identities/contact_index.h"
#include "storaged/records/records.h"

/* Conversations that one request moves at most, so that a request stays short. */
#define UNLINKS_MAX 500u

extern const struct record_kind contact_kind;

/* Looks a contact up. 0, MDB_NOTFOUND or an error as of txn_get(), whose slices *record has. */
[[gnu::warn_unused_result]] int contact_find(struct txn *t, const struct id *org,
    const struct id *contact, struct msg_contact_record *record);

/* Stores a contact with its index entries; before: the keys that it had, NULL: none. */
[[gnu::warn_unused_result]] int contact_put(
    struct txn *t, const struct msg_contact_record *contact, const struct contact_keys *before);

/* Moves some conversations of a contact, with their visitors, to another contact (zero: to none); *left: not
 * all. */
[[gnu::warn_unused_result]] int contact_move_some(struct txn *t, const struct id *org,
    const struct id *contact, const struct id *to, bool *left);

/* Removes a contact without conversations; keys: contact_index_keys_of() it. */
[[gnu::warn_unused_result]] int contact_drop(struct txn *t, const struct id *org,
    const struct id *contact, const struct contact_keys *keys);

/* Two contacts that are the same person become one; in contact_merge.c. Answered by MSG_RECORD or MSG_UNFINISHED
 * (messages.def). */
[[gnu::warn_unused_result]] int handle_contact_merge(struct txn *t, struct call *c);

#endif
