/*
 * Which addresses belong to a source.
 */
#ifndef WORKERD_CRAWL_SOURCE_SITE_H
#define WORKERD_CRAWL_SOURCE_SITE_H

#include "proto/ipc/messages.h"
#include "workerd/crawl/rules/url.h"

struct site {
	char start[URL_MAX + 1]; /* where it begins, in normal form */
	char moved[URL_MAX +
	    1]; /* where that leads to on another host: its pages belong to the source, too; "": nowhere */
	char *include, *exclude;
	bool whole; /* the source is a site; else one page */
};

/* 0, or -1: the source has no valid address. Clear it in any case. */
[[gnu::warn_unused_result]] int site_init(
    struct site *site, const struct msg_source_record *source);
void site_clear(struct site *site);

/* Whether this address in normal form is on the source's host and a port that may be used, and its path is not excluded:
 * it matches a line of `include`, or is below the directory in which the source begins if there are none, and no line
 * of `exclude`. The start always belongs to it. */
bool site_has(const struct site *site, const char *url);

/* Whether an address may be a page by its name: it does not end like a picture, a style or an archive. */
bool site_is_page(const char *url);

#endif
