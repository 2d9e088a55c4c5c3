/*
 * An array of pages, and a hash table of their places, keyed with a random key: a site chooses its addresses.
 */
#include "workerd/crawl/source/page_set.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "workerd/crawl/document/document.h"

#define RECORD_MAX 8192 /* as in SOURCE_PAGE_PUT */

static size_t all_bytes; /* of all sets */

struct page_set {
	struct page **at;
	size_t n, room;
	size_t added;        /* bytes of all pages, as they were added */
	size_t bytes;        /* as they are now */
	struct page **table; /* open addressing; NULL: unused */
	size_t slots;        /* a power of two, at least twice n */
	uint8_t key[32];
};

struct page_set *
page_set_new(void)
{
	struct page_set *p = xcalloc(1, sizeof(*p));

	secret_random(p->key, sizeof(p->key));
	p->slots = 64;
	p->table = xcalloc(p->slots, sizeof(struct page *));
	return p;
}

void
page_drop_document(struct page *page)
{
	if (page->document != NULL)
		document_free(page->document);
	page->document = NULL;
}

static size_t
page_bytes(const struct page *page)
{
	return sizeof(*page) + strlen(page->url) + buf_len(&page->record);
}

static void
page_set_count_bytes(struct page_set *p, size_t more, size_t less)
{
	p->bytes += more - less;
	all_bytes += more - less;
}

static void
page_free(struct page *page)
{
	page_drop_document(page);
	buf_clear(&page->record);
	free(page->blocks);
	free(page->url);
	free(page);
}

void
page_set_free(struct page_set *p)
{
	for (size_t i = 0; i < p->n; i++)
		page_free(p->at[i]);
	all_bytes -= p->bytes;
	free(p->at);
	free(p->table);
	free(p);
}

size_t
page_set_count(const struct page_set *p)
{
	return p->n;
}

bool
page_set_has_room(const struct page_set *p)
{
	return p->added < PAGE_SET_BYTES_MAX;
}

size_t
page_set_bytes(const struct page_set *p)
{
	return p->bytes;
}

size_t
page_sets_bytes_held(void)
{
	return all_bytes;
}

struct page *
page_set_at(const struct page_set *p, size_t i)
{
	must(i < p->n);
	return p->at[i];
}

/* The slot of an address, or the unused one where it would be. */
static size_t
page_set_slot(const struct page_set *p, struct slice url)
{
	size_t i = secret_keyed_hash(p->key, url) & (p->slots - 1);

	while (p->table[i] != NULL && !slice_eq_str(url, p->table[i]->url))
		i = (i + 1) & (p->slots - 1);
	return i;
}

struct page *
page_set_find(const struct page_set *p, struct slice url)
{
	return p->table[page_set_slot(p, url)];
}

/* Fills a table of this size. */
static void
page_set_index(struct page_set *p, size_t slots)
{
	free(p->table);
	p->slots = slots;
	p->table = xcalloc(slots, sizeof(struct page *));
	for (size_t i = 0; i < p->n; i++)
		p->table[page_set_slot(p, slice_str(p->at[i]->url))] = p->at[i];
}

static bool
page_is_part(const struct msg_source_page_record *r)
{
	return r->reason == REASON_NONE && r->detail.len > 0 && r->url.len > r->detail.len &&
	    r->url.p[r->detail.len] == '#' && memcmp(r->url.p, r->detail.p, r->detail.len) == 0;
}

void
page_update(struct page *page, const struct msg_source_page_record *record)
{
	struct buf encoded;

	/* The record may be the old one, with slices of it. */
	buf_init(&encoded, RECORD_MAX);
	must(record_encode(&encoded, MSG_SOURCE_PAGE_RECORD, record) == 0);
	if (page->set != NULL)
		page_set_count_bytes(page->set, buf_len(&encoded), buf_len(&page->record));
	buf_clear(&page->record);
	page->record = encoded;
	page->fetched_at = record->fetched_at;
	page->next_at = record->next_at;
	page->hash = record->hash;
	page->state = record->state;
	page->reason = record->reason;
	page->part = page_is_part(record);
}

struct msg_source_page_record
page_record(const struct page *page)
{
	struct msg_source_page_record record;

	must(record_decode(buf_slice(&page->record), MSG_SOURCE_PAGE_RECORD, &record) ==
	    WIRE_OK);
	return record;
}

struct page *
page_set_add(struct page_set *p, const struct msg_source_page_record *record)
{
	struct page *page = xcalloc(1, sizeof(*page));

	page->id = record->id;
	page->url = slice_strdup(record->url);
	page_update(page, record);
	page->set = p;
	page_set_count_bytes(p, page_bytes(page), 0);
	p->added += page_bytes(page);
	if (p->n == p->room) {
		p->room = p->room == 0 ? 32 : 2 * p->room;
		p->at = xreallocarray(p->at, p->room, sizeof(struct page *));
	}
	p->at[p->n++] = page;
	if (2 * p->n > p->slots)
		page_set_index(p, 2 * p->slots);
	else
		p->table[page_set_slot(p, record->url)] = page;
	return page;
}

struct page *
page_set_with_text(
    const struct page_set *p, const struct hash256 *hash, const struct page *other)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->at[i] != other && p->at[i]->state == PAGE_READ &&
		    p->at[i]->reason != REASON_DUPLICATE && hash_equal(&p->at[i]->hash, hash) &&
		    !p->at[i]->removed && page_record(p->at[i]).missing_since == 0)
			return p->at[i];
	return NULL;
}
