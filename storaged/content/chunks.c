/*
 * Chunks and vectors of one page.
 */
#include "storaged/content/chunks.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"

#define HASHES_FIRST_CAPACITY 64u

static int
chunk_hashes_compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct hash256));
}

static void
chunk_hashes_sort(struct chunk_hashes *hashes)
{
	if (hashes->n > 0)
		qsort(hashes->of, hashes->n, sizeof(*hashes->of), chunk_hashes_compare);
}

static void
chunk_hashes_add(struct chunk_hashes *hashes, const struct hash256 *hash)
{
	/* The capacity is the least power of two that has room, at least the first one. */
	if (hashes->n == 0 ||
	    (hashes->n >= HASHES_FIRST_CAPACITY && (hashes->n & (hashes->n - 1)) == 0))
		hashes->of = xreallocarray(hashes->of,
		    hashes->n == 0 ? HASHES_FIRST_CAPACITY : 2 * hashes->n,
		    sizeof(*hashes->of));
	hashes->of[hashes->n++] = *hash;
}

void
chunk_hashes_clear(struct chunk_hashes *hashes)
{
	free(hashes->of);
	*hashes = (struct chunk_hashes){0};
}

bool
chunk_hashes_have(const struct chunk_hashes *hashes, const struct hash256 *hash)
{
	return hashes->n > 0 &&
	    bsearch(hash, hashes->of, hashes->n, sizeof(*hash), chunk_hashes_compare) != NULL;
}

int
chunk_hashes_load(struct txn *t, const struct id *page, struct chunk_hashes *hashes)
{
	struct key front = key_id(page);
	struct msg_chunk_record chunk;
	struct walk w;
	int rc = walk_open(&w, t, TABLE_CHUNKS, &front);

	*hashes = (struct chunk_hashes){0};
	if (rc == 0)
		rc = walk_from(&w, &front);
	for (; rc == 0; rc = walk_next(&w))
		if (record_read(w.value, TABLE_CHUNKS, &chunk) == 0)
			chunk_hashes_add(hashes, &chunk.hash);
	walk_close(&w);
	chunk_hashes_sort(hashes);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Stores a chunk, unless the same one is stored. */
static int
chunks_put(
    struct txn *t, const struct id *page, uint32_t index, struct slice chunk, bool *changed)
{
	struct key key = key_piece(page, index);
	struct slice stored;
	int rc = txn_get(t, TABLE_CHUNKS, &key, &stored);

	if (rc == 0 && slice_eq(stored, chunk))
		return 0;
	if (rc != 0 && !txn_survives(rc))
		return rc;
	*changed = true;
	return txn_put(t, TABLE_CHUNKS, &key, chunk);
}

/* Removes the chunks from an index on. */
static int
chunks_cut(struct txn *t, const struct id *page, uint32_t index, bool *changed)
{
	struct key front = key_id(page), at = key_piece(page, index);
	struct walk w;
	int rc = walk_open(&w, t, TABLE_CHUNKS, &front);

	while (rc == 0) {
		rc = walk_from(&w, &at);
		if (rc != 0)
			break;
		*changed = true;
		rc = walk_delete(&w);
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Removes the vectors of a page whose chunk is gone. */
static int
chunks_trim_vectors(struct txn *t, const struct id *page, const struct chunk_hashes *hashes)
{
	struct key front = key_id(page);
	struct walk w;
	int rc = walk_open(&w, t, TABLE_VECTORS, &front);

	if (rc == 0)
		rc = walk_from(&w, &front);
	while (rc == 0) {
		struct key at = key_of(w.key);
		struct hash256 hash = {0};
		bool fits = key_fits(TABLE_VECTORS, w.key);

		if (fits)
			memcpy(hash.b, at.b + sizeof(*page), sizeof(hash.b));
		if (!fits || chunk_hashes_have(hashes, &hash)) {
			rc = walk_next(&w);
			continue;
		}
		rc = walk_delete(&w);
		if (rc == 0)
			rc = walk_from(&w, &at);
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
chunks_replace(
    struct txn *t, const struct id *page, struct slice chunks, struct chunks_result *result)
{
	struct chunk_hashes hashes = {0};
	struct msg_chunk_record chunk;
	struct slice item;
	int rc = 0;

	*result = (struct chunks_result){0};
	while (rc == 0 && wire_list_next(&chunks, &item)) {
		must(record_decode(item, MSG_CHUNK_RECORD, &chunk) == WIRE_OK);
		chunk_hashes_add(&hashes, &chunk.hash);
		result->bytes += (uint32_t)chunk.text.len;
		rc = chunks_put(t, page, result->chunks++, item, &result->changed);
	}
	if (rc == 0)
		rc = chunks_cut(t, page, result->chunks, &result->changed);
	chunk_hashes_sort(&hashes);
	if (rc == 0 && result->changed)
		rc = chunks_trim_vectors(t, page, &hashes);
	chunk_hashes_clear(&hashes);
	return rc;
}

static int
chunks_remove_of(struct txn *t, enum table table, const struct id *page, size_t *removed)
{
	struct key front = key_id(page);
	struct walk w;
	int rc = walk_open(&w, t, table, &front);

	while (rc == 0) {
		rc = walk_from(&w, &front);
		if (rc == 0)
			rc = walk_delete(&w);
		*removed += rc == 0;
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
chunks_remove(struct txn *t, const struct id *page, size_t *removed)
{
	int rc = chunks_remove_of(t, TABLE_CHUNKS, page, removed);

	return rc != 0 ? rc : chunks_remove_of(t, TABLE_VECTORS, page, removed);
}

int
chunks_exist(struct txn *t, const struct id *page, bool *exist)
{
	struct key front = key_id(page), first;
	int rc = txn_first(t, TABLE_CHUNKS, &front, &first);

	*exist = rc == 0;
	return rc == MDB_NOTFOUND ? 0 : rc;
}
