/*
 * Walks the blocks of a document and keeps track of the headings above them. All texts are borrowed from the
 * document.
 */
#ifndef WORKERD_CRAWL_DOCUMENT_BLOCK_WALK_H
#define WORKERD_CRAWL_DOCUMENT_BLOCK_WALK_H

#include "workerd/crawl/document/document.h"

#define BLOCK_WALK_PATH_MAX 600 /* bytes of the headings above a block */

struct block_walk {
	struct slice rest;
	struct block block;
	struct slice anchor;                    /* of the block's place; empty: none */
	struct slice headings[DOCUMENT_LEVELS]; /* empty: none of this level */
};

void block_walk_init(struct block_walk *w, const struct document *doc);

/* Goes to the next block: a heading is below itself. False at the end. */
bool block_walk_next(struct block_walk *w);

/* Appends the headings above the block, from the outermost, with " > " between. If that is longer than
 * BLOCK_WALK_PATH_MAX bytes, the outermost are left out, and then the last one is cut. out must have that much room. */
void block_walk_path(const struct block_walk *w, struct buf *out);

#endif
