/*
 * What all crawls share, and how one ends.
 */
#ifndef WORKERD_CRAWL_SOURCE_CRAWL_TOOLS_H
#define WORKERD_CRAWL_SOURCE_CRAWL_TOOLS_H

#include "workerd/crawl/extraction.h"
#include "workerd/crawl/fetch/robots_cache.h"
#include "workerd/store/store_client.h"

#define SOURCES_CRAWLS_MAX  16 /* at a time, of sites and pages */
#define SOURCES_UPLOADS_MAX 4  /* further ones, of uploaded content */

/* Everything is borrowed. */
struct crawl_tools {
	struct event_base *base;
	struct store_client *store;
	struct hosts *hosts;
	struct robots_cache *robots;
	struct extraction_pool *extraction;
	const char *agent_url; /* CRAWL_AGENT_URL; NULL: the address of the source */
	unsigned turn_ms;      /* CRAWL_TURN_MS */
	struct event *loaded;  /* of sources: made active when a crawl has read its records */
};

/* Called once, from the event loop, when the crawl has ended and its state is stored, or cannot be: then failed; or when
 * it pauses: then its state is still running. The crawl is freed after that. */
typedef void crawl_done_fn(void *arg, bool failed);

#endif
