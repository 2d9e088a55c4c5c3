/*
 * The text of a page: its chunks by their index, and vectors by the hash of their chunk. A vector stays as long as
 * the page has a chunk with its hash.
 */
#ifndef STORAGED_CONTENT_CHUNKS_H
#define STORAGED_CONTENT_CHUNKS_H

#include "storaged/engine/txn.h"

/* The hashes of a page's chunks, sorted. */
struct chunk_hashes {
	struct hash256 *of;
	size_t n;
};

/* Reads the stored ones; the caller frees them, also after an error. */
[[gnu::warn_unused_result]] int chunk_hashes_load(
    struct txn *t, const struct id *page, struct chunk_hashes *hashes);
void chunk_hashes_clear(struct chunk_hashes *hashes);
bool chunk_hashes_have(const struct chunk_hashes *hashes, const struct hash256 *hash);

/* What chunks_replace() has stored. */
struct chunks_result {
	uint32_t chunks, bytes; /* bytes of their texts */
	bool changed;
};

/* Stores these chunks (a list of CHUNK_RECORD that does not lie in the map) in place of a page's, and removes vectors
 * without a chunk. What is stored already is not written. */
[[gnu::warn_unused_result]] int chunks_replace(
    struct txn *t, const struct id *page, struct slice chunks, struct chunks_result *result);

/* Removes all chunks and vectors of a page; *removed grows by their number. */
[[gnu::warn_unused_result]] int chunks_remove(
    struct txn *t, const struct id *page, size_t *removed);

/* Whether a page has stored chunks. */
[[gnu::warn_unused_result]] int chunks_exist(struct txn *t, const struct id *page, bool *exist);

#endif
