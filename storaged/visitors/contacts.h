/*
 * Contacts: the people whom an organization knows, each found by its e-mail and its phone
 * (match_keys.h), which are no other contact's.
 */
#ifndef STORAGED_VISITORS_CONTACTS_H
#define STORAGED_VISITORS_CONTACTS_H

#include "storaged/records/records.h"

/* Conversations that one request to remove a contact takes it from, so that the one of a contact with
 * very many holds up nobody. */
#define UNLINKS_MAX 500u

/* A visitor makes one (CONTACT_SUBMIT), nobody else: none is put that is fresh. */
extern const struct thing_kind contact_kind;

/* MDB_NOTFOUND: there is none. The record's slices are as those of txn_get(). */
[[gnu::warn_unused_result]] int contact_find(struct txn *t, const struct id *org,
    const struct id *contact, struct msg_contact_record *record);

/* MSG_IMPORT_RECORD of one. */
[[gnu::warn_unused_result]] int contact_import(
    struct txn *t, struct call *c, const struct msg_contact_record *record);

/* The requests of these names (messages.def). */
[[gnu::warn_unused_result]] int contact_submit(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int contact_list(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int contact_get(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int contact_put(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int contact_delete(struct txn *t, struct call *c);

#endif
