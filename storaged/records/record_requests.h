/*
 * The kinds of records, and the requests about them (messages.def, 0x08xx). Each handler returns as call.h
 * says.
 */
#ifndef STORAGED_RECORDS_RECORD_REQUESTS_H
#define STORAGED_RECORDS_RECORD_REQUESTS_H

#include "storaged/records/records.h"

/* The kind with this record type, or NULL. */
const struct record_kind *record_kind_of(uint16_t type);

[[gnu::warn_unused_result]] int handle_record_list(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_record_get(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_record_put(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_record_delete(struct txn *t, struct call *c);

#endif
