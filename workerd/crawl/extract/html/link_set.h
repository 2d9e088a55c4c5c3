/*
 * The links of a page: absolute, http or https, without fragment, each once, at most DOCUMENT_LINKS_MAX.
 */
#ifndef WORKERD_CRAWL_EXTRACT_HTML_LINK_SET_H
#define WORKERD_CRAWL_EXTRACT_HTML_LINK_SET_H

#include "workerd/crawl/document/document.h"

struct link_set;

/* list: document_add_link(); base: of relative links; empty: these are left out. Both must stay. */
struct link_set *link_set_new(struct buf *list, struct slice base);
void link_set_free(struct link_set *links);

/* Adds a link as the page has it; one that leads nowhere else or is over the limits is left out. */
void link_set_add(struct link_set *links, struct slice href);

/* Appends the absolute address (RFC 3986, section 5) of a link, as browsers read it (https://url.spec.whatwg.org), to
 * an empty out; 0, or -1 with out empty: it is no link to a page. */
[[gnu::warn_unused_result]] int link_set_resolve(
    struct slice href, struct slice base, struct buf *out);

#endif
