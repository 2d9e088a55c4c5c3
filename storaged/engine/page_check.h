/*
 * Checks that find a damaged page of the file before LMDB spreads the damage. LMDB 0.9 trusts the
 * page number in a page's header: when it changes a page, it frees the number that it finds there.
 * A page of zeros so frees page 0, the meta page, and a later commit overwrites it; then the whole
 * store is lost.
 *
 * A page can be reused from the second commit after the one that freed it (mdb.c,
 * mdb_find_oldest()). So it is enough to check after each commit which pages it freed, and to write
 * nothing more if one of them cannot be right. Lookups compare a page's header with its place.
 *
 * One thread only, like the whole environment.
 */
#ifndef STORAGED_ENGINE_PAGE_CHECK_H
#define STORAGED_ENGINE_PAGE_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include <lmdb.h>

/* page_check.c's own. All zero before the first check. */
struct page_check {
	MDB_txn *reader; /* renewed for each check; NULL before the first */
	MDB_cursor *freed;
	uint64_t last_txn;    /* the newest commit whose freed pages were checked */
	uint64_t freed_pages; /* by the commits since the first check */
	uintptr_t map;        /* where page 0 lies in memory; 0: unknown */
	size_t map_size;      /* bytes */
	size_t page_size;     /* a power of two */
	int page_shift;
};

/*
 * Checks the pages that the commits since the last check have freed; the first time, all free
 * pages. To be called after each commit, while no transaction runs. 0; MDB_CORRUPTED if a page
 * cannot be free: one of the meta pages, one behind the end of the file, one that is free twice
 * (page_check_damage says so); or another LMDB error.
 */
extern const char page_check_damage[];
[[gnu::warn_unused_result]] int page_check_freed(struct page_check *check, MDB_env *mdb);

/* Whether the bytes that a lookup returned lie in a page whose header has the number of its place,
 * and do not reach beyond that page. True if they do not lie in the file, and before the first
 * check. */
bool page_check_holds(const struct page_check *check, const MDB_val *found);

/* To be called when LMDB moves the file to another place in memory. */
void page_check_moved(struct page_check *check);

/* Frees everything; does nothing before the first check. Before the environment is closed. */
void page_check_clear(struct page_check *check);

#endif
