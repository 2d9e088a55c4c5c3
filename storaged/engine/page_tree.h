/*
 * Checks the pages of a snapshot as they lie in the file, without LMDB, which trusts them. So it finds what
 * lookups do not notice: a branch page with the number of another page that is in use (LMDB would free that one
 * when it changes the branch page), a page to which two others lead, and everything about LMDB's main tree,
 * without which no table can be opened; and a page that was overwritten by another valid one, or a changed key, which
 * make lookups find nothing without an error. Reads with pread(2), so an unreadable page is an error, not a signal.
 */
#ifndef STORAGED_ENGINE_PAGE_TREE_H
#define STORAGED_ENGINE_PAGE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lmdb.h>

#include "storaged/engine/schema.h"

/* A wrong page. what: a constant text that continues "page N". */
typedef void page_tree_found_fn(void *arg, size_t page, const char *what);

struct page_tree_root {
	size_t page; /* PAGE_TREE_EMPTY: the tree has no page */
	unsigned depth, flags;
	uint64_t pages, entries; /* as LMDB has counted them */
};

#define PAGE_TREE_EMPTY SIZE_MAX

struct page_tree {
	int fd; /* LMDB's */
	size_t page_size, last_page;
	struct page_tree_root free, main;
	struct page_tree_root tables[TABLES_MAX];
	size_t n;
	const struct page_tree_root *table[TABLES]; /* NULL: it does not exist */
	uint8_t *reached;                           /* a bit per page */
	size_t n_reached;
	uint8_t *buffers;          /* a page for each level */
	page_tree_found_fn *found; /* NULL: nothing is reported */
	void *arg;
	size_t faults;
	const struct page_tree_root *at; /* the tree that is being checked */
};

/* Reasons for env_found_damage(): a wrong branch page, a wrong main tree, a wrong first page of a table. */
extern const char page_tree_damage[], page_tree_main_damage[], page_tree_root_damage[];

/*
 * Reads where the trees of a snapshot begin, and checks the main tree. The snapshot is that of a read
 * transaction, which must run as long as this is used. found may be NULL. Close it in any case. 0;
 * MDB_CORRUPTED if the main tree is damaged; EAGAIN if newer commits have overwritten the place; another LMDB
 * error or errno.
 */
[[gnu::warn_unused_result]] int page_tree_open(
    struct page_tree *p, MDB_env *mdb, uint64_t txn, page_tree_found_fn *found, void *arg);

/*
 * Does the same for the newest snapshot, which the transaction then reads. The roots of a snapshot, and its last page, are in
 * the file only until two newer commits; so nothing must have been read in the transaction yet. A commit becomes
 * visible in mdb_env_info() before it can be read, while its last page is being synced. EAGAIN: there are
 * newer commits all the time.
 */
[[gnu::warn_unused_result]] int page_tree_open_newest(
    struct page_tree *p, MDB_txn *txn, page_tree_found_fn *found, void *arg);

/* Checks the pages of all tables, and marks them in `reached`: also that their keys are in order, and that they have as
 * many pages and entries as LMDB has counted. 0; MDB_CORRUPTED; or errno. */
[[gnu::warn_unused_result]] int page_tree_check_tables(struct page_tree *p);

/* Checks all other pages, and marks them in `reached`. 0; MDB_CORRUPTED; or errno. */
[[gnu::warn_unused_result]] int page_tree_check(struct page_tree *p);

/* Checks the pages that lead to a key of a table. 0; MDB_CORRUPTED; or errno. */
[[gnu::warn_unused_result]] int page_tree_check_path(
    struct page_tree *p, enum table table, struct slice key);

bool page_tree_is_reached(const struct page_tree *p, size_t page);

void page_tree_close(struct page_tree *p);

/* Checks the first page of each table: LMDB ends the process if it changes one that is damaged. Nobody may write
 * meanwhile. 0; MDB_CORRUPTED; another LMDB error or errno. */
[[gnu::warn_unused_result]] int page_tree_check_roots(MDB_env *mdb);

/* page_tree_open() alone, for the newest snapshot; other processes may write meanwhile. */
[[gnu::warn_unused_result]] int page_tree_check_main(MDB_env *mdb);

#endif
