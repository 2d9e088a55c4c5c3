/*
 * X-Robots-Tag fields of responses: whether a page may be used, and its links followed.
 */
#ifndef WORKERD_CRAWL_RULES_ROBOTS_TAG_H
#define WORKERD_CRAWL_RULES_ROBOTS_TAG_H

#include "proto/base/buf.h"

struct robots_tag {
	bool noindex, nofollow;
};

/* Adds what the value of a field says: "noindex, nofollow", "none", or the same behind "banter:". Directives for
 * other crawlers, and other directives, are ignored. */
void robots_tag_add(struct robots_tag *tag, struct slice value);

#endif
