/*
 * By which blocks and pages are equal.
 */
#ifndef WORKERD_CRAWL_DOCUMENT_DOCUMENT_HASH_H
#define WORKERD_CRAWL_DOCUMENT_DOCUMENT_HASH_H

#include "proto/base/secrets.h"
#include "workerd/crawl/document/document.h"

/* SHA-256 of a block's kind and text, by which the pages of a source are counted that have it. */
struct hash256 document_hash_block(const struct block *block);

/* SHA-256 of all blocks: equal for pages with equal text, whatever their titles and anchors. */
struct hash256 document_hash(const struct document *doc);

#endif
