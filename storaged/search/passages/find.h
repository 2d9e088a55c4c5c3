/*
 * The answer to FIND: the passages that fit a question best.
 */
#ifndef STORAGED_SEARCH_PASSAGES_FIND_H
#define STORAGED_SEARCH_PASSAGES_FIND_H

#include "storaged/search/passages/content_follower.h"

/* Of the hits that FIND asks for, and if it does not say. */
#define FIND_LIMIT         50u
#define FIND_LIMIT_DEFAULT 10u

/* Ranks of words and of vectors that are joined. */
#define FIND_JOINED 100

/*
 * The coverage is the greatest of the first FIND_BEST hits: the share of the question's words that a passage has,
 * weighed by their rarity; or what its similarity is worth: nothing up to SIMILARITY_NONE, all from SIMILARITY_ALL
 * on, evenly between them.
 */
#define FIND_BEST       3
#define SIMILARITY_NONE 0.5f
#define SIMILARITY_ALL  0.9f

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
