/*
 * The sources that are searched for a question, and their numbers.
 */
#ifndef STORAGED_SEARCH_RANKING_SCOPE_H
#define STORAGED_SEARCH_RANKING_SCOPE_H

#include <stdbool.h>

#include "storaged/search/language/question.h"

/* Of an organization with more sources, all are searched if its agent names none. */
#define SCOPE_SOURCES 1024

struct scope {
	int64_t org;
	bool all;                       /* of the organization */
	int64_t sources[SCOPE_SOURCES]; /* their numbers, sorted */
	size_t n;
	uint64_t chunks, tokens, bytes;
	struct languages languages; /* the most frequent ones first */
};

/* Whether a row's source is searched. */
bool scope_has_row(const struct scope *scope, int64_t row);

#endif
