/*
 * Two walks over the whole store: over its pages, without LMDB, and over its entries, with LMDB.
 */
#include "storaged/cli/store/store_damage.h"

#include "storaged/engine/page_tree.h"

struct store_damage {
	struct page_tree tree;
	store_damage_fn *found;
	void *arg;
};

/* A table of another schema is not known here. */
static void
store_damage_found_page(void *arg, size_t page, const char *what)
{
	const struct store_damage *d = arg;

	for (enum table i = 0; i < TABLES; i++)
		if (d->tree.table[i] == d->tree.at)
			d->found(d->arg, i, page, what);
}

int
store_damage_check_pages(struct txn *t, store_damage_fn *found, void *arg)
{
	struct store_damage d = {.found = found, .arg = arg};
	int rc = page_tree_open_newest(&d.tree, t->mdb, NULL, NULL);

	d.tree.found = store_damage_found_page;
	d.tree.arg = &d;
	if (rc == 0) {
		rc = page_tree_check_tables(&d.tree);
		rc = rc == MDB_CORRUPTED ? 0 : rc;
	}
	page_tree_close(&d.tree);
	return rc;
}

int
store_damage_count_entries(struct txn *t, enum table table, uint64_t *damaged)
{
	const struct key all = {0};
	struct walk w;
	int rc = walk_open(&w, t, table, &all);

	*damaged = 0;
	if (rc == 0)
		rc = walk_from(&w, &all);
	for (; rc == 0; rc = walk_next(&w))
		*damaged += w.damaged || !key_fits(table, w.key);
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}
