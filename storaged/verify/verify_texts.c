/*
 * The chunks of each page, which it counts, and vectors: each is of a chunk.
 */
#include <string.h>

#include "storaged/content/chunks.h"
#include "storaged/verify/verify_internal.h"

static void
verify_chunks_of(struct children *chunks, const struct content_page *page)
{
	struct record_name name = verify_record_name("page", &page->page);
	struct msg_chunk_record r;
	uint32_t n = 0;
	uint64_t bytes = 0;
	bool in_order = true;

	for (; verify_children_at(chunks, &page->page); verify_children_next(chunks)) {
		in_order &= piece_place(chunks->walk.key) == n++;
		if (verify_record(chunks->c, TABLE_CHUNKS, "a chunk", chunks->walk.value, &r))
			bytes += r.text.len;
	}
	if (!in_order)
		verify_found(chunks->c, TABLE_CHUNKS, "chunks of %s are missing", name.s);
	if (n != page->chunks || bytes != page->bytes)
		verify_found(chunks->c, TABLE_CHUNKS,
		    "%s has %u chunks with %llu bytes, and counts %u with %u", name.s, n,
		    (unsigned long long)bytes, page->chunks, page->bytes);
}

static int
verify_vectors_of(struct children *vectors, const struct content_page *page)
{
	struct record_name name = verify_record_name("page", &page->page);
	struct chunk_hashes hashes;
	struct msg_vector_record r;
	int rc;

	if (!verify_children_at(vectors, &page->page))
		return verify_children_failed(vectors);
	rc = chunk_hashes_load(vectors->c->txn, &page->page, &hashes);
	for (; rc == 0 && verify_children_at(vectors, &page->page);
	     verify_children_next(vectors)) {
		struct hash256 hash;

		memcpy(hash.b, vectors->walk.key.p + sizeof(struct id), sizeof(hash.b));
		if (verify_record(
			vectors->c, TABLE_VECTORS, "a vector", vectors->walk.value, &r) &&
		    !chunk_hashes_have(&hashes, &hash))
			verify_found(
			    vectors->c, TABLE_VECTORS, "%s has a vector without chunk", name.s);
	}
	chunk_hashes_clear(&hashes);
	return rc != 0 ? rc : verify_children_failed(vectors);
}

int
verify_texts(struct checker *c, const struct content_pages *pages)
{
	struct children chunks, vectors;
	int rc = 0, end;

	verify_children_open(&chunks, c, TABLE_CHUNKS, "chunks of page");
	verify_children_open(&vectors, c, TABLE_VECTORS, "vectors of page");
	for (size_t i = 0; rc == 0 && i < pages->n; i++) {
		/* Its chunks are those of the page before it. */
		if (i > 0 && id_equal(&pages->of[i - 1].page, &pages->of[i].page))
			continue;
		verify_children_seek(&chunks, &pages->of[i].page);
		verify_children_seek(&vectors, &pages->of[i].page);
		verify_chunks_of(&chunks, &pages->of[i]);
		rc = verify_children_failed(&chunks);
		if (rc == 0)
			rc = verify_vectors_of(&vectors, &pages->of[i]);
	}
	if (rc == 0)
		verify_children_seek(&chunks, NULL);
	if (rc == 0)
		verify_children_seek(&vectors, NULL);
	end = verify_children_close(&chunks);
	if (rc == 0)
		rc = end;
	end = verify_children_close(&vectors);
	return rc != 0 ? rc : end;
}
