/*
 * Splits a block that is too long for a chunk: a table between rows, code between lines, other text between
 * sentences.
 */
#ifndef WORKERD_CRAWL_BLOCK_SPLIT_H
#define WORKERD_CRAWL_BLOCK_SPLIT_H

#include "workerd/crawl/document/document.h"

#define BLOCK_SPLIT_WHOLE_MAX  4096 /* bytes of a table or of code that stays whole */
#define BLOCK_SPLIT_TEXT       1000 /* characters of a piece of text */
#define BLOCK_SPLIT_TEXT_WHOLE 1200 /* characters of a text that stays whole */

struct block_split {
	struct block block;
	struct slice rest; /* of its text */
	struct slice head; /* of a table, which every piece repeats; empty: none */
	struct buf piece;
	bool first;
};

void block_split_init(struct block_split *s);
void block_split_clear(struct block_split *s);

/* The text of the block must stay until its last piece was taken. */
void block_split_start(struct block_split *s, const struct block *block);

/* The next piece, as a block like the whole; false at the end. Valid until the next call. */
bool block_split_next(struct block_split *s, struct block *piece);

/* Characters of a valid text. */
size_t block_split_characters(struct slice text);

#endif
