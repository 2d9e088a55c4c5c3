/*
 * The page that a visitor has open, as its widget reports it: one for each conversation.
 */
#ifndef STORAGED_CONVERSATIONS_PAGES_H
#define STORAGED_CONVERSATIONS_PAGES_H

#include "storaged/request/call.h"

/* Stores a PAGE_RECORD for a conversation, in place of the one before, if it is another one. Its fields
 * conversation and at are set here. Empty: nothing is stored. */
[[gnu::warn_unused_result]] int page_put(struct txn *t, const struct id *conversation,
    struct slice page, uint64_t now, bool *changed);

/* The stored page; empty: none, or a damaged one. */
[[gnu::warn_unused_result]] int page_get(
    struct txn *t, const struct id *conversation, struct slice *page);

/* MSG_IMPORT_RECORD of a page. */
[[gnu::warn_unused_result]] int page_import(
    struct txn *t, struct call *c, const struct msg_page_record *r);

#endif
