/*
 * What a document means for its page: whether its text is new, the same as before, or that of another page.
 *
 * A new text is held until the blocks of BLOCK_COUNTS_SAMPLE pages are counted, or no more pages are due (then further
 * pages are read as a sample), so that also the first pages lack what the site repeats. Nothing of a held page is
 * stored before, so a crawl that is killed visits it again.
 */
#include <stdio.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/utf8.h"
#include "workerd/crawl/document/document.h"
#include "workerd/crawl/source/crawl_internal.h"
#include "workerd/crawl/source/freshness.h"

/* The page to which a chain of duplicates leads; NULL: to none, or back to the page itself. */
static struct page *
crawl_text_end_of_chain(const struct crawl *c, struct page *target, const struct page *page)
{
	for (unsigned i = 0; i < REDIRECTS_MAX && target != NULL && target != page; i++) {
		if (target->reason != REASON_DUPLICATE)
			return target;
		target = page_set_find(c->pages, page_record(target).detail);
	}
	return NULL;
}

/* The page that the document names as canonical, if that may have its text. */
static struct page *
crawl_text_canonical(struct crawl *c, struct page *page, const struct document *doc)
{
	char canonical[URL_MAX + 1];
	struct page *target;

	if (c->source.kind != SOURCE_SITE || doc->canonical.len == 0 ||
	    url_normalize(doc->canonical, page->url, canonical) != 0 ||
	    strcmp(canonical, page->url) == 0 || !site_has(&c->site, canonical) ||
	    !site_is_page(canonical))
		return NULL;
	target = crawl_text_end_of_chain(c, crawl_add_page(c, canonical), page);
	if (target == NULL || target->reason == REASON_STATUS ||
	    target->reason == REASON_ROBOTS || target->reason == REASON_NOINDEX)
		return NULL;
	return target;
}

/* Whether the page was stored as a duplicate of that one, which nobody has asked to look at again. A page that keeps its
 * text until the owner decides is looked at again. */
static bool
crawl_text_is_known_duplicate(
    const struct crawl *c, const struct page *page, const struct page *target)
{
	return !c->full && page->state != PAGE_READ && page->reason == REASON_DUPLICATE &&
	    target->state == PAGE_READ && slice_eq_str(page_record(page).detail, target->url);
}

/* Reads the page that this one names as canonical first, unless its text is known; and then this one again. Once, since it
 * may fail, and in no circle. */
static bool
crawl_text_waits_for(struct crawl *c, struct page *page, struct page *target)
{
	if (target == NULL || crawl_text_is_known_duplicate(c, page, target) || page->waited ||
	    target->blocks != NULL || target->waits_for != NULL || c->phase == CRAWL_START)
		return false;
	page->waited = page->again = target->again = c->waiting = true;
	page->waits_for = target;
	return true;
}

/* Whether the page is a duplicate of the one that it names as canonical: most of its text is there. Many sites name their
 * start on all pages by mistake. */
static bool
crawl_text_is_duplicate(const struct crawl *c, const struct page *page,
    const struct page *target, const struct document *doc)
{
	if (target == NULL || target->state != PAGE_READ)
		return false;
	if (target->blocks == NULL)
		return crawl_text_is_known_duplicate(c, page, target);
	return block_counts_are_of(doc, target);
}

static void
crawl_text_add_links(struct crawl *c, struct slice links, const char *base)
{
	struct slice link;
	char url[URL_MAX + 1];

	while (document_next_link(&links, &link))
		if (url_normalize(link, base, url) == 0 &&
		    page_set_find(c->pages, slice_str(url)) == NULL &&
		    site_has(&c->site, url) && site_is_page(url))
			(void)crawl_add_page(c, url);
}

/* Sitemaps may name the pages instead. */
static void
crawl_text_keep_links(struct crawl *c, struct slice links)
{
	struct slice link;

	while (
	    document_next_link(&links, &link) && document_add_link(&c->start_links, link) == 0)
		continue;
}

/* Adds the pages that the document links to, unless sitemaps name the pages. */
static void
crawl_text_take_links(struct crawl *c, const struct page *page, const struct document *doc)
{
	if (c->source.kind != SOURCE_SITE || c->listed > 0 || c->nofollow || doc->nofollow)
		return;
	if (c->phase == CRAWL_START)
		crawl_text_keep_links(c, doc->links);
	else
		crawl_text_add_links(c, doc->links, page->url);
}

void
crawl_take_start_links(struct crawl *c)
{
	if (c->listed == 0)
		crawl_text_add_links(c, buf_slice(&c->start_links), c->site.start);
	buf_clear(&c->start_links);
}

static bool
crawl_text_is_missing(
    const struct crawl *c, const struct page *page, const struct hash256 *hash)
{
	return !hash_is_zero(&c->missing_text) && hash_equal(&c->missing_text, hash) &&
	    strcmp(page->url, c->site.start) != 0 && strcmp(page->url, c->site.moved) != 0;
}

/* Changes the record to that of a page with this text, and holds the text. */
static void
crawl_text_hold(
    struct crawl *c, struct page *page, struct document *doc, const struct hash256 *hash)
{
	struct msg_source_page_record r = page_record(page);
	bool changed = !hash_equal(&r.hash, hash);

	r.fetched_at = clock_wall_after(r.fetched_at);
	if (changed)
		r.changed_at = r.fetched_at;
	r.state = PAGE_READ;
	r.reason = REASON_NONE;
	r.detail = (struct slice){0};
	r.title = doc->title;
	r.type = slice_str(c->type);
	r.etag = slice_str(c->version.etag);
	r.last_modified = slice_str(c->version.last_modified);
	r.lastmod = page->lastmod != 0 ? page->lastmod : r.lastmod;
	r.hash = *hash;
	r.missing_since = 0;
	/* A page that is stored again unchanged keeps its interval. */
	if (changed || r.interval_s == 0)
		r.interval_s =
		    freshness_interval(r.interval_s, changed, c->source.interval_minutes);
	r.next_at = r.fetched_at + r.interval_s * UINT64_C(1000);
	page_update(page, &r);
	page->document = doc;
	c->held_pages[c->held++] = page;
	c->held_bytes += buf_len(&doc->bytes);
}

void
crawl_take_document(struct crawl *c, struct page *page, struct document *doc)
{
	struct hash256 hash = document_hash(doc);
	struct page *canonical = crawl_text_canonical(c, page, doc);
	const struct page *same;
	struct msg_source_page_record r = page_record(page);
	char detail[URL_MAX + 1];

	c->failures = 0;
	if (doc->reason != REASON_NONE) {
		snprintf(detail, sizeof(detail), "%.*s", (int)doc->detail.len,
		    (const char *)doc->detail.p);
		crawl_judge_failure(c, page, doc->reason, detail, 200);
	} else if (doc->noindex)
		crawl_judge_dropped(c, page, REASON_NOINDEX, "meta robots");
	else if (crawl_text_waits_for(c, page, canonical)) {
		document_free(doc);
		crawl_go_on(c);
		return;
	} else if (crawl_text_is_duplicate(c, page, canonical, doc))
		crawl_judge_superseded(c, page, canonical);
	else if (crawl_text_is_missing(c, page, &hash))
		crawl_judge_missing(c, page, "the page that the site shows for missing ones");
	else if ((same = page_set_with_text(c->pages, &hash, page)) != NULL &&
	    c->source.kind == SOURCE_SITE) {
		crawl_text_take_links(c, page, doc);
		crawl_judge_superseded(c, page, same);
	} else {
		block_counts_add(c->blocks, page, doc);
		crawl_text_take_links(c, page, doc);
		if (!page->rewrite && page->state == PAGE_READ &&
		    hash_equal(&page->hash, &hash) && slice_eq(r.title, doc->title))
			crawl_judge_unchanged(c, page, &c->version);
		else {
			page->visited = true;
			page->again = page->rewrite = false;
			c->counted_read++;
			c->counted_changed++;
			crawl_text_hold(c, page, doc, &hash);
			crawl_go_on(c);
			return;
		}
	}
	document_free(doc);
	extraction_pool_run(c->tools.extraction);
}
