/*
 * HTML: finds the part of a page that is its content, and writes that as blocks. html.c parses; html_head.c reads what
 * the page says about itself; html_measure.c finds out where the text is; html_blocks.c writes it.
 */
#ifndef WORKERD_CRAWL_EXTRACT_HTML_HTML_H
#define WORKERD_CRAWL_EXTRACT_HTML_HTML_H

#include "workerd/crawl/extract/outcome.h"

/* Loads what libxml2 needs: before the process is restricted. */
void html_load(void);

/* Reads a page (valid UTF-8). url: its address, or empty. */
void html_read(struct outcome *out, struct slice text, struct slice url);

#endif
