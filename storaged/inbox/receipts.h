/*
 * Receipts: how far messages have come in another chat, as the adapter of their channel says.
 *
 * Adapters report in any order and more than once, so a message only moves forward: sent, failed, delivered, read. A failure after a
 * delivery is late news and changes nothing; a delivery after a failure shows that a later attempt has succeeded.
 */
#ifndef STORAGED_INBOX_RECEIPTS_H
#define STORAGED_INBOX_RECEIPTS_H

#include "storaged/engine/txn.h"

/* The receipt of a message; RECEIPT_NONE: it has none. RECORD_DAMAGED if it does not decode. Its slices are the message's. */
[[gnu::warn_unused_result]] int receipt_of(
    const struct msg_message_record *message, struct msg_message_receipt *receipt);

/* What is wrong with a message's receipt; NULL: nothing. */
const char *receipt_fault(const struct msg_message_record *message);

/* Whether `later` is further than `earlier`, both valid. */
bool receipt_is_ahead(
    const struct msg_message_record *later, const struct msg_message_record *earlier);

#endif
