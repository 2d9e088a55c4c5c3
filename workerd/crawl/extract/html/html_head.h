/*
 * What a page says about itself, wherever in the page: title, language, robots, canonical address, links; and signs
 * of pages that cannot be read like this.
 */
#ifndef WORKERD_CRAWL_EXTRACT_HTML_HTML_HEAD_H
#define WORKERD_CRAWL_EXTRACT_HTML_HTML_HEAD_H

#include <libxml/tree.h>

#include "workerd/crawl/extract/outcome.h"

struct html_head {
	bool scripts;  /* it has some */
	bool app_root; /* an element that frameworks fill by scripts */
	bool hint;     /* <noscript> asks for scripts */
	bool password; /* a field for one */
};

/* Fills in everything of out except the blocks. url: the page's address, or empty. */
void html_head_read(
    struct html_head *head, struct outcome *out, const xmlDoc *doc, struct slice url);

#endif
