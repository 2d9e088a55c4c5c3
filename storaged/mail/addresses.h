/*
 * What is known of the addresses that mails go to, within an organization: whether somebody there has opened a link, wants
 * no more mails, or cannot be reached. The key is a hash of the address. A contact's is removed with the contact.
 */
#ifndef STORAGED_MAIL_ADDRESSES_H
#define STORAGED_MAIL_ADDRESSES_H

#include "storaged/request/call.h"

/* The hash of an e-mail address, which may have any case; zero: it is empty or too long. */
struct hash256 address_hash(struct slice email);

/* What is known; nothing, if there is no record or a damaged one. 0, or an error after which the transaction is over. */
[[gnu::warn_unused_result]] int address_get(struct txn *t, const struct id *org,
    const struct hash256 *address, struct msg_address_record *r);

[[gnu::warn_unused_result]] int address_put(struct txn *t, const struct msg_address_record *r);

/* Of a contact that is removed. email may be empty. */
[[gnu::warn_unused_result]] int address_remove(
    struct txn *t, const struct id *org, const struct hash256 *address);

/* MSG_IMPORT_RECORD of an address: the later of both times stays, so that a mail that was stopped stays so. */
[[gnu::warn_unused_result]] int address_import(
    struct txn *t, struct call *c, const struct msg_address_record *r);

#endif
