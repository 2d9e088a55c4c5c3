/*
 * MSG_CONTACT_MERGE: two contacts that are the same person become one.
 */
#ifndef STORAGED_RECORDS_CONTACT_MERGE_H
#define STORAGED_RECORDS_CONTACT_MERGE_H

#include "storaged/request/call.h"

/* Answered by MSG_RECORD or MSG_UNFINISHED (messages.def). */
[[gnu::warn_unused_result]] int handle_contact_merge(struct txn *t, struct call *c);

#endif
