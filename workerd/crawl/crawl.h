/*
 * One crawl of a source: finds its pages, reads those that are due, and stores what changed.
 *
 * All that it knows is in the store, so it can end at any moment: the next crawl of a source whose state is running
 * continues. It uses little memory beside the records of the source's pages.
 */
#ifndef WORKERD_CRAWL_CRAWL_H
#define WORKERD_CRAWL_CRAWL_H

#include "workerd/crawl/extraction.h"
#include "workerd/crawl/robots_cache.h"
#include "workerd/store/store_client.h"

/* What all crawls share. Everything is borrowed. */
struct crawl_tools {
	struct event_base *base;
	struct store_client *store;
	struct hosts *hosts;
	struct robots_cache *robots;
	struct extraction_pool *extraction;
	const char *agent_url; /* CRAWL_AGENT_URL; NULL: the address of the source */
};

struct crawl;

/* Called once, from the event loop, when the crawl has ended and its state is stored, or cannot be: then failed. The
 * crawl is freed after that. */
typedef void crawl_done_fn(void *arg, bool failed);

/* The records are copied. */
struct crawl *crawl_start(const struct crawl_tools *tools,
    const struct msg_source_record *source, const struct msg_source_state_record *state,
    crawl_done_fn *fn, void *arg);

/* Ends it at once, without a call. */
void crawl_cancel(struct crawl *c);

#endif
