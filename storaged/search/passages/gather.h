/*
 * Reads the postings of a question's words from FTS5, and adds up the scores of the rows that have them.
 */
#ifndef STORAGED_SEARCH_PASSAGES_GATHER_H
#define STORAGED_SEARCH_PASSAGES_GATHER_H

#include "storaged/search/passages/passages_internal.h"
#include "storaged/search/ranking/scores.h"

struct posting {
	int64_t row;
	float frequency;
};

struct gathering {
	const struct scope *scope;
	const struct question *q;
	struct ranking *ranking; /* gets the weights of the words */
	struct scores scores;
	struct posting *postings; /* of a word */
	size_t n, cap, limit;
	size_t read;         /* postings, of all words */
	size_t kept, common; /* words */
	int64_t source;      /* of the row before */
	bool searched;       /* whether that is in the scope */
	float average;       /* tokens of a chunk */
};

/* Borrows all. The scope has chunks. */
void gather_init(struct gathering *g, const struct scope *scope, const struct question *q,
    struct ranking *ranking);
void gather_clear(struct gathering *g);

/* Registers the SQL function gather(), which fills ix->gathering; the phrases of the expression that it is used with
 * are the question's tokens. Returns SQLite's code. */
[[gnu::warn_unused_result]] int gather_register(struct passages *ix, fts5_api *api);

#endif
