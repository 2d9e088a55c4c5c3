/*
 * What searchd reads: everything that can be found, in pages, or the present state of some items.
 *
 * A page takes a few milliseconds, so that a new index of a large store delays no other request by more.
 */
#ifndef STORAGED_INDEXING_INDEX_READ_H
#define STORAGED_INDEXING_INDEX_READ_H

#include "storaged/request/call.h"

/* Both are answered by MSG_INDEX_PAGE. */
[[gnu::warn_unused_result]] int handle_index_read(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_index_lookup(struct txn *t, struct call *c);

/* Not answered. */
[[gnu::warn_unused_result]] int handle_index_report(struct txn *t, struct call *c);

#endif
