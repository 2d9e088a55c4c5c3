/*
 * Markdown: headings, paragraphs, lists, quotes, tables and code of CommonMark and its usual extensions, as far as they
 * separate blocks. Marks of emphasis and links disappear, their text stays. Front matter is left out, except a title.
 */
#ifndef WORKERD_CRAWL_EXTRACT_MARKDOWN_H
#define WORKERD_CRAWL_EXTRACT_MARKDOWN_H

#include "workerd/crawl/extract/outcome.h"

/* Reads valid UTF-8. */
void markdown_read(struct outcome *out, struct slice text);

#endif
