/*
 * Counts on how many of a source's pages each block of text appears, so that what a site repeats everywhere is left out
 * of its pages: those on over a fifth, and at least on three.
 *
 * The counts live as long as a crawl. They are of the pages that it reads, of which there are at least
 * BLOCK_COUNTS_SAMPLE, if the source has so many, before a text is stored (crawl_text.c).
 */
#ifndef WORKERD_CRAWL_SOURCE_BLOCK_COUNTS_H
#define WORKERD_CRAWL_SOURCE_BLOCK_COUNTS_H

#include "workerd/crawl/source/page_set.h"

#define BLOCK_COUNTS_SAMPLE 20

struct block;
struct block_counts;

struct block_counts *block_counts_new(void);
void block_counts_free(struct block_counts *c);

/* Counts the blocks of a page's document, unless that was done before, and notes them with the page. */
void block_counts_add(struct block_counts *c, struct page *page, const struct document *doc);

/* Bytes of memory, without what pages have noted. */
size_t block_counts_bytes(const struct block_counts *c);

/* The number of pages that were counted. */
size_t block_counts_pages(const struct block_counts *c);

/* Whether at least four fifths of a document's blocks are on a page whose blocks are counted. */
bool block_counts_are_of(const struct document *doc, const struct page *page);

/* Whether a block is left out; headings never are, since they say where a text belongs. */
bool block_counts_drops(const struct block_counts *c, const struct block *block);

/* Notes which blocks of a page are left out now, when its text is put; and whether that would be different by now. */
void block_counts_note(const struct block_counts *c, struct page *page);
bool block_counts_differ(const struct block_counts *c, const struct page *page);

#endif
