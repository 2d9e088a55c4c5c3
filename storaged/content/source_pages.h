/*
 * Pages of sources: records with their addresses and text. Each change counts in the state of the source, and is one
 * transaction with the text.
 */
#ifndef STORAGED_CONTENT_SOURCE_PAGES_H
#define STORAGED_CONTENT_SOURCE_PAGES_H

#include "storaged/content/sources.h"

/* Looks a page up. 0, MDB_NOTFOUND or an error as of txn_get(), whose slices *r has. */
[[gnu::warn_unused_result]] int source_page_find(struct txn *t, const struct id *org,
    const struct id *source, const struct id *page, struct msg_source_page_record *r);

/* The page of a source that has this address. MDB_NOTFOUND: none. */
[[gnu::warn_unused_result]] int source_page_of_url(struct txn *t, const struct id *org,
    const struct id *source, struct slice url, struct id *page);

/* What a stored page has, besides its record. */
struct source_page_place {
	struct source_share share;
	struct key by_url; /* if it exists */
};

/* r: NULL: there is none. */
struct source_page_place source_page_place_of(const struct msg_source_page_record *r);

/* Stores a page's record, the entry of its address, and its share of the counts. before: of the record in its
 * place. */
[[gnu::warn_unused_result]] int source_page_store(struct txn *t,
    const struct msg_source_page_record *r, const struct source_page_place *before);

/* Adds a row about a page to the change feed. */
[[gnu::warn_unused_result]] int source_page_add_change(
    struct txn *t, const struct msg_source_page_record *r, enum change_what what);

/* Refuses a new page of a source that has as many as it may, or with an id that is in use. */
[[gnu::warn_unused_result]] int source_page_check_new(struct txn *t, struct call *c,
    const struct msg_source_record *source, const struct id *page);

/* Removes a page with its text and its upload, without counting: for a source that is being removed, whose record is
 * gone. *removed grows by the number of entries. */
[[gnu::warn_unused_result]] int source_page_drop(
    struct txn *t, const struct msg_source_page_record *r, size_t *removed);

[[gnu::warn_unused_result]] int handle_source_page_put(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_import_source_page(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_source_page_delete(struct txn *t, struct call *c);

#endif
