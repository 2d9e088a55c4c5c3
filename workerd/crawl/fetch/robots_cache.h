/*
 * The robots.txt of each origin, kept for 24 hours (RFC 9309, section 2.4). While one cannot be read, the rules that
 * were read before count, and it is asked for again after ROBOTS_RETRY_MS; or else nothing is allowed, and it is asked
 * for again after ROBOTS_UNREAD_MS, so that the first crawl of a source can be tried again soon.
 */
#ifndef WORKERD_CRAWL_FETCH_ROBOTS_CACHE_H
#define WORKERD_CRAWL_FETCH_ROBOTS_CACHE_H

#include "workerd/crawl/fetch/hosts.h"
#include "workerd/crawl/rules/robots.h"

#define ROBOTS_KEPT_MS   86400000u
#define ROBOTS_RETRY_MS  300000u
#define ROBOTS_UNREAD_MS 5000u
#define REDIRECTS_MAX    5

struct robots_cache;
struct robots_ask;

/* What is known of an origin. */
struct robots_known {
	const struct robots *robots;
	enum fetch_outcome
	    outcome; /* FETCH_DONE: it was read, or does not exist, or the status is an error */
	int status;  /* of a robots.txt that could not be read; 0: it could */
	const char *detail; /* with another outcome: why */
};

/* Called once, unless it is cancelled. */
typedef void robots_cache_fn(void *arg);

struct robots_cache *robots_cache_new(struct hosts *hosts);

/* Nobody may wait for it. */
void robots_cache_free(struct robots_cache *cache);

/* The rules of the origin of this address; false: they have to be asked for. Valid until control returns to the event
 * loop. */
[[gnu::warn_unused_result]] bool robots_cache_get(
    struct robots_cache *cache, const char *url, struct robots_known *known);

/* Reads the robots.txt of this address's origin; then robots_cache_get() knows it, for a moment at least. */
struct robots_ask *robots_cache_ask(struct robots_cache *cache, const char *url,
    const char *agent, robots_cache_fn *fn, void *arg);

void robots_ask_cancel(struct robots_ask *ask);

#endif
