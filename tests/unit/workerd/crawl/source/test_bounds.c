/*
 * How much a hostile site can have a crawl remember.
 */
#include <stdio.h>
#include <string.h>

#include "proto/base/basics.h"
#include "tests/unit/unit.h"
#include "workerd/crawl/document/document.h"
#include "workerd/crawl/source/block_counts.h"

#define PAGES_MAX 10000 /* of a source */

/* Adds a page whose address has so many bytes. */
static struct page *
add_page(struct page_set *pages, size_t i, size_t size)
{
	char url[2049];
	int n = snprintf(url, sizeof(url), "https://shop.example/%zu/", i);

	memset(url + n, 'x', sizeof(url) - (size_t)n);
	return page_set_add(pages,
	    &(struct msg_source_page_record){
		.v = RECORD_VERSION, .id = id_new(), .url = {(const uint8_t *)url, size}});
}

TEST(a_source_has_room_for_10000_pages_of_usual_addresses)
{
	struct page_set *pages = page_set_new();

	for (size_t i = 0; i < PAGES_MAX; i++) {
		assert_true(page_set_has_room(pages));
		add_page(pages, i, 150);
	}
	page_set_free(pages);
}

TEST(a_source_has_no_room_for_as_many_long_addresses)
{
	struct page_set *pages = page_set_new();
	size_t n = 0;

	while (n < PAGES_MAX && page_set_has_room(pages))
		add_page(pages, n++, 2048);
	assert_true(n > 3000 && n < 4500);
	page_set_free(pages);
}

/* A document of blocks that no other one has. */
static struct document *
document_of(size_t number, size_t n)
{
	struct document doc = {.title = slice_str("")};
	struct buf blocks, bytes;
	char text[64];

	doc.detail = doc.language = doc.canonical = doc.links = doc.title;
	buf_init(&blocks, DOCUMENT_MAX);
	buf_init(&bytes, DOCUMENT_MAX);
	for (size_t i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "block %zu of page %zu", i, number);
		assert_int_equal(document_add_block(&blocks,
				     &(struct block){.kind = BLOCK_PARAGRAPH,
					 .anchor = slice_str(""),
					 .text = slice_str(text)}),
		    0);
	}
	doc.blocks = buf_slice(&blocks);
	assert_int_equal(document_encode(&doc, &bytes), 0);
	buf_clear(&blocks);
	return document_decode(&bytes);
}

TEST(the_blocks_of_a_source_take_at_most_8_mib)
{
	struct page_set *pages = page_set_new();
	struct block_counts *counts = block_counts_new();
	size_t noted = 0;

	for (size_t i = 0; i < 100; i++) {
		struct document *doc = document_of(i, 5000);
		struct page *page = add_page(pages, i, 100);

		block_counts_add(counts, page, doc);
		noted += page->n_blocks * sizeof(*page->blocks);
		document_free(doc);
	}
	assert_true(block_counts_bytes(counts) + noted <= (size_t)8 << 20);
	block_counts_free(counts);
	page_set_free(pages);
}

TEST_MAIN(NULL, NULL)
