/*
 * The indexes of contacts by e-mail and by phone. Within an organization, each belongs to one contact.
 */
#ifndef STORAGED_IDENTITIES_CONTACT_INDEX_H
#define STORAGED_IDENTITIES_CONTACT_INDEX_H

#include "storaged/engine/txn.h"

/* The index keys of a contact; of length 0: it has none. A contact with a verified user id has only that key: who only
 * says that an e-mail is theirs must not become that contact. */
struct contact_keys {
	struct key email, phone, user_id;
};

/* Makes the keys of an e-mail and a phone; either may be empty. Why they are invalid, or NULL. */
const char *contact_index_keys(
    const struct id *org, struct slice email, struct slice phone, struct contact_keys *keys);

/* The key of a user id of 1 to USER_ID_MAX bytes, as the only one. */
void contact_index_user_key(
    const struct id *org, struct slice user_id, struct contact_keys *keys);

/* Makes the keys of a contact. Why they are invalid, or NULL. */
const char *contact_index_check(
    const struct msg_contact_record *contact, struct contact_keys *keys);

/* Makes the keys of a stored contact: 0, or RECORD_DAMAGED. */
[[gnu::warn_unused_result]] int contact_index_keys_of(
    const struct msg_contact_record *contact, struct contact_keys *keys);

/* The contacts that the keys belong to; zero: none. */
struct contact_owners {
	struct id email, phone, user_id;
};

[[gnu::warn_unused_result]] int contact_index_find(
    struct txn *t, const struct contact_keys *keys, struct contact_owners *owners);

/* Replaces a contact's index entries `from` by `to`; NULL: none. */
[[gnu::warn_unused_result]] int contact_index_move(struct txn *t, const struct id *contact,
    const struct contact_keys *from, const struct contact_keys *to);

#endif
