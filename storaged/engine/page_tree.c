/*
 * The layout of LMDB's file: mdb.c of version 0.9, MDB_meta, MDB_db, MDB_page and MDB_node. All numbers are in
 * the machine's byte order, and 64 bits wide where LMDB has size_t.
 */
#include "storaged/engine/page_tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "storaged/engine/meta_page.h"

/* Of a page's header (mp_flags). */
#define PAGE_BRANCH   0x01
#define PAGE_LEAF     0x02
#define PAGE_OVERFLOW 0x04
#define PAGE_KINDS    (PAGE_BRANCH | PAGE_LEAF | PAGE_OVERFLOW | 0x08 | 0x20 | 0x40)

/* Of a node of a leaf (mn_flags): the value has pages of its own, or is the root of a table. */
#define NODE_LARGE 0x01
#define NODE_TREE  0x02

/* LMDB's limits (mdb.c, CURSOR_STACK and MDB_MAXKEYSIZE). */
#define DEPTH_MAX    32u
#define KEY_SIZE_MAX 511u

struct page_header {
	uint64_t number;
	uint16_t pad, flags;
	union {
		struct {
			uint16_t lower,
			    upper; /* the ends of the list of nodes, and of the free space */
		};
		uint32_t pages; /* of a large value */
	};
};

struct node_header {
	uint16_t low, high, flags, key_size;
};

/* A node within a page. */
struct page_node {
	struct node_header header;
	const uint8_t *key, *value;
};

/* A page on the way down. */
struct page_level {
	uint8_t *page;
	size_t next, n; /* nodes: to be visited; all */
};

/* The pages from the root of a tree to where a walk is. */
struct page_walk {
	size_t depth;
	struct page_level levels[DEPTH_MAX];
	/* Keys must be behind this one, or, behind the key of a branch, may be equal to it. */
	uint8_t key[KEY_SIZE_MAX];
	size_t key_size;
	bool has_key, may_be_equal;
	uint64_t entries;
};

const char page_tree_damage[] =
    "a page has the number of another page, or two others lead to it";
const char page_tree_main_damage[] = "the list of all tables is damaged";
const char page_tree_root_damage[] = "the first page of a table is damaged";

static void
page_tree_fault(struct page_tree *p, size_t page, const char *what)
{
	p->faults++;
	if (p->found != NULL)
		p->found(p->arg, page, what);
}

static int
page_tree_result(const struct page_tree *p, int rc)
{
	return rc != 0 ? rc : p->faults > 0 ? MDB_CORRUPTED : 0;
}

/* How long to retry the snapshot while commits come in between; each try may fail by chance. */
#define SNAPSHOT_MS 10000

/* The bytes of a page; those behind the end of the file are zeros. 0 or errno. */
static int
page_tree_read(const struct page_tree *p, size_t page, uint8_t *bytes)
{
	size_t have = 0;

	while (have < p->page_size) {
		ssize_t n = pread(p->fd, bytes + have, p->page_size - have,
		    (off_t)(page * p->page_size + have));

		if (n == -1 && errno != EINTR)
			return errno;
		if (n == 0)
			break;
		have += n > 0 ? (size_t)n : 0;
	}
	memset(bytes + have, 0, p->page_size - have);
	return 0;
}

bool
page_tree_is_reached(const struct page_tree *p, size_t page)
{
	return page <= p->last_page && (p->reached[page / 8] >> page % 8 & 1) != 0;
}

/* False, after a report: there can be no such page. */
static bool
page_tree_exists(struct page_tree *p, size_t page)
{
	if (page >= META_PAGES && page <= p->last_page)
		return true;
	page_tree_fault(p, page, "is in use, but does not exist");
	return false;
}

/* False, after a report: the page cannot exist, or is used already. */
static bool
page_tree_reach(struct page_tree *p, size_t page)
{
	if (!page_tree_exists(p, page))
		return false;
	if (page_tree_is_reached(p, page)) {
		page_tree_fault(p, page, "is in use twice");
		return false;
	}
	p->reached[page / 8] |= (uint8_t)(1u << page % 8);
	p->n_reached++;
	return true;
}

/* The header of a page of this kind; false after a report. */
static bool
page_tree_header(struct page_tree *p, size_t page, const uint8_t *bytes, unsigned kind,
    struct page_header *h)
{
	memcpy(h, bytes, sizeof(*h));
	if (h->number != page) {
		page_tree_fault(p, page, "has the number of another page");
		return false;
	}
	if ((h->flags & PAGE_KINDS) != kind) {
		page_tree_fault(p, page, "is of the wrong type");
		return false;
	}
	return true;
}

static bool
page_tree_node(
    const struct page_tree *p, const uint8_t *bytes, size_t i, struct page_node *node)
{
	uint16_t at;

	memcpy(&at, bytes + sizeof(struct page_header) + i * sizeof(at), sizeof(at));
	if (at > p->page_size - sizeof(node->header))
		return false;
	memcpy(&node->header, bytes + at, sizeof(node->header));
	node->key = bytes + at + sizeof(node->header);
	node->value = node->key + node->header.key_size;
	return node->value <= bytes + p->page_size;
}

static size_t
page_tree_child(const struct page_node *node)
{
	return node->header.low | (size_t)node->header.high << 16 |
	    (size_t)node->header.flags << 32;
}

/* Reads a page of a tree and checks it. A wrong one has no nodes. 0 or errno. */
static int
page_tree_enter(struct page_tree *p, struct page_level *level, size_t page, unsigned kind)
{
	struct page_header h;
	struct page_node node;
	int rc = page_tree_read(p, page, level->page);

	level->next = level->n = 0;
	if (rc != 0 || !page_tree_header(p, page, level->page, kind, &h))
		return rc;
	if (h.lower < sizeof(h) || h.lower > h.upper || h.upper > p->page_size) {
		page_tree_fault(p, page, "has an invalid list of entries");
		return 0;
	}
	level->n = (h.lower - sizeof(h)) / sizeof(uint16_t);
	for (size_t i = 0; i < level->n; i++)
		if (!page_tree_node(p, level->page, i, &node) ||
		    node.key < level->page + h.upper + sizeof(node.header)) {
			page_tree_fault(p, page, "has an invalid list of entries");
			level->n = 0;
		}
	return 0;
}

/* The pages of a large value. If the transaction that wrote it had written a larger one before, there are more
 * than it needs (mdb.c, mdb_cursor_put()). */
static int
page_tree_visit_large(struct page_tree *p, const struct page_node *node)
{
	size_t size = node->header.low | (size_t)node->header.high << 16, first;
	size_t pages = (sizeof(struct page_header) + size - 1) / p->page_size + 1;
	uint8_t *bytes = p->buffers + DEPTH_MAX * p->page_size;
	struct page_header h;
	int rc;

	memcpy(&first, node->value, sizeof(first));
	if (!page_tree_reach(p, first))
		return 0;
	rc = page_tree_read(p, first, bytes);
	if (rc != 0 || !page_tree_header(p, first, bytes, PAGE_OVERFLOW, &h))
		return rc;
	if (h.pages < pages)
		page_tree_fault(p, first, "is shorter than its value");
	for (size_t i = 1; i < h.pages && page_tree_reach(p, first + i); i++)
		;
	return 0;
}

static struct page_tree_root
page_tree_root_of(const struct tree_record *record)
{
	return (struct page_tree_root){
	    .page = record->root,
	    .depth = record->depth,
	    .flags = record->flags,
	    .pages = record->branch_pages + record->leaf_pages + record->overflow_pages,
	    .entries = record->entries,
	};
}

/* Notes where a table begins. */
static void
page_tree_add_table(struct page_tree *p, const struct page_node *node)
{
	const struct slice name = {node->key, node->header.key_size};
	struct page_tree_root *root = &p->tables[p->n];
	struct tree_record record;

	if (p->n == TABLES_MAX)
		return;
	memcpy(&record, node->value, sizeof(record));
	*root = page_tree_root_of(&record);
	p->n++;
	for (enum table i = 0; i < TABLES; i++)
		if (slice_eq_str(name, table_name(i)))
			p->table[i] = root;
}

/* An entry of a leaf. */
static int
page_tree_visit(struct page_tree *p, const uint8_t *page, const struct page_node *node)
{
	size_t room = (size_t)(page + p->page_size - node->value);
	size_t size = node->header.low | (size_t)node->header.high << 16;
	bool large = node->header.flags & NODE_LARGE, tree = node->header.flags & NODE_TREE;

	if (room < (large ? sizeof(size_t) : size) ||
	    (tree && size != sizeof(struct tree_record))) {
		memcpy(&size, page, sizeof(size));
		page_tree_fault(p, size, "has an invalid entry");
		return 0;
	}
	if (tree)
		page_tree_add_table(p, node);
	return large ? page_tree_visit_large(p, node) : 0;
}

static unsigned
page_tree_kind(const struct page_tree_root *tree, size_t level)
{
	return level + 1 == tree->depth ? PAGE_LEAF : PAGE_BRANCH;
}

/* Goes down to a page that was not visited before; else the level stays empty. 0 or errno. */
static int
page_tree_descend(
    struct page_tree *p, const struct page_tree_root *tree, struct page_walk *w, size_t page)
{
	struct page_level *l = &w->levels[w->depth++];

	*l = (struct page_level){.page = p->buffers + (w->depth - 1) * p->page_size};
	if (!page_tree_reach(p, page))
		return 0;
	return page_tree_enter(p, l, page, page_tree_kind(tree, w->depth - 1));
}

/* Whether a key comes after those before it, in LMDB's order (mdb.c, mdb_cmp_memn()); it is the next one's lower
 * bound. */
static bool
page_tree_is_next_key(struct page_walk *w, const struct page_node *node, bool of_leaf)
{
	size_t size = node->header.key_size, common = size < w->key_size ? size : w->key_size;
	int order = common == 0 ? 0 : memcmp(node->key, w->key, common);
	bool behind = order > 0 || (order == 0 && size > w->key_size);
	bool equal = order == 0 && size == w->key_size;

	if (size > sizeof(w->key) ||
	    (w->has_key && !behind && !(equal && of_leaf && w->may_be_equal)))
		return false;
	memcpy(w->key, node->key, size);
	w->key_size = size;
	w->has_key = true;
	w->may_be_equal = !of_leaf;
	return true;
}

/* Checks the order of a node that the walk reaches. LMDB ignores the first key of a branch. */
static void
page_tree_check_order(
    struct page_tree *p, struct page_walk *w, const struct page_node *node, bool of_leaf)
{
	const struct page_level *l = &w->levels[w->depth - 1];
	size_t page;

	if (p->at->flags != 0 || (!of_leaf && l->next == 1))
		return;
	if (page_tree_is_next_key(w, node, of_leaf))
		return;
	memcpy(&page, l->page, sizeof(page));
	page_tree_fault(p, page, "has a key that is out of order");
}

/* After a walk. What a wrong page has and leads to is not counted. */
static void
page_tree_check_counts(struct page_tree *p, uint64_t pages, uint64_t entries)
{
	if (p->at->entries != entries)
		page_tree_fault(
		    p, p->at->page, "is the root of a tree with another number of entries");
	if (p->at->pages != pages)
		page_tree_fault(
		    p, p->at->page, "is the root of a tree with another number of pages");
}

static int
page_tree_walk_from(struct page_tree *p, const struct page_tree_root *tree)
{
	struct page_walk w = {.depth = 0};
	struct page_node node;
	size_t before = p->n_reached;
	bool of_leaf;
	int rc = page_tree_descend(p, tree, &w, tree->page);

	while (rc == 0 && w.depth > 0) {
		struct page_level *l = &w.levels[w.depth - 1];

		if (l->next == l->n) {
			w.depth--;
			continue;
		}
		must(page_tree_node(p, l->page, l->next++, &node));
		of_leaf = w.depth == tree->depth;
		page_tree_check_order(p, &w, &node, of_leaf);
		w.entries += of_leaf;
		rc = of_leaf ? page_tree_visit(p, l->page, &node)
			     : page_tree_descend(p, tree, &w, page_tree_child(&node));
	}
	if (rc == 0)
		page_tree_check_counts(p, p->n_reached - before, w.entries);
	return rc;
}

/* Whether a tree has pages, as its record says; reports an impossible one. */
static bool
page_tree_has_pages(struct page_tree *p, const struct page_tree_root *tree)
{
	if (tree->page == PAGE_TREE_EMPTY && tree->depth == 0 && tree->pages == 0 &&
	    tree->entries == 0)
		return false;
	if (tree->flags != 0 && tree != &p->free) {
		page_tree_fault(p, tree->page, "is the root of a tree of an unknown kind");
		return false;
	}
	if (tree->depth >= 1 && tree->depth <= DEPTH_MAX)
		return true;
	page_tree_fault(p, tree->page, "is the root of a tree of an impossible depth");
	return false;
}

static int
page_tree_walk(struct page_tree *p, const struct page_tree_root *tree)
{
	p->at = tree;
	return page_tree_has_pages(p, tree) ? page_tree_walk_from(p, tree) : 0;
}

static int
page_tree_read_meta(struct page_tree *p, MDB_env *mdb, uint64_t txn)
{
	struct meta_page meta;
	MDB_stat stat;
	int rc = mdb_env_stat(mdb, &stat);

	if (rc == 0)
		rc = mdb_env_get_fd(mdb, &p->fd);
	if (rc != 0)
		return rc;
	p->page_size = stat.ms_psize;
	if (!meta_page_read(p->fd, p->page_size, txn % META_PAGES, &meta))
		return MDB_CORRUPTED;
	if (meta.txn != txn)
		return EAGAIN;
	p->last_page = meta.last_page;
	p->free = page_tree_root_of(&meta.free);
	p->main = page_tree_root_of(&meta.main);
	return 0;
}

int
page_tree_open(
    struct page_tree *p, MDB_env *mdb, uint64_t txn, page_tree_found_fn *found, void *arg)
{
	int rc;

	*p = (struct page_tree){.found = found, .arg = arg};
	rc = page_tree_read_meta(p, mdb, txn);
	if (rc != 0)
		return rc;
	p->reached = xcalloc(p->last_page / 8 + 1, 1);
	p->buffers = xcalloc(DEPTH_MAX + 1, p->page_size);
	return page_tree_result(p, page_tree_walk(p, &p->main));
}

int
page_tree_open_newest(struct page_tree *p, MDB_txn *txn, page_tree_found_fn *found, void *arg)
{
	MDB_env *mdb = mdb_txn_env(txn);
	const struct timespec nap = {.tv_nsec = 1000000};
	uint64_t deadline = clock_mono_ms() + SNAPSHOT_MS;
	MDB_envinfo info;

	for (;;) {
		int rc = page_tree_open(p, mdb, mdb_txn_id(txn), found, arg);
		int failed = mdb_env_info(mdb, &info);

		if (failed != 0 || info.me_last_txnid == mdb_txn_id(txn))
			return failed != 0 ? failed : rc;
		page_tree_close(p);
		if (clock_mono_ms() >= deadline)
			return EAGAIN;
		(void)nanosleep(&nap, NULL);
		mdb_txn_reset(txn);
		rc = mdb_txn_renew(txn);
		if (rc != 0)
			return rc;
	}
}

int
page_tree_check_tables(struct page_tree *p)
{
	int rc = 0;

	for (size_t i = 0; i < p->n && rc == 0; i++)
		rc = page_tree_walk(p, &p->tables[i]);
	return page_tree_result(p, rc);
}

int
page_tree_check(struct page_tree *p)
{
	int rc = page_tree_walk(p, &p->free);

	if (rc == 0)
		rc = page_tree_check_tables(p);
	return page_tree_result(p, rc == MDB_CORRUPTED ? 0 : rc);
}

/* LMDB's order of keys (mdb.c, mdb_cmp_memn()). */
static bool
page_tree_is_at_or_before(const struct page_node *node, struct slice key)
{
	size_t len = node->header.key_size < key.len ? node->header.key_size : key.len;
	int order = len == 0 ? 0 : memcmp(node->key, key.p, len);

	return order < 0 || (order == 0 && node->header.key_size <= key.len);
}

/* The child of a branch page that leads to a key. The first one has no lower bound. */
static size_t
page_tree_child_for(const struct page_tree *p, const struct page_level *level, struct slice key)
{
	struct page_node node;
	size_t low = 0, high = level->n;

	while (high - low > 1) {
		size_t middle = (low + high) / 2;

		must(page_tree_node(p, level->page, middle, &node));
		if (page_tree_is_at_or_before(&node, key))
			low = middle;
		else
			high = middle;
	}
	must(page_tree_node(p, level->page, low, &node));
	return page_tree_child(&node);
}

int
page_tree_check_path(struct page_tree *p, enum table table, struct slice key)
{
	const struct page_tree_root *tree = p->table[table];
	struct page_level level = {.page = p->buffers};
	size_t page;
	int rc = 0;

	if (tree == NULL || !page_tree_has_pages(p, tree))
		return page_tree_result(p, 0);
	page = tree->page;
	for (size_t i = 0; i < tree->depth && rc == 0 && page_tree_exists(p, page); i++) {
		rc = page_tree_enter(p, &level, page, page_tree_kind(tree, i));
		if (level.n == 0)
			break;
		page = i + 1 < tree->depth ? page_tree_child_for(p, &level, key) : page;
	}
	return page_tree_result(p, rc);
}

void
page_tree_close(struct page_tree *p)
{
	free(p->reached);
	free(p->buffers);
	p->reached = p->buffers = NULL;
}

static int
page_tree_check_main_of(MDB_env *mdb, uint64_t txn)
{
	struct page_tree p;
	int rc = page_tree_open(&p, mdb, txn, NULL, NULL);

	page_tree_close(&p);
	return rc;
}

int
page_tree_check_main(MDB_env *mdb)
{
	MDB_envinfo info;
	uint64_t txn;
	int rc, result;

	rc = mdb_env_info(mdb, &info);
	/* A newer commit may have overwritten what was read. */
	do {
		if (rc != 0)
			return rc;
		txn = info.me_last_txnid;
		result = page_tree_check_main_of(mdb, txn);
		rc = mdb_env_info(mdb, &info);
	} while (rc != 0 || info.me_last_txnid != txn);
	return result;
}

static int
page_tree_check_root(struct page_tree *p, const struct page_tree_root *tree)
{
	struct page_level level = {.page = p->buffers};

	if (!page_tree_has_pages(p, tree) || !page_tree_exists(p, tree->page))
		return 0;
	return page_tree_enter(p, &level, tree->page, page_tree_kind(tree, 0));
}

int
page_tree_check_roots(MDB_env *mdb)
{
	struct page_tree p;
	MDB_envinfo info;
	int rc = mdb_env_info(mdb, &info);

	if (rc != 0)
		return rc;
	rc = page_tree_open(&p, mdb, info.me_last_txnid, NULL, NULL);
	for (size_t i = 0; i < p.n && rc == 0; i++)
		rc = page_tree_check_root(&p, &p.tables[i]);
	rc = page_tree_result(&p, rc);
	page_tree_close(&p);
	return rc;
}
