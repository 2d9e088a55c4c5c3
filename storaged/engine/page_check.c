/*
 * The layout of LMDB's pages and of its list of free pages: mdb.c, MDB_page and MDB_IDL.
 */
#include "storaged/engine/page_check.h"

#include <string.h>

#include "storaged/engine/meta_page.h"
#include "storaged/engine/safe_read.h"

/* LMDB's tree of free pages (mdb.c, FREE_DBI): the number of a commit, and the pages it freed. Only
 * read transactions can open it. */
#define FREE_TREE 0

/* In the header of the first of several pages that hold one value (mdb.c, P_OVERFLOW). */
#define PAGE_LARGE_VALUE 0x04

/* The header of a page (mdb.c, MDB_page). */
struct page_header {
	size_t number;
	uint16_t pad, flags;
	uint32_t pages; /* of a large value */
};

const char page_check_damage[] = "the list of free pages has a page that is in use";

/* The header of the page in which an address lies. */
static struct page_header
page_header_of(const struct page_check *check, const void *within)
{
	const uint8_t *at = within;
	struct page_header header;

	memcpy(&header, at - ((uintptr_t)at & (check->page_size - 1)), sizeof(header));
	return header;
}

/* The place of page 0 in memory, from an address in any page. A wrong header gives a wrong place, and
 * lookups then fail: the store is damaged in fact. */
static void
page_check_find_map(struct page_check *check, const void *within)
{
	uintptr_t page = (uintptr_t)within & ~(uintptr_t)(check->page_size - 1);

	check->map = page - page_header_of(check, within).number * check->page_size;
}

/* An entry of the list of free pages: a count *n, the page numbers from the last to the first, and perhaps
 * unused space. Whether it is valid. */
static bool
page_check_entry(MDB_val entry, size_t last_page, size_t *n)
{
	const uint8_t *at = entry.mv_data;
	size_t page, before = last_page + 1;

	if (entry.mv_size < sizeof(*n))
		return false;
	memcpy(n, at, sizeof(*n));
	if (*n > entry.mv_size / sizeof(page) - 1)
		return false;
	for (size_t i = 1; i <= *n; i++) {
		memcpy(&page, at + i * sizeof(page), sizeof(page));
		if (page < META_PAGES || page >= before)
			return false;
		before = page;
	}
	return true;
}

/* The reader and its cursor are kept between checks: renewing them allocates nothing. */
static int
page_check_begin(struct page_check *check, MDB_env *mdb)
{
	int rc;

	if (check->reader != NULL) {
		rc = mdb_txn_renew(check->reader);
		return rc != 0 ? rc : mdb_cursor_renew(check->reader, check->freed);
	}
	rc = mdb_txn_begin(mdb, NULL, MDB_RDONLY, &check->reader);
	return rc != 0 ? rc : mdb_cursor_open(check->reader, FREE_TREE, &check->freed);
}

/* Reads the list from its newest entry to those that were checked before. */
static int
page_check_list(struct page_check *check, size_t last_page)
{
	uint64_t txn, newest = check->last_txn;
	size_t n;
	MDB_cursor_op op = MDB_LAST;
	MDB_val k, v;
	int rc;

	for (; (rc = safe_read_move(check->freed, &k, &v, op)) == 0; op = MDB_PREV) {
		if (k.mv_size != sizeof(txn) || !page_check_entry(v, last_page, &n))
			return MDB_CORRUPTED;
		memcpy(&txn, k.mv_data, sizeof(txn));
		if (check->map == 0)
			page_check_find_map(check, v.mv_data);
		if (txn <= check->last_txn)
			break;
		newest = txn > newest ? txn : newest;
		if (check->last_txn != 0)
			check->freed_pages += n;
	}
	check->last_txn = newest;
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
page_check_freed(struct page_check *check, MDB_env *mdb)
{
	MDB_envinfo info;
	MDB_stat stat;
	int rc = page_check_begin(check, mdb);

	if (rc == 0)
		rc = mdb_env_info(mdb, &info);
	if (rc == 0)
		rc = mdb_env_stat(mdb, &stat);
	if (rc == 0) {
		check->map_size = info.me_mapsize;
		check->page_size = stat.ms_psize;
		check->page_shift = __builtin_ctz(stat.ms_psize);
		rc = page_check_list(check, info.me_last_pgno);
	}
	if (check->reader != NULL)
		mdb_txn_reset(check->reader);
	return rc;
}

bool
page_check_holds(const struct page_check *check, const MDB_val *found)
{
	uintptr_t at = (uintptr_t)found->mv_data - check->map;
	struct page_header header;
	size_t within = at & (check->page_size - 1), size;

	/* An empty value may be at the end of its page. */
	if (check->map == 0 || at >= check->map_size || found->mv_size == 0)
		return true;
	header = page_header_of(check, found->mv_data);
	size = header.flags & PAGE_LARGE_VALUE ? header.pages * check->page_size
					       : check->page_size;
	return header.number == (at - within) >> check->page_shift &&
	    found->mv_size <= size - within;
}

void
page_check_moved(struct page_check *check)
{
	check->map = 0;
}

void
page_check_clear(struct page_check *check)
{
	if (check->freed != NULL)
		mdb_cursor_close(check->freed);
	if (check->reader != NULL)
		mdb_txn_abort(check->reader);
	*check = (struct page_check){0};
}
