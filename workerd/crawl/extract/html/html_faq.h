/*
 * Questions with their answers that a page has as data for search engines: FAQPage and QAPage of schema.org, as JSON-LD.
 */
#ifndef WORKERD_CRAWL_EXTRACT_HTML_HTML_FAQ_H
#define WORKERD_CRAWL_EXTRACT_HTML_HTML_FAQ_H

#include <libxml/tree.h>

#include "proto/base/buf.h"

/* Takes a question and its answer, which may be HTML. Both are valid UTF-8, not empty, borrowed. */
typedef void html_faq_fn(void *arg, struct slice question, struct slice answer);

/* Prepares the parser of JSON, before the process is restricted. */
void html_faq_load(void);

/* Passes the pairs of all scripts with data below root, at most some hundreds. */
void html_faq_read(xmlNode *root, html_faq_fn *fn, void *arg);

#endif
