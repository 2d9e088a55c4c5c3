/*
 * One crawl of a source: finds its pages, reads those that are due, and stores what changed.
 *
 * All that it knows is in the store, so it can end at any moment: the next crawl of a source whose state is running
 * continues. It uses little memory beside the records of the source's pages. While the records of all crawls are larger
 * than PAGE_SETS_BYTES_MAX, those that have more than an equal share of it pause.
 */
#ifndef WORKERD_CRAWL_SOURCE_CRAWL_H
#define WORKERD_CRAWL_SOURCE_CRAWL_H

#include "workerd/crawl/source/crawl_tools.h"

struct crawl;

/* The records are copied. */
struct crawl *crawl_start(const struct crawl_tools *tools,
    const struct msg_source_record *source, const struct msg_source_state_record *state,
    crawl_done_fn *fn, void *arg);

/* Asks it to pause: it ends as soon as it has read something and stored it, so that each turn has some progress. The
 * next crawl continues it. */
void crawl_pause(struct crawl *c);

/* Whether it still reads the records of its pages, so that its memory is not known yet. */
bool crawl_is_loading(const struct crawl *c);

/* Ends it at once, without a call. */
void crawl_cancel(struct crawl *c);

#endif
