/*
 * Panels that a page folds and that its readers unfold: accordions, tabs, answers below their questions. What a button, a
 * link or a tab controls is content, also while it is hidden; other hidden text is not.
 */
#ifndef WORKERD_CRAWL_EXTRACT_HTML_HTML_FOLD_H
#define WORKERD_CRAWL_EXTRACT_HTML_HTML_FOLD_H

#include <libxml/tree.h>
#include <stdbool.h>

#include "proto/base/buf.h"

/* Texts that are borrowed from the tree, or from decoded below. */
struct html_fold_names {
	struct slice *at;
	size_t n, room;
};

/* The ids and classes, sorted, of the elements that a control unfolds. */
struct html_folds {
	struct html_fold_names ids, classes;
	struct html_fold_text *decoded; /* fragments without their escapes; owned */
};

/* Finds what the elements below root control. */
void html_folds_find(struct html_folds *folds, xmlNode *root);
void html_folds_clear(struct html_folds *folds);

/* Whether a hidden element is such a panel, the only element around or in one, or follows a control that names none. */
bool html_folds_has(const struct html_folds *folds, const xmlNode *element);

#endif
