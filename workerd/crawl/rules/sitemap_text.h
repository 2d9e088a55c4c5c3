/*
 * The text of sitemaps and feeds, independent of their elements: its encoding, white space and references.
 */
#ifndef WORKERD_CRAWL_RULES_SITEMAP_TEXT_H
#define WORKERD_CRAWL_RULES_SITEMAP_TEXT_H

#include "proto/base/buf.h"

/* Without white space, control characters and byte order marks at both ends. */
struct slice sitemap_text_trim(struct slice text);

/* The text as UTF-8 without its byte order mark: of a text in UTF-16, with a mark or recognized by its first
 * character, which is ASCII, the copy in out, as far as it has room; of any other, the text itself. */
struct slice sitemap_text_utf8(struct slice text, struct buf *out);

/* Appends an address in UTF-8: bytes that are invalid there are taken for Latin-1. */
void sitemap_text_add_address(struct buf *out, struct slice text);

/* Both append as far as there is room; the second one replaces XML's references by their characters. */
void sitemap_text_add(struct buf *out, const uint8_t *p, size_t n);
void sitemap_text_add_decoded(struct buf *out, struct slice text);

#endif
