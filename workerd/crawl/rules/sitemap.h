/*
 * Sitemaps (sitemaps.org, protocol 0.9): lists of addresses as XML or text, and indexes of further sitemaps. Feeds (RSS,
 * RDF, Atom) are lists of addresses, too.
 *
 * The parser reads only what a sitemap may contain: no entities but XML's own, no documents of others. It takes any
 * bytes, and leaves out what it does not understand. It accepts what common generators write: elements in upper case,
 * missing ends, UTF-16, lines that end with CR, relative addresses.
 */
#ifndef WORKERD_CRAWL_RULES_SITEMAP_H
#define WORKERD_CRAWL_RULES_SITEMAP_H

#include "proto/base/buf.h"

#define SITEMAP_ENTRIES_MAX 50000 /* as the protocol allows */
#define SITEMAP_BASES       3     /* the list, RSS's channel, and an entry in it */

struct sitemap_entry {
	struct slice
	    url; /* valid UTF-8, otherwise as it is written, perhaps relative; not empty */
	/* The xml:base of the entry and of the elements around it, outermost first; empty: none. Each is relative to the
	 * one before (XML Base, section 4), and a relative url to the last one. Borrowed from the text, as it is written. */
	struct slice base[SITEMAP_BASES];
	uint64_t lastmod; /* ms since 1970; 0: unknown */
	bool is_sitemap;  /* of an index: a further sitemap */
	bool is_news;     /* of a feed, which has only the newest pages of a site */
};

/* Takes an entry, borrowed; false ends the parsing. */
typedef bool sitemap_entry_fn(void *arg, const struct sitemap_entry *entry);

/* Passes the entries of a sitemap, at most SITEMAP_ENTRIES_MAX. Returns their number. */
size_t sitemap_parse(struct slice text, sitemap_entry_fn *fn, void *arg);

/* The time of a W3C date and time ("2024-05-01", "2024-05-01T10:00:00+02:00") or of a date of RFC 822 ("Wed, 1 May 2024
 * 10:00 +0200"), in ms since 1970; 0: invalid. */
uint64_t sitemap_date(struct slice text);

#endif
