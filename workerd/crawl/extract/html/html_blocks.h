/*
 * Writes the content of a page as blocks.
 */
#ifndef WORKERD_CRAWL_EXTRACT_HTML_HTML_BLOCKS_H
#define WORKERD_CRAWL_EXTRACT_HTML_HTML_BLOCKS_H

#include "workerd/crawl/extract/html/html_measure.h"
#include "workerd/crawl/extract/writer.h"

void html_blocks_write(const struct html_page *page, struct writer *writer);

#endif
