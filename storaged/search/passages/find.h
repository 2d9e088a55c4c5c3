/*
 * The answer to FIND: the passages that fit a question best.
 */
#ifndef STORAGED_SEARCH_PASSAGES_FIND_H
#define STORAGED_SEARCH_PASSAGES_FIND_H

#include "storaged/search/passages/content_follower.h"

/* Of the hits that FIND asks for, and if it does not say. */
#define FIND_LIMIT         50u
#define FIND_LIMIT_DEFAULT 10u

/* The best passages of those that the coverage is the greatest of. */
#define FIND_BEST 3

struct found {
	struct msg_passage_ref hits[FIND_LIMIT];
	size_t n;
	unsigned coverage; /* thousandths */
	uint64_t chunks, bytes;
};

/* 0, or -1: the index failed. */
[[gnu::warn_unused_result]] int find_passages(struct content_follower *f, struct passages *ix,
    const struct msg_find *m, struct found *found);

#endif
