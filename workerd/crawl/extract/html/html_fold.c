#include "workerd/crawl/extract/html/html_fold.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "workerd/crawl/extract/html/html_tree.h"

/* How many elements may be around a panel, each with nothing else in it. */
#define WRAPPERS 3

static int
html_folds_compare(const void *one, const void *other)
{
	const struct slice *a = one, *b = other;
	const int order = memcmp(a->p, b->p, a->len < b->len ? a->len : b->len);

	return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

static void
html_folds_add(struct html_folds *folds, struct slice id)
{
	if (id.len == 0)
		return;
	if (folds->n == folds->room) {
		folds->room = folds->room == 0 ? 16 : 2 * folds->room;
		folds->ids = xreallocarray(folds->ids, folds->room, sizeof(*folds->ids));
	}
	folds->ids[folds->n++] = id;
}

/* Adds the ids of a list. */
static void
html_folds_add_list(struct html_folds *folds, struct slice list)
{
	for (size_t n; list.len > 0; list = (struct slice){list.p + n, list.len - n}) {
		n = 0;
		while (n < list.len && list.p[n] > ' ')
			n++;
		html_folds_add(folds, (struct slice){list.p, n});
		n += n < list.len;
	}
}

/* Adds the id of a reference such as "#answer". */
static void
html_folds_add_reference(struct html_folds *folds, struct slice reference)
{
	if (reference.len > 1 && reference.p[0] == '#')
		html_folds_add(folds, (struct slice){reference.p + 1, reference.len - 1});
}

/* Controls of menus, dialogs and hints open what is not content. */
static bool
html_folds_opens_overlay(const xmlNode *element)
{
	static const char *const attributes[] = {"data-toggle", "data-bs-toggle"};
	static const char *const kinds[] = {
	    "modal", "offcanvas", "dropdown", "tooltip", "popover"};

	for (size_t i = 0; i < ARRAY_LEN(attributes); i++)
		for (size_t k = 0; k < ARRAY_LEN(kinds); k++)
			if (html_tree_has_word(element, attributes[i], kinds[k]))
				return true;
	return html_tree_attribute(element, "aria-haspopup") != NULL &&
	    !html_tree_has_word(element, "aria-haspopup", "false");
}

/* What readers press to unfold something. A field with a list of suggestions is none. */
static bool
html_folds_is_control(const xmlNode *element)
{
	static const char *const names[] = {"button", "a", "summary", "dt"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (html_tree_is(element, names[i]))
			return !html_folds_opens_overlay(element);
	return html_tree_has_word(element, "role", "tab") ||
	    (html_tree_has_word(element, "role", "button") &&
		!html_folds_opens_overlay(element));
}

static void
html_folds_take(struct html_folds *folds, const xmlNode *control)
{
	/* Those of Bootstrap 3 to 5 and of Foundation name what they control by an id, too. */
	static const char *const references[] = {
	    "href", "data-target", "data-bs-target", "data-toggle"};

	html_folds_add_list(folds, html_tree_value(control, "aria-controls"));
	for (size_t i = 0; i < ARRAY_LEN(references); i++)
		html_folds_add_reference(folds, html_tree_value(control, references[i]));
}

void
html_folds_find(struct html_folds *folds, xmlNode *root)
{
	*folds = (struct html_folds){.n = 0};
	for (xmlNode *node = root; node != NULL;
	     node = html_tree_next(root, node, true, NULL, NULL))
		if (node->type == XML_ELEMENT_NODE && html_folds_is_control(node))
			html_folds_take(folds, node);
	if (folds->n > 0)
		qsort(folds->ids, folds->n, sizeof(*folds->ids), html_folds_compare);
}

void
html_folds_clear(struct html_folds *folds)
{
	free(folds->ids);
	folds->ids = NULL;
}

static bool
html_folds_is_panel(const struct html_folds *folds, const xmlNode *element)
{
	const struct slice id = html_tree_value(element, "id");

	if (html_tree_has_word(element, "role", "tabpanel") || html_tree_is(element, "dd"))
		return true;
	return id.len > 0 && folds->n > 0 &&
	    bsearch(&id, folds->ids, folds->n, sizeof(*folds->ids), html_folds_compare) != NULL;
}

/* The only child of an element that is not white space, if it is an element. */
static const xmlNode *
html_folds_only_child(const xmlNode *element)
{
	const xmlNode *only = NULL;

	for (const xmlNode *child = element->children; child != NULL; child = child->next) {
		if (child->type == XML_ELEMENT_NODE && only == NULL)
			only = child;
		else if (child->type == XML_ELEMENT_NODE ||
		    utf8_trim(html_tree_text(child)).len > 0)
			return NULL;
	}
	return only;
}

bool
html_folds_has(const struct html_folds *folds, const xmlNode *element)
{
	const xmlNode *node = element;

	for (int i = 0; i < WRAPPERS && node != NULL; i++) {
		if (html_folds_is_panel(folds, node))
			return true;
		node = html_folds_only_child(node);
	}
	node = element;
	for (int i = 0; i < WRAPPERS; i++) {
		const xmlNode *parent = node->parent;

		if (parent == NULL || html_folds_only_child(parent) != node)
			return false;
		if (html_folds_is_panel(folds, parent))
			return true;
		node = parent;
	}
	return false;
}
