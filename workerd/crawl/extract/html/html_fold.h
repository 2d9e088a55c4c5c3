/*
 * Panels that a page folds and that its readers unfold: accordions, tabs, answers below their questions. What a button, a
 * link or a tab controls is content, also while it is hidden; other hidden text is not.
 */
#ifndef WORKERD_CRAWL_EXTRACT_HTML_HTML_FOLD_H
#define WORKERD_CRAWL_EXTRACT_HTML_HTML_FOLD_H

#include <libxml/tree.h>
#include <stdbool.h>

#include "proto/base/buf.h"

struct html_folds {
	struct slice *ids; /* of what is controlled, sorted; borrowed from the tree */
	size_t n, room;
};

/* Finds what the elements below root control. */
void html_folds_find(struct html_folds *folds, xmlNode *root);
void html_folds_clear(struct html_folds *folds);

/* Whether a hidden element is such a panel, or the only element around or in one. */
bool html_folds_has(const struct html_folds *folds, const xmlNode *element);

#endif
