/*
 * Accounts for the pages of the file: two meta pages, the pages of every tree (tables, list of
 * tables, list of free pages), and the listed free pages. Together these must be all pages: a page
 * in no list is lost forever, a page in two lists, or that two others lead to, will be overwritten.
 */
#include "storaged/verify/verify_internal.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "storaged/engine/meta_page.h"
#include "storaged/engine/safe_read.h"

/* LMDB's own two trees (mdb.c, FREE_DBI and MAIN_DBI), readable like tables. */
#define FREE_TREE 0
#define MAIN_TREE 1

struct pages {
	struct checker *c;
	uint64_t used, free;
	uint8_t *is_free; /* a bit per page */
};

static bool
verify_page_is_table(struct slice name)
{
	for (enum table i = 0; i < TABLES; i++)
		if (slice_eq_str(name, table_name(i)))
			return true;
	return false;
}

/* Reports unknown tables in the list of tables. */
static int
verify_page_names(struct checker *c)
{
	MDB_cursor *cursor;
	MDB_val k, v;
	int rc = mdb_cursor_open(c->txn->mdb, MAIN_TREE, &cursor);

	if (rc != 0)
		return rc;
	while ((rc = safe_read_move(cursor, &k, &v, MDB_NEXT)) == 0) {
		struct slice name = {k.mv_data, k.mv_size};

		if (verify_page_is_table(name))
			continue;
		c->unknown_tables = true;
		verify_found(c, TABLE_META, "unknown table: \"%s\"", verify_name_text(name).s);
	}
	mdb_cursor_close(cursor);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static void
verify_page_add_free_page(struct pages *pages, size_t page)
{
	uint8_t *byte, bit = (uint8_t)(1u << page % 8);

	pages->free++;
	if (page < META_PAGES || page > pages->c->tree.last_page) {
		verify_found(pages->c, TABLE_META,
		    "page %zu is listed as free, but does not exist", page);
		return;
	}
	if (page_tree_is_reached(&pages->c->tree, page))
		verify_found(
		    pages->c, TABLE_META, "page %zu is in use, but listed as free", page);
	byte = &pages->is_free[page / 8];
	if (*byte & bit)
		verify_found(pages->c, TABLE_META, "page %zu is free twice", page);
	*byte |= bit;
}

/* An entry of the free list: a count, the page numbers, and possibly unused space (mdb.c,
 * MDB_IDL). */
static void
verify_page_add_free_list(struct pages *pages, MDB_val list)
{
	const uint8_t *at = list.mv_data;
	size_t n = 0, page;

	if (list.mv_size >= sizeof(n))
		memcpy(&n, at, sizeof(n));
	if (list.mv_size < sizeof(n) || n > list.mv_size / sizeof(page) - 1) {
		verify_found(pages->c, TABLE_META, "a list of free pages is too short");
		return;
	}
	for (size_t i = 1; i <= n; i++) {
		memcpy(&page, at + i * sizeof(page), sizeof(page));
		verify_page_add_free_page(pages, page);
	}
}

static int
verify_page_add_free_pages(struct pages *pages)
{
	MDB_cursor *cursor;
	MDB_val k, v;
	int rc = mdb_cursor_open(pages->c->txn->mdb, FREE_TREE, &cursor);

	if (rc != 0)
		return rc;
	while ((rc = safe_read_move(cursor, &k, &v, MDB_NEXT)) == 0)
		verify_page_add_free_list(pages, v);
	mdb_cursor_close(cursor);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static void
verify_found_page(void *arg, size_t page, const char *what)
{
	verify_found(arg, TABLE_META, "page %zu %s", page, what);
}

/* Reports pages that do not belong where they are. */
static int
verify_page_trees(struct checker *c)
{
	int rc;

	c->tree.found = verify_found_page;
	c->tree.arg = c;
	rc = page_tree_check(&c->tree);
	return rc == MDB_CORRUPTED ? 0 : rc;
}

int
verify_pages(struct checker *c)
{
	struct pages pages = {.c = c};
	uint64_t all = (uint64_t)c->tree.last_page + 1;
	int rc = verify_page_names(c);

	if (rc == 0)
		rc = verify_page_trees(c);
	if (rc != 0 || c->unknown_tables)
		return rc;
	pages.is_free = xcalloc(c->tree.last_page / 8 + 1, 1);
	rc = env_used_pages(c->txn->env, c->txn->mdb, &pages.used);
	if (rc == 0)
		rc = verify_page_add_free_pages(&pages);
	free(pages.is_free);
	if (rc == 0 && pages.used + pages.free != all)
		verify_found(c, TABLE_META,
		    "the file has %llu pages, but %llu in use and %llu free ones",
		    (unsigned long long)all, (unsigned long long)pages.used,
		    (unsigned long long)pages.free);
	return rc;
}
