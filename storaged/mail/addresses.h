/*
 * What is known of the addresses that mails go to, within an organization: whether somebody there has opened a link, wants
 * no more mails, or cannot be reached. The key is a hash of the address. The record of a contact's
 * address is removed with the contact.
 */
#ifndef STORAGED_MAIL_ADDRESSES_H
#define STORAGED_MAIL_ADDRESSES_H

#include "storaged/request/call.h"

/* The hash of an e-mail address, which may have any case; zero: it is empty or too long. */
struct hash256 address_hash(struct slice email);

/* Reads what is known of an address. Without a record, or with a damaged one, all times of *r are 0. Returns 0, or an error
 * after which the transaction must be aborted. */
[[gnu::warn_unused_result]] int address_get(struct txn *t, const struct id *org,
    const struct hash256 *address, struct msg_address_record *r);

[[gnu::warn_unused_result]] int address_put(struct txn *t, const struct msg_address_record *r);

/* Removes what is known of an address, because its contact is removed. A zero hash names no address. */
[[gnu::warn_unused_result]] int address_remove(
    struct txn *t, const struct id *org, const struct hash256 *address);

/* MSG_IMPORT_RECORD of an address: the later of both times stays, so that a mail that was stopped stays so. */
[[gnu::warn_unused_result]] int address_import(
    struct txn *t, struct call *c, const struct msg_address_record *r);

#endif
