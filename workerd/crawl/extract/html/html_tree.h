/*
 * Elements of libxml2's tree: what they are, their attributes, and a walk without recursion, because the depth
 * is chosen by the author of the page.
 */
#ifndef WORKERD_CRAWL_EXTRACT_HTML_HTML_TREE_H
#define WORKERD_CRAWL_EXTRACT_HTML_HTML_TREE_H

#include <libxml/tree.h>
#include <stdbool.h>

#include "proto/base/buf.h"

enum html_tag {
	TAG_INLINE, /* and every unknown element */
	TAG_ARTICLE,
	TAG_ASIDE,
	TAG_BLOCK,
	TAG_BREAK,
	TAG_CAPTION,
	TAG_CELL,
	TAG_CODE,
	TAG_DEFINITIONS, /* dl */
	TAG_FOOTER,
	TAG_FORM,
	TAG_HEADER,
	TAG_HEADING,
	TAG_IMAGE,
	TAG_ITEM,
	TAG_LINK,
	TAG_LIST,
	TAG_MAIN,
	TAG_NAVIGATION,
	TAG_ROW,
	TAG_SECTION,
	TAG_TABLE,
	TAG_TERM,
	TAG_UNREAD, /* has no text for a reader */
};

enum html_tag html_tree_tag(const xmlNode *element);

/* Whether the element has this name. */
bool html_tree_is(const xmlNode *element, const char *name);

/* The value of an attribute; "" if it has none, NULL without the attribute. */
const char *html_tree_attribute(const xmlNode *element, const char *name);

/* Likewise; empty without the attribute, and without white space around it. */
struct slice html_tree_value(const xmlNode *element, const char *name);

/* Whether an attribute, ignoring case, is this word or has it among its words. */
bool html_tree_has_word(const xmlNode *element, const char *name, const char *word);

/* The text of a text node; empty for other nodes. */
struct slice html_tree_text(const xmlNode *node);

/* The node after node in the tree below top, in document order; NULL at the end. Below node only with into. Each
 * element that ends before that is passed to leave (NULL: nobody), including node itself. */
typedef void html_tree_leave(void *arg, xmlNode *element);
xmlNode *html_tree_next(
    const xmlNode *top, xmlNode *node, bool into, html_tree_leave *leave, void *arg);

/* Appends the text of an element as one line, until out is full. */
void html_tree_line(const xmlNode *element, struct buf *out);

#endif
