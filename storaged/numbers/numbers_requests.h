/*
 * The request for numbers, and the import of those that are kept.
 */
#ifndef STORAGED_NUMBERS_NUMBERS_REQUESTS_H
#define STORAGED_NUMBERS_NUMBERS_REQUESTS_H

#include "storaged/request/call.h"

/* Answered by MSG_NUMBERS_PAGE. */
[[gnu::warn_unused_result]] int handle_numbers_read(struct txn *t, struct call *c);

/* Imports kept numbers of a day: raises those that are there to them, so that repeating it is harmless.
 * Answered by MSG_OK; refused (INVALID). The organization must exist. */
[[gnu::warn_unused_result]] int numbers_import(
    struct txn *t, struct call *c, const struct msg_kept_record *record);

#endif
