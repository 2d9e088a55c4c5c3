/*
 * What a visit without a new text means for a page. Errors keep the last good text; what the site forbids, and what is
 * the same as another page, is dropped.
 */
#include <stdio.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/utf8.h"
#include "workerd/crawl/source/crawl_internal.h"
#include "workerd/crawl/source/freshness.h"

#define FAILURES_MAX 10 /* in a row, of a site that does not answer: the crawl ends */

/* Begins the record of a page that was visited now. */
static struct msg_source_page_record
crawl_judge_begin(struct page *page)
{
	struct msg_source_page_record r = page_record(page);

	page->visited = true;
	page->again = false;
	r.fetched_at = clock_wall_after(r.fetched_at);
	return r;
}

static void
crawl_judge_schedule(struct crawl *c, struct msg_source_page_record *r, bool changed)
{
	r->interval_s = freshness_interval(r->interval_s, changed, c->source.interval_minutes);
	r->next_at = r->fetched_at + r->interval_s * UINT64_C(1000);
}

static void
crawl_judge_store(struct crawl *c, struct page *page, const struct msg_source_page_record *r,
    bool remove_text)
{
	page_update(page, r);
	crawl_put_record(c, page, remove_text);
}

/* A failure of the whole site: the others would fail, too, and each may take 30 s. */
static bool
crawl_judge_counts(enum page_reason reason, int status)
{
	return reason == REASON_NETWORK || reason == REASON_TIMEOUT || status == 429 ||
	    status >= 500;
}

void
crawl_judge_failure(
    struct crawl *c, struct page *page, enum page_reason reason, const char *detail, int status)
{
	struct msg_source_page_record r = crawl_judge_begin(page);

	/* One that fails for long is asked for less often. */
	if (r.reason != REASON_NONE)
		r.interval_s =
		    freshness_interval(r.interval_s, false, c->source.interval_minutes);
	r.reason = (uint8_t)reason;
	r.detail = utf8_prefix(slice_str(detail), URL_MAX);
	/* Nobody has said that it is still missing. */
	r.missing_since = 0;
	if (r.state != PAGE_READ)
		r.state = PAGE_UNREAD;
	r.next_at = r.fetched_at + freshness_retry(r.interval_s) * UINT64_C(1000);
	c->failures = crawl_judge_counts(reason, status) ? c->failures + 1 : 0;
	crawl_judge_store(c, page, &r, false);
	if (c->failures >= FAILURES_MAX)
		c->gives_up = true;
}

void
crawl_judge_unchanged(struct crawl *c, struct page *page, const struct visit_version *version)
{
	struct msg_source_page_record r = crawl_judge_begin(page);

	c->failures = 0;
	c->counted_read++;
	/* An unchanged text that was cut still lacks its end. */
	if (r.state == PAGE_READ && !slice_eq_str(r.detail, CRAWL_TEXT_CUT)) {
		r.reason = REASON_NONE;
		r.detail = (struct slice){0};
	}
	r.missing_since = 0;
	r.lastmod = page->lastmod != 0 ? page->lastmod : r.lastmod;
	if (version != NULL) {
		r.etag = slice_str(version->etag);
		r.last_modified = slice_str(version->last_modified);
	}
	crawl_judge_schedule(c, &r, false);
	crawl_judge_store(c, page, &r, false);
}

void
crawl_judge_missing(struct crawl *c, struct page *page, const char *detail)
{
	struct msg_source_page_record r = crawl_judge_begin(page);

	c->failures = 0;
	if (r.missing_since == 0)
		r.missing_since = r.fetched_at;
	r.reason = REASON_STATUS;
	r.detail = slice_str(detail);
	if (r.state != PAGE_READ)
		r.state = PAGE_UNREAD;
	r.next_at = r.fetched_at + CRAWL_DAY_MS;
	crawl_judge_store(c, page, &r, false);
}

/* Another page has its content. A text of its own stays until it is known how many are lost (crawl_pages.c): a site may
 * show one page in place of all others for a while. */
void
crawl_judge_superseded(struct crawl *c, struct page *page, const struct page *by)
{
	struct msg_source_page_record r;

	if (page->state != PAGE_READ) {
		crawl_judge_dropped(c, page, REASON_DUPLICATE, by->url);
		return;
	}
	r = crawl_judge_begin(page);
	c->failures = 0;
	crawl_judge_schedule(c, &r, r.reason != REASON_DUPLICATE);
	r.reason = REASON_DUPLICATE;
	r.detail = slice_str(by->url);
	r.missing_since = 0;
	r.etag = r.last_modified = (struct slice){0};
	crawl_judge_store(c, page, &r, false);
}

void
crawl_judge_dropped(
    struct crawl *c, struct page *page, enum page_reason reason, const char *detail)
{
	struct msg_source_page_record r = crawl_judge_begin(page);
	bool changed = r.state == PAGE_READ;

	c->failures = 0;
	r.state = PAGE_UNREAD;
	r.reason = (uint8_t)reason;
	r.detail = utf8_prefix(slice_str(detail), URL_MAX);
	r.missing_since = 0;
	r.hash = (struct hash256){{0}};
	r.etag = r.last_modified = (struct slice){0};
	crawl_judge_schedule(c, &r, changed);
	crawl_judge_store(c, page, &r, true);
}
