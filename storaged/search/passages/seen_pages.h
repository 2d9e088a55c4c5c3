/*
 * The pages of the index that a listing of the store has named, by their numbers; the others were deleted.
 */
#ifndef STORAGED_SEARCH_PASSAGES_SEEN_PAGES_H
#define STORAGED_SEARCH_PASSAGES_SEEN_PAGES_H

#include "storaged/search/passages/passages.h"

struct seen_pages {
	uint8_t *bits;
	size_t bytes;
	int64_t at; /* pages up to this number were looked at */
};

/* Forgets all, and frees the memory. */
void seen_pages_reset(struct seen_pages *s);

void seen_pages_add(struct seen_pages *s, int64_t number);

/* The next page of the index that was not named. 1: found, 0: there is none, -1: the index failed. */
[[gnu::warn_unused_result]] int seen_pages_next_lost(
    struct seen_pages *s, struct passages *ix, struct passages_page *page);

#endif
