/*
 * Requests about sources and their states; sources themselves are records (records/source_records.c).
 */
#ifndef STORAGED_CONTENT_SOURCE_REQUESTS_H
#define STORAGED_CONTENT_SOURCE_REQUESTS_H

#include "storaged/request/call.h"

[[gnu::warn_unused_result]] int handle_crawl_read(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_source_state_put(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_source_ask(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_source_state_list(struct txn *t, struct call *c);

#endif
