/*
 * Where the text of a page is: how much each element has and how much of it belongs to links, what is left out, and
 * which elements hold the content.
 */
#ifndef WORKERD_CRAWL_EXTRACT_HTML_HTML_MEASURE_H
#define WORKERD_CRAWL_EXTRACT_HTML_HTML_MEASURE_H

#include <libxml/tree.h>
#include <stdbool.h>
#include <stdint.h>

#define HTML_MEASURE_ROOTS 64

/* Of an element and all below it that is not left out. */
struct html_measure {
	uint32_t text;   /* bytes, without white space */
	uint32_t linked; /* of these in links */
	uint32_t links;
	uint32_t own, own_linked; /* of text and linked: without what blocks below it have */
	uint32_t prose;           /* of text: in paragraphs */
	uint16_t
	    columns; /* the most cells of a row; of a table itself, not of the ones around it */
	uint8_t tag; /* enum html_tag */
	bool dropped;      /* with all below it */
	bool has_headings; /* below it */
	bool has_blocks;   /* code, headings or tables below it */
};

struct html_page {
	struct html_measure *all; /* one for each element; NULL: there are none */
	const xmlNode *roots[HTML_MEASURE_ROOTS]; /* that hold the content, in their order */
	size_t n_roots;
	uint32_t text; /* of the roots */
};

/* Measures all elements of a body (NULL: none) and finds the roots. */
void html_measure_page(struct html_page *page, xmlNode *body);
void html_measure_clear(struct html_page *page);

/* The measure of an element of a page's body. */
const struct html_measure *html_measure_of(const xmlNode *element);

/* Whether an element is mostly a list of links, such as a menu. */
bool html_measure_is_menu(const struct html_measure *m);

#endif
