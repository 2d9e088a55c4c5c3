/*
 * The pages of a source while it is crawled: their records as the store has them, or will have them, by address.
 */
#ifndef WORKERD_CRAWL_SOURCE_PAGE_SET_H
#define WORKERD_CRAWL_SOURCE_PAGE_SET_H

#include "proto/ipc/messages.h"

struct page_set;
struct document;

/* What the crawl knows of a page. The record's parts that it looks at often are copied here. */
struct page {
	struct page_set *set; /* NULL: it is not in one yet */
	struct id id;
	char *url;
	struct buf record; /* SOURCE_PAGE_RECORD, encoded */
	uint64_t fetched_at, next_at;
	struct hash256 hash;
	uint8_t state, reason;
	uint64_t lastmod; /* that a sitemap gives; 0: none */
	bool stored;      /* the store has it */
	bool visited;     /* in this crawl */
	bool part;        /* a further part of a long document, whose address its detail has */
	bool again;       /* to be fetched once more, whatever the known version is */
	bool rewrite;     /* and to be stored also if it is unchanged */
	struct page *waits_for; /* its canonical page, which is to be read before; NULL: none */
	bool waited;            /* that has happened in this crawl */
	bool noted;             /* its text was stored in this crawl: see block_counts.h */
	bool gone, foreign;     /* to be removed: missing, or outside of the source */
	bool superseded; /* another page has its content now: its text is to be dropped */
	bool successor;  /* it has the content of a page that is superseded */
	bool removed;    /* the store does not have it any more */
	struct document *document; /* read, and not put yet; NULL: none */
	uint64_t *blocks;          /* of its text: see block_counts.h */
	size_t n_blocks;
};

/* 10,000 pages of usual addresses need a third of it. Afterwards, a record may grow by 3 KB. */
#define PAGE_SET_BYTES_MAX ((size_t)16 << 20)

/* All sets in this process should have less: see crawl.h. */
#define PAGE_SETS_BYTES_MAX ((size_t)192 << 20)

struct page_set *page_set_new(void);
void page_set_free(struct page_set *p);

size_t page_set_count(const struct page_set *p);

/* Whether a page may be added: its addresses are a site's. */
bool page_set_has_room(const struct page_set *p);

/* Bytes of its pages, without their documents and blocks; and of all sets in this process. */
size_t page_set_bytes(const struct page_set *p);
size_t page_sets_bytes_held(void);

/* The i-th page; a new one is the last. */
struct page *page_set_at(const struct page_set *p, size_t i);

struct page *page_set_find(const struct page_set *p, struct slice url);

/* Adds a page by its record, whose address must be new. */
struct page *page_set_add(struct page_set *p, const struct msg_source_page_record *record);

/* Replaces a page's record, whose id and address stay. */
void page_update(struct page *page, const struct msg_source_page_record *record);

/* The record; its slices are valid until it is replaced. */
struct msg_source_page_record page_record(const struct page *page);

/* A page, other than this one, that was read and has this text, and is not missing now; NULL: none. */
struct page *page_set_with_text(
    const struct page_set *p, const struct hash256 *hash, const struct page *other);

void page_drop_document(struct page *page);

#endif
