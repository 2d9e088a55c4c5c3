/*
 * What the readers of all formats fill in: a document (document.h) before it is encoded.
 */
#ifndef WORKERD_CRAWL_EXTRACT_OUTCOME_H
#define WORKERD_CRAWL_EXTRACT_OUTCOME_H

#include "workerd/crawl/extract/writer.h"

struct outcome {
	uint8_t reason; /* enum page_reason */
	const char *detail;
	struct buf title, language, canonical;
	bool noindex, nofollow;
	struct buf links; /* document_add_link() */
	struct writer writer;
};

void outcome_init(struct outcome *o);
void outcome_clear(struct outcome *o);

/* The document cannot be read, for this reason; the first one counts. */
void outcome_fail(struct outcome *o, uint8_t reason, const char *detail);

/* Takes the title if there is none yet, as one line, cut. */
void outcome_title(struct outcome *o, struct slice title);

/* Encodes the document, without text if it cannot be read. 0, or -1 if out is full. */
[[gnu::warn_unused_result]] int outcome_encode(struct outcome *o, struct buf *out);

#endif
