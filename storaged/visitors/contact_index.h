/*
 * What a contact is found by: the keys of its e-mail and its phone in the two indexes, and whose these
 * are. An e-mail and a phone are one contact's alone, within the organization.
 */
#ifndef STORAGED_VISITORS_CONTACT_INDEX_H
#define STORAGED_VISITORS_CONTACT_INDEX_H

#include "storaged/engine/txn.h"

struct contact_names {
	struct key email, phone; /* of length 0: it has no such name */
};

/* Why these are no e-mail and no phone; NULL: they are, or are empty. */
const char *contact_names_of(
    const struct id *org, struct slice email, struct slice phone, struct contact_names *names);

/* The names of a contact that is stored: 0, or RECORD_DAMAGED. */
[[gnu::warn_unused_result]] int contact_names_stored(
    const struct msg_contact_record *contact, struct contact_names *names);

struct contact_holders {
	struct id email, phone; /* zero: nobody's */
};

/* Whose e-mail and whose phone these are. */
[[gnu::warn_unused_result]] int contact_names_find(
    struct txn *t, const struct contact_names *names, struct contact_holders *holders);

/* Changes the index entries of a contact from these to those; NULL: there are none. */
[[gnu::warn_unused_result]] int contact_names_move(struct txn *t, const struct id *contact,
    const struct contact_names *from, const struct contact_names *to);

#endif
