/*
 * Visiting pages: which ones are due, and what the responses mean.
 */
#include <stdio.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "workerd/crawl/source/crawl_internal.h"

/* visit_policy.follows: redirects stay on the source's site, except where the source begins, and for a single page. */
static bool
crawl_visit_follows(void *arg, const char *url)
{
	struct crawl *c = arg;

	return c->phase == CRAWL_START || c->phase == CRAWL_SITEMAPS ||
	    c->source.kind == SOURCE_PAGE || site_has(&c->site, url);
}

/* visit_policy.version: a page that was read before need not be sent again unchanged. */
static void
crawl_visit_version(void *arg, const char *url, struct visit_version *version)
{
	struct crawl *c = arg;
	const struct page *page = page_set_find(c->pages, slice_str(url));
	struct msg_source_page_record r;

	if (c->phase == CRAWL_SITEMAPS || c->phase == CRAWL_PROBE || page == NULL ||
	    page->state != PAGE_READ || page->again || page->document != NULL)
		return;
	r = page_record(page);
	snprintf(version->etag, sizeof(version->etag), "%.*s", (int)r.etag.len,
	    (const char *)r.etag.p);
	snprintf(version->last_modified, sizeof(version->last_modified), "%.*s",
	    (int)r.last_modified.len, (const char *)r.last_modified.p);
}

struct visit *
crawl_visit_start(
    struct crawl *c, const char *url, size_t bytes_max, bool ignores_robots, visit_fn *fn)
{
	static const struct visit_policy policy = {
	    .follows = crawl_visit_follows,
	    .version = crawl_visit_version,
	};
	const struct visit_config config = {
	    .base = c->tools.base,
	    .hosts = c->tools.hosts,
	    .robots = c->tools.robots,
	    .agent = c->agent,
	    .url = url,
	    .port = url_split(c->site.start).port,
	    .bytes_max = bytes_max,
	    .ignores_robots = ignores_robots,
	    .policy = &policy,
	    .policy_arg = c,
	};

	crawl_wait(c);
	return visit_start(&config, fn, c);
}

/* Where a redirect has led to: the page that has the text. The one that was asked for is a duplicate of it, which its
 * own visit stores; a single page keeps its address. */
static struct page *
crawl_visit_target(struct crawl *c, struct page *page, const struct visit_result *result)
{
	struct page *target;

	if (!result->redirected || c->source.kind == SOURCE_PAGE)
		return page;
	if (c->phase == CRAWL_START)
		snprintf(c->site.moved, sizeof(c->site.moved), "%s", result->url);
	target = crawl_add_page(c, result->url);
	return target == NULL ? page : target;
}

static void crawl_visit_take_body(
    struct crawl *c, struct page *page, struct fetch_response *response);

static bool
crawl_visit_is_missing(const struct visit_result *result)
{
	return result->reason == REASON_STATUS &&
	    (result->status == 404 || result->status == 410);
}

/* Errors of the page where a source begins that make the rest pointless. */
static bool
crawl_visit_ends_crawl(const struct crawl *c, const struct visit_result *result)
{
	return c->phase == CRAWL_START &&
	    (result->reason == REASON_NETWORK || result->reason == REASON_TIMEOUT ||
		result->reason == REASON_ADDRESS || result->robots_failed ||
		result->status >= 500);
}

static void
crawl_visit_on_result(void *arg, struct visit_result *result)
{
	struct crawl *c = arg;
	struct page *page = c->page, *target;
	bool ends = crawl_visit_ends_crawl(c, result);

	c->visit = NULL;
	c->looked_at += c->phase == CRAWL_VISIT;
	if (result->reason == REASON_ROBOTS && !result->robots_failed)
		crawl_judge_dropped(c, page, REASON_ROBOTS, result->detail);
	else if (crawl_visit_is_missing(result))
		crawl_judge_missing(c, page, result->detail);
	else if (result->reason != REASON_NONE)
		crawl_judge_failure(c, page, result->reason, result->detail, result->status);
	else if ((target = crawl_visit_target(c, page, result)) != page) {
		/* The target is read by a visit of its own, unless that has happened. */
		target->next_at = target->visited ? target->next_at : 0;
		crawl_judge_superseded(c, page, target);
	} else if (result->status == 304)
		crawl_judge_unchanged(c, page, NULL);
	else
		crawl_visit_take_body(c, page, result->response);
	c->unreachable = ends;
	if (ends)
		crawl_fail(c, result->detail);
}

void
crawl_visit_page(struct crawl *c, struct page *page)
{
	c->page = page;
	c->visit =
	    crawl_visit_start(c, page->url, FETCH_BYTES_MAX, false, crawl_visit_on_result);
}

void
crawl_visit_give_up(struct crawl *c)
{
	visit_cancel(c->visit);
	c->visit = NULL;
	c->looked_at++;
	crawl_judge_failure(c, c->page, REASON_TIMEOUT, "the site answers too slowly", 0);
}

static void
crawl_visit_on_document(void *arg, struct document *doc)
{
	struct crawl *c = arg;

	c->extraction = NULL;
	crawl_take_document(c, c->page, doc);
}

/* What a response without a type is. */
static const char *
crawl_visit_guess(struct slice body)
{
	static const char pdf[] = "%PDF-";

	return body.len > 5 && memcmp(body.p, pdf, 5) == 0 ? "application/pdf" : "text/html";
}

/* Has the body taken apart. */
static void
crawl_visit_take_body(struct crawl *c, struct page *page, struct fetch_response *response)
{
	struct slice body = buf_slice(&response->body);
	const char *type = response->type[0] == '\0' ? crawl_visit_guess(body) : response->type;
	struct extraction_job job = {
	    .bytes = body,
	    .type = slice_str(type),
	    .charset = slice_str(response->charset),
	    .url = slice_str(page->url),
	};

	if (response->tag.noindex) {
		crawl_judge_dropped(c, page, REASON_NOINDEX, "X-Robots-Tag");
		return;
	}
	if (!extraction_reads(job.type)) {
		crawl_judge_failure(c, page, REASON_TYPE, type, response->status);
		return;
	}
	c->nofollow = response->tag.nofollow;
	snprintf(c->type, sizeof(c->type), "%s", type);
	snprintf(c->version.etag, sizeof(c->version.etag), "%s", response->etag);
	snprintf(c->version.last_modified, sizeof(c->version.last_modified), "%s",
	    response->last_modified);
	c->extraction = extraction_start(c->tools.extraction, &job, crawl_visit_on_document, c);
}

void
crawl_find_moved(struct crawl *c)
{
	const struct page *start = page_set_find(c->pages, slice_str(c->site.start));
	struct msg_source_page_record r;
	char to[URL_MAX + 1];

	/* While it cannot be read, what was known stays. */
	if (start == NULL ||
	    (start->reason != REASON_NONE && start->reason != REASON_DUPLICATE))
		return;
	r = page_record(start);
	c->site.moved[0] = '\0';
	if (r.reason == REASON_DUPLICATE && url_normalize(r.detail, NULL, to) == 0)
		snprintf(c->site.moved, sizeof(c->site.moved), "%s", to);
}

void
crawl_step_start(struct crawl *c)
{
	struct page *page = crawl_add_page(c, c->site.start);

	if (page == NULL) {
		crawl_fail(c, "the source may have no pages");
		return;
	}
	/* Its links may not have been stored by the crawl that this one continues. */
	if (c->resumed) {
		c->resumed = page->visited = false;
		page->again = true;
	}
	if (!page->visited && c->late) {
		c->unreachable = true;
		crawl_fail(c, "the site answers too slowly");
		return;
	}
	if (!page->visited) {
		crawl_visit_page(c, page);
		return;
	}
	crawl_find_moved(c);
	c->at = 0;
	c->phase = c->source.kind == SOURCE_SITE ? CRAWL_SITEMAPS : CRAWL_VISIT;
}

/* A duplicate of a page that is not there any more has to be looked at again. */
static bool
crawl_visit_is_orphan(const struct crawl *c, const struct page *page)
{
	struct msg_source_page_record r;
	const struct page *other;

	if (page->reason != REASON_DUPLICATE)
		return false;
	r = page_record(page);
	other = page_set_find(c->pages, r.detail);
	return other == NULL || (other->state == PAGE_UNREAD && other->reason == REASON_STATUS);
}

/* Whether a sitemap calls the page newer than what was read; once, if that is a time to come. */
static bool
crawl_visit_is_newer(const struct page *page)
{
	return page->lastmod > page->fetched_at && page->lastmod != page_record(page).lastmod;
}

static bool
crawl_visit_is_due(const struct crawl *c, const struct page *page)
{
	uint64_t now = clock_wall_ms();

	if (page->again)
		return true;
	if (page->visited || page->removed || page->part || !site_has(&c->site, page->url))
		return false;
	return c->full || page->fetched_at == 0 || page->next_at <= now ||
	    crawl_visit_is_newer(page) || crawl_visit_is_orphan(c, page) ||
	    (c->source.interval_minutes != 0 &&
		page->fetched_at + c->source.interval_minutes * UINT64_C(60000) <= now);
}

/* Further pages are read only to count their blocks, when a text is to be stored and too few were read. */
static bool
crawl_visit_sample(struct crawl *c)
{
	size_t counted = block_counts_pages(c->blocks);
	bool some = false;

	if (c->sampling || c->held == 0 || c->source.kind != SOURCE_SITE ||
	    counted >= BLOCK_COUNTS_SAMPLE)
		return false;
	c->sampling = true;
	for (size_t i = 0; i < page_set_count(c->pages) && counted < BLOCK_COUNTS_SAMPLE; i++) {
		struct page *page = page_set_at(c->pages, i);

		if (page->state != PAGE_READ || page->blocks != NULL || page->removed ||
		    page->document != NULL || page->part || !site_has(&c->site, page->url))
			continue;
		page->again = some = true;
		counted++;
	}
	return some;
}

/* Pages whose blocks would be judged otherwise now than when they were stored are read once more. */
static bool
crawl_visit_look_again(struct crawl *c)
{
	bool some = false;

	if (c->second_look)
		return false;
	c->second_look = true;
	for (size_t i = 0; i < page_set_count(c->pages); i++) {
		struct page *page = page_set_at(c->pages, i);

		if (page->noted && block_counts_differ(c->blocks, page))
			page->again = page->rewrite = some = true;
	}
	return some;
}

/* Whether its records are too large beside those of all crawls. */
static bool
crawl_visit_is_crowded(const struct crawl *c)
{
	return page_sets_bytes_held() > PAGE_SETS_BYTES_MAX &&
	    page_set_bytes(c->pages) > PAGE_SETS_BYTES_MAX / SOURCES_CRAWLS_MAX;
}

void
crawl_step_visit(struct crawl *c)
{
	/* What was read before is stored. */
	if (c->gives_up && c->held == 0) {
		crawl_fail(c, "the site does not answer");
		return;
	}
	c->pauses |= crawl_visit_is_crowded(c);
	if (c->pauses && c->looked_at > 0) {
		crawl_end_turn(c);
		return;
	}
	if (c->held >= CRAWL_HELD_MAX || c->held_bytes > CRAWL_HELD_BYTES ||
	    (c->held > 0 &&
		(c->gives_up || block_counts_pages(c->blocks) >= BLOCK_COUNTS_SAMPLE))) {
		c->phase = CRAWL_PUT;
		return;
	}
	while (c->at < page_set_count(c->pages)) {
		struct page *page = page_set_at(c->pages, c->at++);

		if (page->waits_for != NULL && page->waits_for->again)
			c->waiting = true;
		else if (crawl_visit_is_due(c, page)) {
			crawl_visit_page(c, page);
			return;
		}
	}
	if (c->waiting || crawl_visit_sample(c)) {
		c->waiting = false;
		c->at = 0;
		return;
	}
	if (c->held == 0 && !crawl_visit_look_again(c)) {
		c->phase = CRAWL_REMOVE;
		return;
	}
	c->at = 0;
	c->phase = c->held > 0 ? CRAWL_PUT : CRAWL_VISIT;
}
