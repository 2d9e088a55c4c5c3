/*
 * DOCX (ECMA-376): paragraphs, headings by their styles, lists and tables of word/document.xml. docx.c unpacks the
 * parts with libzip, docx_styles.c reads which styles are headings, docx_body.c the text.
 */
#ifndef WORKERD_CRAWL_EXTRACT_DOCX_DOCX_H
#define WORKERD_CRAWL_EXTRACT_DOCX_DOCX_H

#include "workerd/crawl/extract/outcome.h"

#define DOCX_PART_MAX (64u * 1024 * 1024) /* bytes of an unpacked part */

/* Prepares what the libraries need: before the process is restricted. */
void docx_load(void);

void docx_read(struct outcome *out, struct slice bytes);

#endif
