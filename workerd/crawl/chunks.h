/*
 * Splits a document into chunks: the pieces of text that are searched and quoted. A chunk has about CHUNKS_TARGET
 * characters and ends at a heading or a paragraph. Tables and code stay whole up to CHUNKS_WHOLE_MAX bytes; longer
 * ones are split between rows (each piece repeats the table's head) or lines.
 */
#ifndef WORKERD_CRAWL_CHUNKS_H
#define WORKERD_CRAWL_CHUNKS_H

#include "proto/ipc/messages.h"
#include "workerd/crawl/document/document.h"

#define CHUNKS_TARGET    1000 /* characters */
#define CHUNKS_WHOLE_MAX 4096 /* bytes */
#define CHUNKS_TEXT_MAX  6000 /* bytes, as in messages.def */

/* Whether to leave out a block, such as one that most pages of a source have. */
typedef bool chunks_drop_fn(void *arg, const struct block *block);

struct chunks;

/* The document must stay. title: of the page, which counts in a chunk's hash; the document's own unless the owner
 * gave another. language: of all chunks; empty: the document's, else the one that its text shows. drop: NULL drops
 * nothing. Never NULL. */
struct chunks *chunks_new(const struct document *doc, struct slice title, struct slice language,
    chunks_drop_fn *drop, void *arg);

/* The next chunk; false at the end. Its slices are valid until the next call. */
bool chunks_next(struct chunks *c, struct msg_chunk_record *chunk);

/* The language of the chunks, for the page's record; empty: unknown. */
struct slice chunks_language(const struct chunks *c);

void chunks_free(struct chunks *c);

#endif
