/*
 * The meta pages: the first two pages of LMDB's file. A commit writes to them in turn where its trees begin, so one
 * has the newest state and the other the state before. LMDB checks them only when it opens a file, and believes
 * what it reads from them later: with a page of zeros it ends the process. It opens no file without both.
 */
#ifndef STORAGED_ENGINE_META_PAGE_H
#define STORAGED_ENGINE_META_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lmdb.h>

#define META_PAGES 2

struct tree_record {
	uint32_t pad; /* of the tree of free pages: the size of a page */
	uint16_t flags, depth;
	uint64_t branch_pages, leaf_pages, overflow_pages, entries, root;
};

struct meta_page {
	uint64_t number;
	uint16_t pad, flags;
	uint32_t unused, magic, version;
	uint64_t address, map_size;
	struct tree_record free, main;
	uint64_t last_page, txn;
};

/* Reason for env_found_damage(). */
extern const char meta_page_damage[];

/* Reads one of the two. False: it is not what LMDB writes, or cannot be read. */
[[gnu::warn_unused_result]] bool meta_page_read(
    int fd, size_t page_size, size_t page, struct meta_page *meta);

/*
 * Whether the page that LMDB takes for the newest one, of the transaction txn, is intact; both: and the other one,
 * which the next commit changes. Other processes may write meanwhile. 0, MDB_CORRUPTED or another LMDB error.
 */
[[gnu::warn_unused_result]] int meta_page_check(MDB_env *mdb, uint64_t txn, bool both);

/* Whether both are intact and have consecutive numbers. With a wrong number, LMDB may take the older state for the newest
 * one, without its last commit. Other processes may write meanwhile. 0, MDB_CORRUPTED or another LMDB error. */
[[gnu::warn_unused_result]] int meta_page_check_numbers(MDB_env *mdb);

/* Reads the newest of the intact ones from a file that LMDB may refuse to open. n: how many are intact. False:
 * none is. */
[[gnu::warn_unused_result]] bool meta_page_find(int fd, struct meta_page *meta, unsigned *n);

#endif
