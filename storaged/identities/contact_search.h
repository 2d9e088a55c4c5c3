/*
 * Finds contacts by a part of their name, e-mail or phone: for a person who types the first letters of one.
 */
#ifndef STORAGED_IDENTITIES_CONTACT_SEARCH_H
#define STORAGED_IDENTITIES_CONTACT_SEARCH_H

#include "storaged/request/call.h"

/* Answers a RECORD_LIST with `search`. */
[[gnu::warn_unused_result]] int contact_search(struct txn *t, struct call *c);

#endif
