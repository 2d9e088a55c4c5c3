/*
 * What is to be read from the store: pages, answers and sources, in the order of their changes.
 */
#ifndef STORAGED_SEARCH_PASSAGES_WANTED_H
#define STORAGED_SEARCH_PASSAGES_WANTED_H

#include "storaged/search/passages/passages.h"

enum wanted_kind { WANTED_SOURCE, WANTED_PAGE, WANTED_ANSWER };

struct wanted {
	enum wanted_kind kind;
	bool deleted;          /* a source, which is not read then */
	struct id org, source; /* source: of a page */
	struct id id;
	struct hash256 hash; /* of the page's text, if it is known; else zero */
};

/* Bounded by the rows or items of an answer of the store. */
struct wanted_list {
	struct wanted *items;
	size_t n, at; /* at: the next one */
};

void wanted_clear(struct wanted_list *list);

/* The next one; NULL: the list is done. */
const struct wanted *wanted_next(const struct wanted_list *list);

/* Adds what rows of the change feed (a list of CHANGE_RECORD) name; each once. */
void wanted_add_rows(struct wanted_list *list, struct slice rows);

/* Adds a list of CONTENT_ITEM, with each source before its first page; *last is the source of the list before. */
void wanted_add_items(struct wanted_list *list, struct slice items, struct id *last);

/* Adds a page or an answer of the index. */
void wanted_add_page(struct wanted_list *list, const struct passages_page *page);

#endif
