/*
 * Collects the text of a document, block by block: white space becomes single spaces, control characters and
 * invisible ones disappear. Every reader of a format writes into one.
 *
 * Errors stick: once the document is over its maximum, nothing more is written, and writer_failed() is true.
 */
#ifndef WORKERD_CRAWL_EXTRACT_WRITER_H
#define WORKERD_CRAWL_EXTRACT_WRITER_H

#include "workerd/crawl/document/document.h"

#define WRITER_PREFIX_MAX 32

struct writer {
	struct buf blocks;              /* document_add_block() */
	struct buf text;                /* of the current block */
	struct buf joined;              /* an item with its prefix */
	char prefix[WRITER_PREFIX_MAX]; /* of the next item; NUL-terminated */
	struct slice anchor;            /* of the next block; borrowed */
	struct slice weak_anchor; /* of the next block if it is a heading or a term; borrowed */
	size_t row;               /* of a table: where it begins in text */
	size_t cells;             /* of the row */
	size_t written;           /* bytes of text in blocks */
	bool space;               /* white space before the next word */
	bool failed;
};

void writer_init(struct writer *w);
void writer_clear(struct writer *w);

/* Adds running text (valid UTF-8) to the current block. */
void writer_text(struct writer *w, struct slice text);

/* Adds text with its spaces and line ends, for code. */
void writer_code(struct writer *w, struct slice text);

/* The next word is separated from the ones before, by a space or by a line end. */
void writer_space(struct writer *w);
void writer_line(struct writer *w);

/* The word at the end of the current block goes on behind its hyphen, which belongs to the line alone. */
void writer_unhyphenate(struct writer *w);

/* Begins a row of a table, and a cell of it; ends a row, which disappears if it is empty; ends the table. A table of one
 * row is a paragraph. */
void writer_row(struct writer *w);
void writer_cell(struct writer *w);
void writer_end_row(struct writer *w);
void writer_end_table(struct writer *w);

/* Whether the current block has text. */
bool writer_has_text(const struct writer *w);

/* The text of the current block without white space around it. */
struct slice writer_current(const struct writer *w);

/* Ends the current block, unless it is empty. level: of a heading. Code keeps its indentation. */
void writer_end(struct writer *w, enum block_kind kind, uint8_t level);

/* Forgets the current block. */
void writer_drop(struct writer *w);

/* Adds a whole block. */
void writer_block(struct writer *w, enum block_kind kind, uint8_t level, struct slice text);

/* The bullet or number of the list item that begins, with its indentation. Further blocks of the item are indented as
 * far. */
void writer_prefix(struct writer *w, const char *prefix);

/* The next block begins at this anchor (borrowed until then). A weak one counts only for headings and terms. */
void writer_place(struct writer *w, struct slice anchor, bool weak);

/* The memory of places that no block has taken is about to go. */
void writer_forget_places(struct writer *w);

bool writer_failed(const struct writer *w);

#endif
