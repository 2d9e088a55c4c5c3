/*
 * Files that are compressed themselves, such as sitemap.xml.gz.
 */
#ifndef WORKERD_CRAWL_FETCH_GUNZIP_H
#define WORKERD_CRAWL_FETCH_GUNZIP_H

#include "proto/base/buf.h"

/* Whether it begins like a gzip file. */
bool gunzip_is(struct slice bytes);

/* Appends the content of all members (RFC 1952, section 2.2). 0, or -1 if it is damaged or longer than out takes. */
[[gnu::warn_unused_result]] int gunzip_add(struct buf *out, struct slice bytes);

#endif
