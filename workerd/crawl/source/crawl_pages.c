/*
 * Reading the pages that the store has, adding new ones, and removing those that are gone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "workerd/crawl/source/crawl_internal.h"

#define LIST_MAX   500
#define PAGES_MAX  10000u
#define RECORD_MAX 8192

/* A crawl that would remove more than one in so many pages waits for the owner. */
#define REMOVED_SHARE 3

bool
crawl_is_gone(const struct msg_source_page_record *r)
{
	if (r->missing_since == 0)
		return false;
	return slice_eq_str(r->detail, "410") ||
	    r->fetched_at >= r->missing_since + CRAWL_DAY_MS;
}

static void
crawl_on_pages(void *arg, uint16_t type, const union msg *m)
{
	struct crawl *c = arg;
	struct slice list, item;

	if (crawl_refused(c, type, m, 0)) {
		crawl_go_on(c);
		return;
	}
	list = m->source_pages.pages;
	while (wire_list_next(&list, &item)) {
		struct msg_source_page_record r;
		struct page *page;

		if (record_decode(item, MSG_SOURCE_PAGE_RECORD, &r) != WIRE_OK ||
		    memchr(r.url.p, '\0', r.url.len) != NULL ||
		    page_set_find(c->pages, r.url) != NULL)
			continue;
		page = page_set_add(c->pages, &r);
		page->stored = true;
		/* An interrupted crawl continues. */
		page->visited =
		    c->source.kind <= SOURCE_PAGE && r.fetched_at >= c->state.started_at;
	}
	c->cursor = m->source_pages.next;
	if (id_is_zero(&c->cursor))
		crawl_find_moved(c);
	if (id_is_zero(&c->cursor)) {
		c->phase = c->decided ? CRAWL_REMOVE
		    : c->source.kind == SOURCE_SITE || c->source.kind == SOURCE_PAGE
		    ? CRAWL_START
		    : CRAWL_UPLOADS;
		event_active(c->tools.loaded, EV_TIMEOUT, 0);
	}
	crawl_go_on(c);
}

void
crawl_step_load(struct crawl *c)
{
	crawl_call(c, MSG_SOURCE_PAGE_LIST,
	    &(struct msg_source_page_list){.org = c->source.org,
		.source = c->source.id,
		.cursor = c->cursor,
		.limit = LIST_MAX},
	    crawl_on_pages);
}

static size_t
crawl_pages_max(const struct crawl *c)
{
	return c->source.pages_max == 0 ? PAGES_MAX : c->source.pages_max;
}

struct page *
crawl_add_page(struct crawl *c, const char *url)
{
	struct msg_source_page_record r = {.v = RECORD_VERSION,
	    .id = id_new(),
	    .org = c->source.org,
	    .source = c->source.id,
	    .url = slice_str(url),
	    .state = PAGE_WAITING,
	    .language = c->source.language};
	struct page *page = page_set_find(c->pages, r.url);

	if (page != NULL)
		return page;
	if (page_set_count(c->pages) >= crawl_pages_max(c) || !page_set_has_room(c->pages)) {
		if (c->error[0] == '\0')
			snprintf(c->error, sizeof(c->error),
			    "the source has as many pages as it may have; others are left out");
		return NULL;
	}
	return page_set_add(c->pages, &r);
}

static void crawl_store_step(struct crawl *c);

static void
crawl_on_new(void *arg, uint16_t type, const union msg *m)
{
	struct crawl_put *put = arg;
	struct crawl *c = put->crawl;
	const unsigned expected = 1u << STORE_EXISTS | 1u << STORE_LIMIT;

	put->call = NULL;
	c->n_puts--;
	/* A page that the owner's other requests have added or made one too many is left to the next crawl. */
	if (type != MSG_ERROR || (expected & 1u << m->error.code) == 0)
		(void)crawl_check(c, type, m);
	put->page->stored = type == MSG_OK;
	put->page->visited |= type != MSG_OK;
	crawl_store_step(c);
}

static void
crawl_put_new(struct crawl *c, struct page *page)
{
	const struct msg_source_page_put m = {.page = buf_slice(&page->record)};
	struct crawl_put *put = c->puts;

	while (put->call != NULL)
		put++;
	*put = (struct crawl_put){.crawl = c, .page = page};
	put->call = store_call(c->tools.store, MSG_SOURCE_PAGE_PUT, &m, 0, crawl_on_new, put);
	if (put->call == NULL)
		crawl_lose(c);
	else
		c->n_puts++;
}

/* Stores the next new pages. One that was visited is stored with what that has brought. */
static void
crawl_store_step(struct crawl *c)
{
	while (c->new_at < page_set_count(c->pages) && c->n_puts < CRAWL_PUTS_MAX &&
	    c->phase != CRAWL_OVER) {
		struct page *page = page_set_at(c->pages, c->new_at++);

		if (!page->stored && page->fetched_at == 0)
			crawl_put_new(c, page);
	}
	if (c->phase != CRAWL_OVER && c->n_puts == 0)
		c->after_new(c);
}

void
crawl_store_new(struct crawl *c, void (*then)(struct crawl *c))
{
	crawl_wait(c);
	c->after_new = then;
	crawl_store_step(c);
}

static void
crawl_new_are_stored(struct crawl *c)
{
	c->at = 0;
	c->phase = CRAWL_PROBE;
	crawl_go_on(c);
}

void
crawl_step_new(struct crawl *c)
{
	crawl_store_new(c, crawl_new_are_stored);
}

static void
crawl_on_put(void *arg, uint16_t type, const union msg *m)
{
	struct crawl *c = arg;
	/* STALE: the owner has removed it meanwhile, with its text. */
	const unsigned expected = 1u << STORE_EXISTS | 1u << STORE_LIMIT | 1u << STORE_STALE;

	if (!crawl_refused(c, type, m, expected))
		c->page->stored = true;
	crawl_go_on(c);
}

static void
crawl_put_now(struct crawl *c)
{
	crawl_call(c, MSG_SOURCE_PAGE_PUT,
	    &(struct msg_source_page_put){
		.page = buf_slice(&c->page->record), .text = c->remove_text},
	    crawl_on_put);
}

void
crawl_put_record(struct crawl *c, struct page *page, bool remove_text)
{
	c->page = page;
	c->remove_text = remove_text;
	crawl_store_new(c, crawl_put_now);
}

/* Whether a page does not belong to the source any more. While the start cannot be read, nobody knows to which host it
 * leads: then the pages of other hosts stay. */
static bool
crawl_is_foreign(const struct crawl *c, const struct page *page)
{
	const struct page *start = page_set_find(c->pages, slice_str(c->site.start));
	bool known = start != NULL &&
	    (start->reason == REASON_NONE || start->reason == REASON_DUPLICATE);

	if ((c->source.kind != SOURCE_SITE && c->source.kind != SOURCE_PAGE) || page->part ||
	    site_has(&c->site, page->url))
		return false;
	return known || strncmp(page->url, "http", 4) != 0 ||
	    slice_eq(url_split(page->url).host, url_split(c->site.start).host);
}

/* Whether the content of a superseded page is lost: the page that has it now has no text, or that of another one, too. */
static bool
crawl_is_lost(const struct crawl *c, const struct page *page)
{
	struct page *by = page_set_find(c->pages, page_record(page).detail);
	bool lost = by == NULL || by->successor || by->state != PAGE_READ ||
	    by->reason == REASON_DUPLICATE;

	if (!lost)
		by->successor = true;
	return lost;
}

/* Marks what is to be removed: pages that are gone, or do not belong to the source any more, and their parts. If the
 * site is the cause, since its start leads to another host now, the latter count as gone. Returns whether more than the
 * share of the texts is gone. */
static bool
crawl_mark_gone(struct crawl *c)
{
	size_t texts = 0, lost = 0;

	for (size_t i = 0; i < page_set_count(c->pages); i++) {
		struct page *page = page_set_at(c->pages, i);
		struct msg_source_page_record r = page_record(page);
		bool foreign = crawl_is_foreign(c, page);

		page->foreign = foreign && c->changed;
		page->gone = crawl_is_gone(&r) || (foreign && !c->changed);
		page->superseded = page->state == PAGE_READ &&
		    page->reason == REASON_DUPLICATE && !page->gone && !page->foreign;
		c->n_gone += page->gone || page->superseded;
		texts += page->state == PAGE_READ && !page->part;
		lost += page->state == PAGE_READ &&
		    (page->gone || (page->superseded && crawl_is_lost(c, page)));
	}
	for (size_t i = 0; i < page_set_count(c->pages); i++) {
		struct page *part = page_set_at(c->pages, i);
		const struct page *whole;

		if (!part->part)
			continue;
		whole = page_set_find(c->pages, page_record(part).detail);
		part->gone = whole != NULL && (whole->gone || whole->superseded);
		/* Also of a document that may not be read any more. */
		part->foreign = whole == NULL || whole->foreign || whole->state == PAGE_UNREAD;
	}
	return lost * REMOVED_SHARE > texts;
}

/* Decides what happens with the pages that are gone. */
static void
crawl_plan_removal(struct crawl *c)
{
	bool many = crawl_mark_gone(c);

	c->planned = true;
	c->at = 0;
	c->keeps = c->decided && c->state.refused_at > c->state.allowed_at;
	c->waits = !c->decided && many;
	if (c->waits)
		c->state.removing = (uint32_t)c->n_gone;
}

static void
crawl_on_removed(void *arg, uint16_t type, const union msg *m)
{
	struct crawl *c = arg;

	/* The owner may have removed it, too. */
	if (crawl_refused(c, type, m, 1u << STORE_NOT_FOUND) && c->phase == CRAWL_OVER) {
		crawl_go_on(c);
		return;
	}
	c->page->removed = true;
	c->counted_removed++;
	crawl_go_on(c);
}

void
crawl_remove_page(struct crawl *c, struct page *page)
{
	c->page = page;
	crawl_call(c, MSG_SOURCE_PAGE_DELETE,
	    &(struct msg_source_page_delete){
		.org = c->source.org, .source = c->source.id, .page = page->id},
	    crawl_on_removed);
}

/* Another page has the content: the text is dropped. */
static void
crawl_drop_text(struct crawl *c, struct page *page)
{
	struct msg_source_page_record r = page_record(page);

	r.state = PAGE_UNREAD;
	r.hash = (struct hash256){{0}};
	page_update(page, &r);
	crawl_put_record(c, page, true);
}

/* The owner keeps a page: it has to be missing for another day before it counts as gone. */
static void
crawl_keep_page(struct crawl *c, struct page *page)
{
	struct msg_source_page_record r = page_record(page);

	r.missing_since = 0;
	if (page->superseded) {
		r.reason = REASON_NONE;
		r.detail = (struct slice){0};
	}
	page_update(page, &r);
	crawl_put_record(c, page, false);
}

void
crawl_step_remove(struct crawl *c)
{
	if (!c->planned)
		crawl_plan_removal(c);
	while (c->at < page_set_count(c->pages)) {
		struct page *page = page_set_at(c->pages, c->at++);

		if (page->removed || (!page->gone && !page->foreign && !page->superseded))
			continue;
		if (page->superseded && !c->keeps && !c->waits) {
			crawl_drop_text(c, page);
			return;
		}
		if (page->foreign || (!c->keeps && !c->waits)) {
			crawl_remove_page(c, page);
			return;
		}
		if (c->keeps && !page->part) {
			crawl_keep_page(c, page);
			return;
		}
	}
	c->phase = CRAWL_END;
}
