/*
 * The vectors of the organizations that ask with one (vectors.h), and which of their pages are still to be read.
 *
 * The sets together have at most a number of bytes. When they have more, the set that was asked the longest time ago
 * is given up; one that is too large by itself is not kept: its organization finds by words alone.
 */
#ifndef STORAGED_SEARCH_PASSAGES_VECTOR_SETS_H
#define STORAGED_SEARCH_PASSAGES_VECTOR_SETS_H

#include <sys/queue.h>

#include "storaged/search/passages/page_update.h"
#include "storaged/search/ranking/vectors.h"

#define MODEL_MAX 128 /* bytes, as in messages.def */

struct vector_set {
	TAILQ_ENTRY(vector_set) link;
	struct id org;
	char model[MODEL_MAX + 1];
	struct vectors vectors;
	int64_t *pages;        /* whose vectors are to be read, from the last one */
	size_t n_pages, n_all; /* unread; of the array */
	bool refused;          /* too large */
};

struct vector_sets {
	TAILQ_HEAD(vector_set_list, vector_set) list; /* that was asked last comes first */
	uint64_t bytes_max;
};

void vector_sets_init(struct vector_sets *sets, uint64_t bytes_max);
void vector_sets_clear(struct vector_sets *sets);

/* The set of an organization that asks with a model's vector; a new one, whose pages are to be read, if there is
 * none. NULL: the index failed. */
struct vector_set *vector_sets_ask(
    struct vector_sets *sets, struct passages *ix, const struct id *org, struct slice model);

/* NULL: the organization has none. */
struct vector_set *vector_sets_of(struct vector_sets *sets, const struct id *org);

/* Whether a page is still to be read. */
bool vector_sets_have_pages(struct vector_sets *sets);

/* The reading of an organization's page was broken off: it is the next one again. */
void vector_sets_again(struct vector_sets *sets, const struct id *org);

/* Whether questions can be compared with it. */
bool vector_set_is_ready(const struct vector_set *set);

/* The next page whose vectors are to be read, of any set. 1: found, 0: there is none, -1: the index failed. */
[[gnu::warn_unused_result]] int vector_sets_next_page(
    struct vector_sets *sets, struct passages *ix, struct passages_page *page);

/* Takes the vectors of a page that was read completely and is in the index. */
void vector_sets_take(struct vector_sets *sets, const struct page_update *update);

/* Forgets those of a source. */
void vector_sets_forget(struct vector_sets *sets, const struct id *org, int64_t source);

/* Vectors, and their bytes. */
void vector_sets_count(const struct vector_sets *sets, uint64_t *n, uint64_t *bytes);

#endif
