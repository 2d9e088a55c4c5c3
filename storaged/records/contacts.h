/*
 * Contacts: the people that an organization knows. Within an organization, an e-mail and a phone belong to
 * one contact (match_keys.h). Only a visitor creates one (storaged/visitors/contact_submit.c).
 */
#ifndef STORAGED_RECORDS_CONTACTS_H
#define STORAGED_RECORDS_CONTACTS_H

#include "storaged/records/records.h"

/* Conversations that one RECORD_DELETE unlinks at most, so that a request stays short. */
#define UNLINKS_MAX 500u

extern const struct record_kind contact_kind;

/* Looks a contact up. 0, MDB_NOTFOUND or an error as of txn_get(), whose slices *record has. */
[[gnu::warn_unused_result]] int contact_find(struct txn *t, const struct id *org,
    const struct id *contact, struct msg_contact_record *record);

#endif
