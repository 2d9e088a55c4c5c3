/*
 * robots.txt (RFC 9309): which paths of a host may be fetched, how often, and where its sitemaps are.
 *
 * Holds only the rules for this crawler: of all groups that name "banter", or else of all groups for "*".
 */
#ifndef WORKERD_CRAWL_RULES_ROBOTS_H
#define WORKERD_CRAWL_RULES_ROBOTS_H

#include "proto/base/buf.h"

#define ROBOTS_AGENT        "banter"
#define ROBOTS_BYTES_MAX    ((size_t)500 * 1024) /* the rest is not read (section 2.5) */
#define ROBOTS_DELAY_MAX_MS 60000u
#define ROBOTS_SITEMAPS_MAX 100

struct robots;

/* Rules from the text of a robots.txt. Any bytes are valid. Of more than ROBOTS_BYTES_MAX bytes, the last line that begins
 * within these and does not end there is not read, either: whoever cuts the text must leave one more byte. */
struct robots *robots_parse(struct slice text);

/* Rules that allow everything, or nothing: for a robots.txt that does not exist, or that could not be read (section
 * 2.3.1). */
struct robots *robots_all(bool allowed);

void robots_free(struct robots *r);

/* Bytes of memory. NULL is legal. */
size_t robots_bytes(const struct robots *r);

/* Whether the path of an address in normal form (url.h), with its query, may be fetched. */
bool robots_allows(const struct robots *r, struct slice path);

/* Crawl-delay in ms, at most ROBOTS_DELAY_MAX_MS; 0: none. */
unsigned robots_delay_ms(const struct robots *r);

/* The sitemaps that it names, which are any text. */
size_t robots_sitemaps(const struct robots *r);
struct slice robots_sitemap(const struct robots *r, size_t i);

#endif
