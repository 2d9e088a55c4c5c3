/*
 * The index of passages: the chunks of the owners' pages, and their answers. It is a cache of the store, in a SQLite
 * database of its own, with tokens only (bag.h): texts are read from the store.
 *
 * A chunk belongs to a page, a page to a source, a source to an organization; an answer is a page with one chunk,
 * of a source without an id. The tokens of an organization begin with its number, so that its chunks are neither
 * found nor counted by others.
 *
 * A chunk's row is a number made of its source, a counter and the code of its length (passages_row.h), so that
 * ranking needs nothing but the postings of FTS5.
 *
 * Any function that fails returns -1 and keeps SQLite's error (passages_database()); the transaction is lost then,
 * and the owner closes the index. One thread.
 */
#ifndef STORAGED_SEARCH_PASSAGES_PASSAGES_H
#define STORAGED_SEARCH_PASSAGES_PASSAGES_H

#include "proto/ipc/messages.h"
#include "storaged/search/base/database.h"
#include "storaged/search/ranking/ranking.h"

#define PASSAGES_VERSION 1
#define PASSAGES_NAME    "passages.db"

struct passages;

/* Opens the index in this directory, or creates an empty one. */
[[gnu::warn_unused_result]] enum database_opened passages_open(
    struct passages **ix, const char *dir);
void passages_close(struct passages *ix);

/* Deletes the files of an index that is not open. */
void passages_delete(const char *dir);

/* For its errors. */
struct database *passages_database(struct passages *ix);

/*
 * Writing, between passages_begin() and passages_commit(). position is the number of the last change of the store
 * that the index contains. A transaction that was begun already goes on.
 */
[[gnu::warn_unused_result]] int passages_begin(struct passages *ix);
[[gnu::warn_unused_result]] int passages_commit(struct passages *ix, uint64_t position);
uint64_t passages_position(const struct passages *ix);

/* Chunks that were written since passages_begin(). */
unsigned passages_uncommitted(const struct passages *ix);

/* The first reading of the store has ended. */
[[gnu::warn_unused_result]] int passages_set_built(struct passages *ix);
bool passages_is_built(const struct passages *ix);

struct passages_page {
	struct id org, source; /* source: zero for an answer */
	struct id id;
	uint8_t kind; /* enum passage_kind */
};

/* The number of a page, which is created if it is missing. */
[[gnu::warn_unused_result]] int passages_page(
    struct passages *ix, const struct passages_page *page, int64_t *number);

/* 1: its number, 0: there is none, -1: failed. */
[[gnu::warn_unused_result]] int passages_find_page(
    struct passages *ix, const struct passages_page *page, int64_t *number);

/* The hash of the page that was stored with passages_set_hash(); zero: none. */
[[gnu::warn_unused_result]] int passages_get_hash(
    struct passages *ix, int64_t number, struct hash256 *hash);
[[gnu::warn_unused_result]] int passages_set_hash(
    struct passages *ix, int64_t number, const struct hash256 *hash);

/* A chunk of a page, as the index has it. */
struct passages_chunk {
	int64_t row;
	uint32_t index;
	struct hash256 hash;
	char language[LANGUAGE_MAX + 1];
};

/* The chunks of a page, at most max. Returns their number. */
[[gnu::warn_unused_result]] int passages_chunks(
    struct passages *ix, int64_t page, struct passages_chunk *chunks, int max);

struct passages_text {
	uint32_t index;
	struct hash256 hash;
	struct slice title, heading, text;
	char language[LANGUAGE_MAX + 1];
};

/* Adds a chunk; *row gets its row. */
[[gnu::warn_unused_result]] int passages_put_chunk(
    struct passages *ix, int64_t page, const struct passages_text *text, int64_t *row);
[[gnu::warn_unused_result]] int passages_move_chunk(
    struct passages *ix, int64_t row, uint32_t index);
[[gnu::warn_unused_result]] int passages_remove_chunk(struct passages *ix, int64_t row);

/* Removes a page without chunks. */
[[gnu::warn_unused_result]] int passages_forget(struct passages *ix, int64_t page);

/* Whether a source is searched, as a new one is. */
[[gnu::warn_unused_result]] int passages_set_searched(
    struct passages *ix, const struct id *org, const struct id *source, bool searched);

/* Removes a source with its pages. Nothing of it is found from then on; passages_purge_step() removes it. */
[[gnu::warn_unused_result]] int passages_erase(
    struct passages *ix, const struct id *org, const struct id *source);

/* The number of a source, of which its rows are made. 1: found, 0: unknown. */
[[gnu::warn_unused_result]] int passages_source_number(
    struct passages *ix, const struct id *org, const struct id *source, int64_t *number);

/* The next page behind a number. 1: *number and its page, 0: none. */
[[gnu::warn_unused_result]] int passages_next_page(
    struct passages *ix, int64_t *number, struct passages_page *page);

/* The numbers of an organization's pages; free() them. */
[[gnu::warn_unused_result]] int passages_pages_of(
    struct passages *ix, const struct id *org, int64_t **numbers, size_t *n);

/* Does a part of the work that removes erased tokens from the file, some milliseconds, in a transaction of its own.
 * all: also the merging of postings, which is as large as the index of some organizations. 1: there is more, 0: nothing
 * is left, -1: failed. */
[[gnu::warn_unused_result]] int passages_purge_step(struct passages *ix, bool all);

/* Whether there is such work. */
bool passages_has_erased(const struct passages *ix);
bool passages_has_merges(const struct passages *ix);

uint64_t passages_count(const struct passages *ix);

/* knowledge and sources as in FIND. */
[[gnu::warn_unused_result]] int passages_scope(struct passages *ix, struct scope *scope,
    const struct id *org, uint8_t knowledge, struct slice sources);

/* Finds the chunks that fit a question best, at most max. Clear it with ranking_clear(). */
[[gnu::warn_unused_result]] int passages_rank(struct passages *ix, const struct scope *scope,
    const struct question *q, size_t max, struct ranking *ranking);

/* What a row is. 1: found, 0: it is gone. */
[[gnu::warn_unused_result]] int passages_read(
    struct passages *ix, int64_t row, struct msg_passage_ref *ref);

#endif
