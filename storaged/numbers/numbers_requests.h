/*
 * The request for numbers, and the import of those that are kept.
 */
#ifndef STORAGED_NUMBERS_NUMBERS_REQUESTS_H
#define STORAGED_NUMBERS_NUMBERS_REQUESTS_H

#include "storaged/request/call.h"

/* Answered by MSG_NUMBERS_PAGE. */
[[gnu::warn_unused_result]] int handle_numbers_read(struct txn *t, struct call *c);

#endif
