/*
 * A document as crawl-extract takes it apart: what a page says about itself, its links, and its text as blocks in
 * their order. crawl-extract encodes one, and crawld decodes it: whatever the child sends, a decoded document is
 * within these limits and all of its text is valid UTF-8.
 */
#ifndef WORKERD_CRAWL_DOCUMENT_DOCUMENT_H
#define WORKERD_CRAWL_DOCUMENT_DOCUMENT_H

#include <stdbool.h>

#include "proto/base/buf.h"
#include "proto/base/secrets.h"

#define DOCUMENT_MAX          (48u * 1024 * 1024) /* bytes, encoded */
#define DOCUMENT_TEXT_MAX     (24u * 1024 * 1024) /* of one block */
#define DOCUMENT_LINKS_MAX    5000
#define DOCUMENT_TITLE_MAX    600
#define DOCUMENT_URL_MAX      2048
#define DOCUMENT_ANCHOR_MAX   200
#define DOCUMENT_HEADING_MAX  400 /* of a heading */
#define DOCUMENT_PATH_MAX     600 /* of the headings above a block */
#define DOCUMENT_LANGUAGE_MAX 35
#define DOCUMENT_LEVELS       6

enum block_kind {
	BLOCK_HEADING = 0,
	BLOCK_PARAGRAPH = 1,
	BLOCK_ITEM = 2, /* of a list, with its bullet or number, indented by its depth */
	BLOCK_TERM = 3, /* a term or a question; what follows explains it */
	BLOCK_TABLE =
	    4,          /* a row a line, cells separated by " | "; the first line is the head */
	BLOCK_CODE = 5, /* with its line ends and indentation */
	BLOCK_KINDS,
};

/* Not NUL-terminated texts; borrowed from the document. */
struct block {
	uint8_t kind;  /* enum block_kind */
	uint8_t level; /* of a heading, 1 to DOCUMENT_LEVELS */
	struct slice
	    anchor; /* the fragment of its place, without "#"; empty: the one of the block before */
	struct slice text; /* not empty */
};

struct document {
	struct buf bytes;    /* owns the texts below */
	uint8_t reason;      /* enum page_reason; other than REASON_NONE: there are no blocks */
	struct slice detail; /* for the owner, with a reason; may be empty */
	struct slice title;  /* one line; may be empty */
	struct slice
	    language; /* a BCP 47 tag in lower case as the document says it, such as "de-at"; may be empty */
	struct slice canonical; /* http or https, absolute; empty: none */
	uint8_t noindex;
	uint8_t nofollow;
	struct slice links;  /* document_next_link() */
	struct slice blocks; /* document_next_block() */
};

/* Takes over the bytes and decodes them. NULL if they are not exactly one valid document: then they are freed,
 * too. */
[[gnu::warn_unused_result]] struct document *document_decode(struct buf *bytes);

/* Without text, for this reason; detail is copied. Never NULL. */
[[gnu::returns_nonnull]] struct document *document_unread(uint8_t reason, const char *detail);

void document_free(struct document *doc);

/* Bytes of all documents that exist in this process. */
size_t document_bytes_held(void);

/* Encodes doc (its bytes are ignored). The two lists are built with document_add_…(). All fail with -1 if out is
 * full or a text is too long. */
[[gnu::warn_unused_result]] int document_encode(const struct document *doc, struct buf *out);
[[gnu::warn_unused_result]] int document_add_link(struct buf *links, struct slice url);
[[gnu::warn_unused_result]] int document_add_block(
    struct buf *blocks, const struct block *block);

/* Takes the next link, absolute and without fragment, from a copy of doc->links; false at the end. */
bool document_next_link(struct slice *links, struct slice *url);

/* Takes the next block from a copy of doc->blocks; false at the end. struct document_walk also tells its place. */
bool document_next_block(struct slice *blocks, struct block *block);

/* Walks the blocks and keeps track of the headings above them. */
struct document_walk {
	struct slice rest;
	struct block block;
	struct slice anchor;                    /* of the block's place; empty: none */
	struct slice headings[DOCUMENT_LEVELS]; /* empty: none of this level */
};

void document_walk_init(struct document_walk *w, const struct document *doc);

/* Goes to the next block: a heading is below itself. False at the end. */
bool document_walk_next(struct document_walk *w);

/* Appends the headings above the block, from the outermost, with " > " between, cut to DOCUMENT_PATH_MAX bytes by
 * leaving out the outermost and then cutting the last. out must have that much room. */
void document_walk_path(const struct document_walk *w, struct buf *out);

/* SHA-256 of a block's kind and text, by which blocks are counted that many pages of a source have. */
struct hash256 document_block_hash(const struct block *block);

/* SHA-256 of all blocks: equal for pages with equal text, whatever their titles and anchors. */
struct hash256 document_hash(const struct document *doc);

#endif
