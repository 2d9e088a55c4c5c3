/*
 * Removes contacts. A contact's conversations stay, without a contact.
 */
#ifndef STORAGED_RECORDS_CONTACT_DELETE_H
#define STORAGED_RECORDS_CONTACT_DELETE_H

#include "storaged/records/records.h"

/* Conversations that one request unlinks at most, so that a request stays short. */
#define UNLINKS_MAX 500u

/* Unlinks up to UNLINKS_MAX conversations, and removes the contact when none is left (else *left). */
[[gnu::warn_unused_result]] int contact_remove(
    struct txn *t, struct call *c, const union record *r, bool *left);

#endif
