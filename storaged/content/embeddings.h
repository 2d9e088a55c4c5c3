/*
 * Vectors of chunks: which are missing, and storing them. The worker with the lease computes them (live/lease.h).
 */
#ifndef STORAGED_CONTENT_EMBEDDINGS_H
#define STORAGED_CONTENT_EMBEDDINGS_H

#include "storaged/request/call.h"

[[gnu::warn_unused_result]] int handle_embedding_lease(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_embedding_next(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_embedding_find(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_vectors_put(struct txn *t, struct call *c);

#endif
