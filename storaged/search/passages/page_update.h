/*
 * A page's text, as the store sends it in pieces, and its way into the index, in steps: chunks that are in the index
 * already stay, so that their vectors do too.
 */
#ifndef STORAGED_SEARCH_PASSAGES_PAGE_UPDATE_H
#define STORAGED_SEARCH_PASSAGES_PAGE_UPDATE_H

#include "storaged/search/passages/passages.h"

/* Chunks of a page; the rest of a longer one is left out. */

struct page_chunk {
	uint32_t index;
	struct hash256 hash;
	char language[LANGUAGE_MAX + 1];
	struct page_part { /* of page_update.text */
		uint32_t start, len;
	} heading, text, vector;
	int64_t row; /* 0: not in the index yet */
};

struct page_update {
	struct passages_page page;
	struct hash256 hash;
	char language[LANGUAGE_MAX + 1]; /* of the page; "" if unknown */
	struct page_part title;
	struct buf text;
	struct page_chunk *chunks;
	size_t n;
	struct passages_chunk *stored; /* those that go */
	size_t n_stored;
	int64_t number; /* of the page */
	size_t done;    /* steps: first the stored ones, then the new ones */
	enum { PAGE_COLLECTS, PAGE_WORKS, PAGE_ENDS } phase;
};

void page_update_init(struct page_update *u);
void page_update_clear(struct page_update *u);

/* Begins with a page. Without further calls, it is removed. */
void page_update_begin(struct page_update *u, const struct passages_page *page);

/* Takes a piece of its text, or an answer. */
void page_update_take(struct page_update *u, const struct msg_source_text *piece);
void page_update_take_answer(struct page_update *u, const struct msg_answer_record *answer);

/* A step of some milliseconds, within a transaction. 1: there is more, 0: the index has the page, -1: it failed. */
[[gnu::warn_unused_result]] int page_update_step(struct page_update *u, struct passages *ix);

/* The encoded vector of a chunk, a VECTOR_RECORD; empty: none. */
struct slice page_update_vector(const struct page_update *u, size_t chunk);

#endif
