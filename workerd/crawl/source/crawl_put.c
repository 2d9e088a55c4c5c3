/*
 * Storing texts. A page's chunks are one request, so that a page has its old text or its new one. A text that is too
 * long for that is cut, or split into further pages whose addresses lead into the document (report.pdf#page=41); these
 * are stored first, so that an interrupted crawl repeats all of them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "workerd/crawl/chunks.h"
#include "workerd/crawl/source/crawl_internal.h"

#define CHUNKS_BYTES_MAX 786432u /* as in SOURCE_PAGE_PUT */
#define PARTS_MAX        64

struct crawl_part {
	struct buf chunks;
	size_t n; /* chunks */
	char url[URL_MAX + 1];
};

struct crawl_parts {
	struct crawl_part at[PARTS_MAX];
	size_t n;
	size_t next; /* the one that is stored next; the first one is the last */
	size_t look; /* index of the page to look at for an old part */
	bool cut;
};

static void crawl_put_step(struct crawl *c);

void
crawl_parts_free(struct crawl *c)
{
	if (c->parts == NULL)
		return;
	for (size_t i = 0; i < c->parts->n; i++)
		buf_clear(&c->parts->at[i].chunks);
	free(c->parts);
	c->parts = NULL;
}

static bool
crawl_put_drops(void *arg, const struct block *block)
{
	struct crawl *c = arg;

	return c->source.kind != SOURCE_FILES && block_counts_drops(c->blocks, block);
}

/* Begins a part, whose address has the place of its first chunk. False: there are too many. */
static bool
crawl_put_begin_part(
    struct crawl_parts *parts, const struct page *page, const struct msg_chunk_record *chunk)
{
	struct crawl_part *part = &parts->at[parts->n];
	bool taken = chunk->anchor.len == 0;
	int n;

	if (parts->n == PARTS_MAX)
		return false;
	buf_init(&part->chunks, CHUNKS_BYTES_MAX);
	if (parts->n == 0)
		n = snprintf(part->url, sizeof(part->url), "%s", page->url);
	else
		n = snprintf(part->url, sizeof(part->url), "%s#%.*s", page->url,
		    (int)chunk->anchor.len, (const char *)chunk->anchor.p);
	/* Two parts of one place. */
	for (size_t i = 0; i < parts->n; i++)
		taken = taken || strcmp(part->url, parts->at[i].url) == 0;
	if (parts->n > 0 && taken)
		n = snprintf(
		    part->url, sizeof(part->url), "%s#part=%zu", page->url, parts->n + 1);
	if (n < 0 || (size_t)n >= sizeof(part->url))
		return false;
	parts->n++;
	return true;
}

/* Adds a chunk to the last part. False: there is none, or it is full. */
static bool
crawl_put_add_to_last(struct crawl_parts *parts, const struct msg_chunk_record *chunk)
{
	struct crawl_part *part;

	if (parts->n == 0)
		return false;
	part = &parts->at[parts->n - 1];
	if (part->n == PAGE_CHUNKS_MAX ||
	    record_add(&part->chunks, MSG_CHUNK_RECORD, chunk) != 0)
		return false;
	part->n++;
	return true;
}

/* Adds a chunk to the last part, or to a new one. False: the text is cut here. */
static bool
crawl_put_add_chunk(struct crawl_parts *parts, const struct page *page, bool splits,
    const struct msg_chunk_record *chunk)
{
	if (crawl_put_add_to_last(parts, chunk))
		return true;
	if (parts->n > 0 && !splits)
		return false;
	return crawl_put_begin_part(parts, page, chunk) && crawl_put_add_to_last(parts, chunk);
}

/* Splits the document's text, and completes the page's record. */
static void
crawl_put_split(struct crawl *c, struct page *page)
{
	struct msg_source_page_record r = page_record(page);
	bool splits = !slice_eq_str(r.type, "text/html");
	struct chunks *chunks =
	    chunks_new(page->document, r.title, c->source.language, crawl_put_drops, c);
	struct msg_chunk_record chunk;

	c->parts = xcalloc(1, sizeof(*c->parts));
	while (!c->parts->cut && chunks_next(chunks, &chunk))
		c->parts->cut = !crawl_put_add_chunk(c->parts, page, splits, &chunk);
	/* Also a page of which nothing is left has a text, which is empty. */
	if (c->parts->n == 0)
		must(crawl_put_begin_part(c->parts, page, &(struct msg_chunk_record){0}));
	r.language = chunks_language(chunks);
	if (c->parts->cut) {
		r.reason = REASON_SIZE;
		r.detail = slice_str(CRAWL_TEXT_CUT);
	}
	page_update(page, &r);
	chunks_free(chunks);
	/* The parts have all of its text. */
	page_drop_document(page);
	extraction_pool_run(c->tools.extraction);
}

/* The text is stored. */
static void
crawl_put_end(struct crawl *c)
{
	block_counts_note(c->blocks, c->page);
	c->page->noted = true;
	crawl_parts_free(c);
	crawl_go_on(c);
}

static void
crawl_put_on_done(void *arg, uint16_t type, const union msg *m)
{
	struct crawl *c = arg;
	const unsigned expected = 1u << STORE_EXISTS | 1u << STORE_LIMIT | 1u << STORE_STALE;

	if (crawl_refused(c, type, m, expected) && c->phase == CRAWL_OVER) {
		crawl_go_on(c);
		return;
	}
	if (c->parts->next == 0)
		crawl_put_end(c);
	else
		crawl_put_step(c);
}

static void
crawl_put_part(struct crawl *c, const struct crawl_part *part, const struct page *page,
    const struct id *upload)
{
	crawl_call(c, MSG_SOURCE_PAGE_PUT,
	    &(struct msg_source_page_put){.page = buf_slice(&page->record),
		.text = 1,
		.chunks = buf_slice(&part->chunks),
		.upload = *upload},
	    crawl_put_on_done);
}

/* Stores a further part as a page of its own. */
static void
crawl_put_further(struct crawl *c, const struct crawl_part *part)
{
	static const struct id none;
	struct page *own = crawl_add_page(c, part->url);
	struct msg_source_page_record r, whole = page_record(c->page);

	if (own == NULL) {
		crawl_put_step(c);
		return;
	}
	r = page_record(own);
	whole.id = r.id;
	whole.url = slice_str(own->url);
	whole.reason = REASON_NONE;
	whole.detail = slice_str(c->page->url); /* by which it is known as a part */
	whole.upload = (struct id){{0}};
	whole.hash = secret_hash(buf_slice(&part->chunks));
	page_update(own, &whole);
	own->stored = own->visited = true;
	crawl_put_part(c, part, own, &none);
}

static bool
crawl_put_is_old_part(const struct crawl *c, const struct page *page)
{
	if (page->removed || !page->part ||
	    !slice_eq_str(page_record(page).detail, c->page->url))
		return false;
	for (size_t i = 1; i < c->parts->n; i++)
		if (strcmp(c->parts->at[i].url, page->url) == 0)
			return false;
	return true;
}

static void
crawl_put_on_removed(void *arg, uint16_t type, const union msg *m)
{
	struct crawl *c = arg;

	if (crawl_refused(c, type, m, 1u << STORE_NOT_FOUND) && c->phase == CRAWL_OVER)
		crawl_go_on(c);
	else
		crawl_put_step(c);
}

/* Removes a part that the document does not have any more; false: there is none. */
static bool
crawl_put_remove_old(struct crawl *c)
{
	while (c->parts->look < page_set_count(c->pages)) {
		struct page *page = page_set_at(c->pages, c->parts->look++);

		if (!crawl_put_is_old_part(c, page))
			continue;
		page->removed = true;
		crawl_call(c, MSG_SOURCE_PAGE_DELETE,
		    &(struct msg_source_page_delete){
			.org = c->source.org, .source = c->source.id, .page = page->id},
		    crawl_put_on_removed);
		return true;
	}
	return false;
}

/* What is to be done next: further parts, then old ones, then the page itself. */
static void
crawl_put_step(struct crawl *c)
{
	struct crawl_parts *parts = c->parts;
	struct id upload;

	if (++parts->next < parts->n) {
		crawl_put_further(c, &parts->at[parts->next]);
		return;
	}
	if (crawl_put_remove_old(c))
		return;
	parts->next = 0;
	upload = page_record(c->page).upload;
	crawl_put_part(c, &parts->at[0], c->page, &upload);
}

void
crawl_put_text(struct crawl *c, struct page *page)
{
	c->page = page;
	crawl_put_split(c, page);
	crawl_store_new(c, crawl_put_step);
}

void
crawl_step_put(struct crawl *c)
{
	if (c->put < c->held) {
		crawl_put_text(c, c->held_pages[c->put++]);
		return;
	}
	c->held = c->put = c->held_bytes = 0;
	c->phase = c->source.kind == SOURCE_SITE || c->source.kind == SOURCE_PAGE
	    ? CRAWL_VISIT
	    : CRAWL_UPLOADS;
}
