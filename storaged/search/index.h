/*
 * The full-text index: documents (messages, contacts, notes) of all organizations, newest first, in a SQLite
 * database with FTS5 tables. It is a cache of the store.
 *
 * A document belongs to a parent: its conversation, or the contact itself. Filters look at the parent, so that
 * another state or tag of a conversation changes one row. What is found by a document's own properties, such as a
 * rating, are its marks: words beside those of its text (marks.h).
 *
 * The words are in many FTS5 tables, "shards", each with some 32,768 documents of a period of time. Results
 * come shard by shard from the newest on, so that a search ends early. An erased document's words leave the
 * file when its shard is merged, which is fast because a shard is small (index_purge_step()).
 *
 * Any function that fails returns -1 and keeps SQLite's error (index_is_damaged(), index_error()); the
 * transaction is lost then, and the owner closes the index. One thread.
 */
#ifndef STORAGED_SEARCH_INDEX_H
#define STORAGED_SEARCH_INDEX_H

#include "proto/ipc/messages.h"
#include "storaged/search/base/database.h"
#include "storaged/search/text/query.h"

#define INDEX_VERSION     2
#define INDEX_NAME        "search.db"
#define INDEX_TAGS_MAX    512 /* bytes: 16 a tag, as in messages.def */
#define INDEX_RESULTS_MAX 100
#define INDEX_NO_STATE    255 /* of a contact */
#define INDEX_MARKS_MAX   128 /* bytes */

struct index;

struct index_parent {
	struct id id, org;
	struct id widget, contact; /* zero: none */
	uint8_t state;             /* enum conversation_state, or INDEX_NO_STATE */
	struct slice tags;         /* ids, one after the other */
};

struct index_document {
	uint8_t kind; /* enum index_kind of messages.h */
	struct id parent;
	struct id id;
	uint64_t at; /* ms since 1970 */
	struct slice text;
	struct slice marks; /* words with a space between, of at most INDEX_MARKS_MAX bytes */
};

/* Opens the index in this directory, or creates an empty one. */
[[gnu::warn_unused_result]] enum database_opened index_open(struct index **ix, const char *dir);
void index_close(struct index *ix);

/* Deletes the files of an index that is not open. */
void index_delete(const char *dir);

/* What the last failure was. */
bool index_is_damaged(const struct index *ix);
const char *index_error(const struct index *ix);

/*
 * Writing, between index_begin() and index_commit(). Each call is repeatable. position is the number of the
 * last change of the store that the index contains.
 */
[[gnu::warn_unused_result]] int index_begin(struct index *ix);
[[gnu::warn_unused_result]] int index_commit(struct index *ix, uint64_t position);
uint64_t index_position(const struct index *ix);

/* Adds a parent or replaces its fields. */
[[gnu::warn_unused_result]] int index_put_parent(
    struct index *ix, const struct index_parent *parent);

/* Adds a document or replaces the one with its parent and id. Its parent must exist, else it is left out:
 * it was erased. */
[[gnu::warn_unused_result]] int index_put(
    struct index *ix, const struct index_document *document);

/* Removes a document, or a parent with its documents; harmless if there is none. They are not found from
 * then on; they, and their words, are in the file until index_purge_step() has returned 0. */
[[gnu::warn_unused_result]] int index_remove(
    struct index *ix, const struct id *parent, const struct id *id);
[[gnu::warn_unused_result]] int index_erase(struct index *ix, const struct id *parent);

/* Whether documents of erased parents are still to be removed: that may take many steps, between which
 * changes may be written. */
bool index_is_erasing(const struct index *ix);

/* Does a part of the work that removes erased words from the file, in a transaction of its own: some
 * milliseconds. 1: there is more, 0: nothing erased is left in the file, -1: failed. */
[[gnu::warn_unused_result]] int index_purge_step(struct index *ix);

/*
 * Building an empty index: documents come in any order and are only stored; then index_build_step(), called
 * until it returns 0, adds their words, in the order of time. Changes may come meanwhile. The index
 * counts as unfinished until then. 1: there is more.
 */
[[gnu::warn_unused_result]] int index_build_step(struct index *ix);
bool index_is_built(const struct index *ix);

/* Whether a shard is so large that merging it takes long: many documents came that are older than others, such
 * as those of an import. A new index has only small shards. */
bool index_is_lopsided(const struct index *ix);

/*
 * For the comparison with the store. index_parents(): the next parents, with id, organization and state, behind the
 * number *after, which advances; at most max. index_others(): documents of a parent that are not among these, which
 * are sorted. Both return the number, or -1: failed.
 */
struct index_other {
	struct id id;
	uint8_t kind;
};
[[gnu::warn_unused_result]] int index_parents(
    struct index *ix, int64_t *after, struct index_parent *parents, int max);
[[gnu::warn_unused_result]] int index_others(struct index *ix, const struct id *parent,
    const struct id *ids, size_t n_ids, struct index_other *others, int max);

/* Documents, and the file's bytes. */
uint64_t index_documents(const struct index *ix);
uint64_t index_bytes(const struct index *ix);

/* Zero in a filter: any. */
struct index_filter {
	struct id org, widget, contact, tag;
	uint8_t state;     /* enum conversation_state and one more */
	uint64_t from, to; /* ms since 1970: at or after, before */
	uint64_t before;   /* the cursor: index_results.next of the page before */
	struct slice
	    marks; /* the document must have all of these, which are as in index_document */
};

struct index_result {
	uint8_t kind;
	struct id id, parent;
	uint64_t at;
	struct slice text; /* the whole document; valid during the call */
};

/* Called for each result. 0, or -1 to end the page before this result. */
typedef int index_result_fn(void *arg, const struct index_result *result);

/* Finds documents that have all words of the query, which may be none if there are marks: newest first, at most limit,
 * and for at most about budget_ms. *next gets the cursor of the next page; 0: this is the last one. */
[[gnu::warn_unused_result]] int index_search(struct index *ix, const struct query *q,
    const struct index_filter *filter, unsigned limit, unsigned budget_ms, index_result_fn *fn,
    void *arg, uint64_t *next);

#endif
