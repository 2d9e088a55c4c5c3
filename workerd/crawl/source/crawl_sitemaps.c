/*
 * Finding pages by sitemaps: those that robots.txt names, /sitemap.xml, and if these name no page, other usual places;
 * also as indexes, compressed and as feeds. Without any entry, links lead to the pages (crawl_text.c).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "workerd/crawl/fetch/gunzip.h"
#include "workerd/crawl/rules/sitemap.h"
#include "workerd/crawl/source/crawl_internal.h"

#define SITEMAPS_MAX 500 /* that are read in a crawl */
#define SITEMAP_BYTES_MAX \
	((size_t)16 << 20) /* decoded: 50,000 entries need more than a page may have */

/* Where sites have sitemaps that nothing names. The first one is always read. */
static const char *const guesses[] = {"/sitemap.xml", "/sitemap_index.xml", "/wp-sitemap.xml"};

/* Where the source's host is. */
static const char *
crawl_sitemaps_origin(const struct crawl *c)
{
	return c->site.moved[0] != '\0' ? c->site.moved : c->site.start;
}

static void
crawl_sitemaps_add(struct crawl *c, struct slice reference, const char *base)
{
	char url[URL_MAX + 1];

	if (c->n_sitemaps == SITEMAPS_MAX || url_normalize(reference, base, url) != 0)
		return;
	for (size_t i = 0; i < c->n_sitemaps; i++)
		if (strcmp(c->sitemaps[i], url) == 0)
			return;
	c->sitemaps = xreallocarray(c->sitemaps, c->n_sitemaps + 1, sizeof(char *));
	c->sitemaps[c->n_sitemaps++] = xstrdup(url);
}

/* sitemap_entry_fn. */
static bool
crawl_sitemaps_take(void *arg, const struct sitemap_entry *entry)
{
	struct crawl *c = arg;
	const char *base = c->sitemap_base;
	char bases[SITEMAP_BASES][URL_MAX + 1], url[URL_MAX + 1];
	struct page *page;

	for (size_t i = 0; i < SITEMAP_BASES; i++)
		if (entry->base[i].len > 0 &&
		    url_normalize(entry->base[i], base, bases[i]) == 0)
			base = bases[i];
	if (entry->is_sitemap) {
		crawl_sitemaps_add(c, entry->url, base);
		return true;
	}
	if (url_normalize(entry->url, base, url) == 0 && site_has(&c->site, url) &&
	    site_is_page(url) && (page = crawl_add_page(c, url)) != NULL) {
		page->lastmod = entry->lastmod;
		c->listed += !entry->is_news;
	}
	return ++c->entries < SITEMAP_ENTRIES_MAX;
}

/* A text of the greatest length was cut: it ends with the last whole element or line, so that no part of an address
 * counts as one. */
static struct slice
crawl_sitemaps_whole_lines(struct crawl *c, struct slice text)
{
	if (text.len < SITEMAP_BYTES_MAX)
		return text;
	while (text.len > 0 && text.p[text.len - 1] != '>' && text.p[text.len - 1] != '\n' &&
	    text.p[text.len - 1] != '\r')
		text.len--;
	if (c->error[0] == '\0')
		snprintf(c->error, sizeof(c->error),
		    "a sitemap is longer than 16 MB, and its end is left out");
	return text;
}

static void
crawl_sitemaps_parse(struct crawl *c, struct slice body)
{
	struct buf content;

	if (!gunzip_is(body)) {
		sitemap_parse(crawl_sitemaps_whole_lines(c, body), crawl_sitemaps_take, c);
		return;
	}
	buf_init(&content, SITEMAP_BYTES_MAX);
	/* What is damaged behind the first entries leaves these. */
	(void)!gunzip_add(&content, body);
	sitemap_parse(
	    crawl_sitemaps_whole_lines(c, buf_slice(&content)), crawl_sitemaps_take, c);
	buf_clear(&content);
}

static void
crawl_sitemaps_on_result(void *arg, struct visit_result *result)
{
	struct crawl *c = arg;

	c->visit = NULL;
	c->sitemap_base = result->url;
	if ((result->reason == REASON_NONE || result->reason == REASON_SIZE) &&
	    result->response != NULL && result->response->status == 200)
		crawl_sitemaps_parse(c, buf_slice(&result->response->body));
	c->sitemap_base = NULL;
	crawl_go_on(c);
}

/* The start was visited, so the rules are known unless they have just expired. */
static void
crawl_sitemaps_find(struct crawl *c)
{
	struct robots_known known;
	const char *origin = crawl_sitemaps_origin(c);

	if (robots_cache_get(c->tools.robots, origin, &known))
		for (size_t i = 0; i < robots_sitemaps(known.robots); i++)
			crawl_sitemaps_add(c, robots_sitemap(known.robots, i), origin);
}

/* If no address is left to read, adds the next usual place of one that nothing has named. Returns whether it did. */
static bool
crawl_sitemaps_guess(struct crawl *c)
{
	const size_t before = c->n_sitemaps;

	while (c->next_sitemap == c->n_sitemaps && c->guesses < ARRAY_LEN(guesses) &&
	    (c->guesses == 0 || c->listed == 0))
		crawl_sitemaps_add(
		    c, slice_str(guesses[c->guesses++]), crawl_sitemaps_origin(c));
	return c->n_sitemaps > before;
}

void
crawl_step_sitemaps(struct crawl *c)
{
	const char *url;
	bool guessed, own;

	if (c->n_sitemaps == 0)
		crawl_sitemaps_find(c);
	guessed = crawl_sitemaps_guess(c);
	if (c->next_sitemap == c->n_sitemaps || c->entries >= SITEMAP_ENTRIES_MAX || c->late) {
		crawl_take_start_links(c);
		c->at = 0;
		c->phase = CRAWL_NEW;
		return;
	}
	/* Another host's robots.txt has named nothing. */
	own = slice_eq(url_split(c->sitemaps[c->next_sitemap]).host,
	    url_split(crawl_sitemaps_origin(c)).host);
	url = c->sitemaps[c->next_sitemap++];
	c->visit = crawl_visit_start(
	    c, url, SITEMAP_BYTES_MAX, own && !guessed, crawl_sitemaps_on_result);
}
