/*
 * The text of a line of Markdown without its marks.
 */
#ifndef WORKERD_CRAWL_EXTRACT_MARKDOWN_INLINE_H
#define WORKERD_CRAWL_EXTRACT_MARKDOWN_INLINE_H

#include "workerd/crawl/extract/writer.h"

/* Adds the line's text to the current block: of links and images the text in brackets, of code what is in backticks.
 * HTML tags disappear. */
void markdown_inline_write(struct writer *w, struct slice line);

#endif
