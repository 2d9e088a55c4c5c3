/*
 * Parts of a page that their heading or label tells from the content, whatever the names of their elements: comments of
 * readers, and lists of further articles.
 */
#ifndef WORKERD_CRAWL_EXTRACT_HTML_HTML_TITLED_H
#define WORKERD_CRAWL_EXTRACT_HTML_HTML_TITLED_H

#include <libxml/tree.h>
#include <stdbool.h>

/* Whether an element begins with such a heading (h2 to h6), or has such an aria-label, and what is below that looks like
 * it: times, fields or buttons to reply, a number of comments, or a label without a heading; for further articles, links
 * with a good part of the text. */
bool html_titled_is_beside(xmlNode *element);

#endif
