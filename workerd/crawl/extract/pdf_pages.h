/*
 * The text of a PDF's pages, as pdftotext prints it: lines become paragraphs again, and what pages repeat at their
 * top or bottom is left out after its first occurrence.
 */
#ifndef WORKERD_CRAWL_EXTRACT_PDF_PAGES_H
#define WORKERD_CRAWL_EXTRACT_PDF_PAGES_H

#include "workerd/crawl/extract/outcome.h"

/* Reads valid text with a form feed behind each page. Text of characters for private use fails with REASON_EMPTY. */
void pdf_pages_read(struct outcome *out, struct slice text);

#endif
