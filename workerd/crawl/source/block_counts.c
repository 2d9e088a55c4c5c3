/*
 * A block is known by 63 bits of its hash. The lowest bit of the number that a page notes says that the block was left
 * out.
 */
#include "workerd/crawl/source/block_counts.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "workerd/crawl/document/document.h"

#define BLOCKS_MAX   (1u << 17) /* different ones, in a source; others are not counted */
#define PAGE_MAX     5000       /* blocks of a page; the others are not counted */
#define NOTED_MAX    (1u << 18) /* by pages, in a source; further ones are not looked at again */
#define FREQUENT_MIN 3
#define SHARE        5 /* a fifth */
#define SAME         4 /* of 5 blocks: nearly the same text */
#define SAME_OF      5
#define LEFT_OUT     UINT64_C(1)

struct block_count {
	uint64_t key; /* 0: unused */
	uint32_t pages;
};

struct block_counts {
	struct block_count *table; /* open addressing; the keys are parts of hashes already */
	size_t slots, n;
	size_t pages;
	size_t noted; /* numbers that pages hold */
};

struct block_counts *
block_counts_new(void)
{
	struct block_counts *c = xcalloc(1, sizeof(*c));

	c->slots = 1024;
	c->table = xcalloc(c->slots, sizeof(*c->table));
	return c;
}

void
block_counts_free(struct block_counts *c)
{
	free(c->table);
	free(c);
}

static uint64_t
block_counts_key(const struct block *block)
{
	struct hash256 hash = document_block_hash(block);
	uint64_t key;

	memcpy(&key, hash.b, sizeof(key));
	key &= ~LEFT_OUT;
	return key == 0 ? 2 : key;
}

static struct block_count *
block_counts_slot(const struct block_counts *c, uint64_t key)
{
	size_t i = (key >> 1) & (c->slots - 1);

	while (c->table[i].key != 0 && c->table[i].key != key)
		i = (i + 1) & (c->slots - 1);
	return &c->table[i];
}

static void
block_counts_grow(struct block_counts *c)
{
	struct block_counts larger = *c;

	larger.slots = 2 * c->slots;

	larger.table = xcalloc(larger.slots, sizeof(*larger.table));
	for (size_t i = 0; i < c->slots; i++)
		if (c->table[i].key != 0)
			*block_counts_slot(&larger, c->table[i].key) = c->table[i];
	free(c->table);
	*c = larger;
}

static void
block_counts_count(struct block_counts *c, uint64_t key)
{
	struct block_count *count = block_counts_slot(c, key);

	if (count->key == 0) {
		if (c->n == BLOCKS_MAX)
			return;
		count->key = key;
		c->n++;
	}
	count->pages++;
	if (2 * c->n > c->slots)
		block_counts_grow(c);
}

static int
block_counts_compare(const void *a, const void *b)
{
	uint64_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return x < y ? -1 : x > y;
}

/* The different blocks of a document; the caller frees them. */
static uint64_t *
block_counts_collect(const struct document *doc, size_t *n)
{
	uint64_t *keys = xcalloc(PAGE_MAX, sizeof(*keys));
	struct document_walk walk;
	size_t all = 0;

	document_walk_init(&walk, doc);
	while (all < PAGE_MAX && document_walk_next(&walk))
		if (walk.block.kind != BLOCK_HEADING)
			keys[all++] = block_counts_key(&walk.block);
	qsort(keys, all, sizeof(*keys), block_counts_compare);
	*n = 0;
	for (size_t i = 0; i < all; i++)
		if (i == 0 || keys[i] != keys[i - 1])
			keys[(*n)++] = keys[i];
	return xreallocarray(keys, *n == 0 ? 1 : *n, sizeof(*keys));
}

void
block_counts_add(struct block_counts *c, struct page *page, const struct document *doc)
{
	if (page->blocks != NULL)
		return;
	page->blocks = block_counts_collect(doc, &page->n_blocks);
	for (size_t i = 0; i < page->n_blocks; i++)
		block_counts_count(c, page->blocks[i]);
	c->pages++;
	if (c->noted + page->n_blocks > NOTED_MAX) {
		page->n_blocks = 0;
		page->blocks = xreallocarray(page->blocks, 1, sizeof(*page->blocks));
	}
	c->noted += page->n_blocks;
}

bool
block_counts_are_of(const struct document *doc, const struct page *page)
{
	size_t n, i = 0, common = 0;
	uint64_t *keys;

	if (page->n_blocks == 0)
		return false;
	keys = block_counts_collect(doc, &n);
	for (size_t k = 0; k < n; k++) {
		while (i < page->n_blocks && (page->blocks[i] & ~LEFT_OUT) < keys[k])
			i++;
		common += i < page->n_blocks && (page->blocks[i] & ~LEFT_OUT) == keys[k];
	}
	free(keys);
	return n > 0 && common * SAME_OF >= n * SAME;
}

size_t
block_counts_bytes(const struct block_counts *c)
{
	return sizeof(*c) + c->slots * sizeof(*c->table);
}

size_t
block_counts_pages(const struct block_counts *c)
{
	return c->pages;
}

static bool
block_counts_frequent(const struct block_counts *c, uint64_t key)
{
	const struct block_count *count = block_counts_slot(c, key);

	return count->key != 0 && count->pages >= FREQUENT_MIN &&
	    (size_t)count->pages * SHARE > c->pages;
}

bool
block_counts_drops(const struct block_counts *c, const struct block *block)
{
	return block->kind != BLOCK_HEADING &&
	    block_counts_frequent(c, block_counts_key(block));
}

void
block_counts_note(const struct block_counts *c, struct page *page)
{
	for (size_t i = 0; i < page->n_blocks; i++) {
		page->blocks[i] &= ~LEFT_OUT;
		if (block_counts_frequent(c, page->blocks[i]))
			page->blocks[i] |= LEFT_OUT;
	}
}

bool
block_counts_differ(const struct block_counts *c, const struct page *page)
{
	for (size_t i = 0; i < page->n_blocks; i++)
		if (block_counts_frequent(c, page->blocks[i] & ~LEFT_OUT) !=
		    ((page->blocks[i] & LEFT_OUT) != 0))
			return true;
	return false;
}
