/*
 * All sources of the store: starts a crawl of each when it is due, some at a time.
 */
#ifndef WORKERD_CRAWL_SOURCES_H
#define WORKERD_CRAWL_SOURCES_H

#include "workerd/crawl/source/crawl.h"

struct sources;

/* Follows the store's sources from now on. tools is copied. */
struct sources *sources_new(const struct crawl_tools *tools);

/* Cancels the crawls. */
void sources_free(struct sources *s);

/* The number of sources, and of running crawls. */
size_t sources_count(const struct sources *s);
size_t sources_crawls(const struct sources *s);

#endif
