#include "workerd/crawl/extract/html/html_fold.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "proto/base/basics.h"
#include "proto/base/hex.h"
#include "proto/base/utf8.h"
#include "workerd/crawl/extract/html/html_tree.h"

/* How many elements may be around a panel, each with nothing else in it. */
#define WRAPPERS 3

/* Nodes between a panel and its control: white space, boxes, comments. */
#define BETWEEN 6

struct html_fold_text {
	struct html_fold_text *next;
	uint8_t bytes[];
};

static int
html_folds_compare(const void *one, const void *other)
{
	const struct slice *a = one, *b = other;
	const int order = memcmp(a->p, b->p, a->len < b->len ? a->len : b->len);

	return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

static void
html_folds_add(struct html_fold_names *names, struct slice name)
{
	if (name.len == 0)
		return;
	if (names->n == names->room) {
		names->room = names->room == 0 ? 16 : 2 * names->room;
		names->at = xreallocarray(names->at, names->room, sizeof(*names->at));
	}
	names->at[names->n++] = name;
}

static void
html_folds_sort(struct html_fold_names *names)
{
	if (names->n > 0)
		qsort(names->at, names->n, sizeof(*names->at), html_folds_compare);
}

static bool
html_folds_find_name(const struct html_fold_names *names, struct slice name)
{
	return names->n > 0 &&
	    bsearch(&name, names->at, names->n, sizeof(*names->at), html_folds_compare) != NULL;
}

/* Takes the next word from a list. */
static bool
html_folds_next_word(struct slice *list, struct slice *word)
{
	size_t n = 0;

	while (list->len > 0 && list->p[0] <= ' ')
		*list = (struct slice){list->p + 1, list->len - 1};
	while (n < list->len && list->p[n] > ' ')
		n++;
	*word = (struct slice){list->p, n};
	*list = (struct slice){list->p + n, list->len - n};
	return n > 0;
}

/* Adds what a selector such as "#answer" or ".answers" names, or a mere id. */
static void
html_folds_add_selector(struct html_folds *folds, struct slice selector)
{
	const struct slice name = {selector.p + 1, selector.len > 0 ? selector.len - 1 : 0};

	if (selector.len == 0)
		return;
	if (selector.p[0] == '.')
		html_folds_add(&folds->classes, name);
	else
		html_folds_add(&folds->ids, selector.p[0] == '#' ? name : selector);
}

/* Writes the text without its escapes to out, which has as much room; an invalid escape stays. Returns the length. */
static size_t
html_folds_decode(struct slice text, uint8_t *out)
{
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		const bool fits = text.p[i] == '%' && text.len - i > 2;
		const int escaped = fits ? hex_value2(text.p + i + 1) : -1;

		out[n++] = escaped == -1 ? text.p[i] : (uint8_t)escaped;
		i += escaped == -1 ? 0 : 2;
	}
	return n;
}

/* Adds the fragment of an address; it may be that of the page, written in full. An element can have the fragment as its id,
 * or what its escapes stand for (HTML, "find a potential indicated element"). */
static void
html_folds_add_fragment(struct html_folds *folds, struct slice url)
{
	const uint8_t *hash = url.len == 0 ? NULL : memchr(url.p, '#', url.len);
	struct html_fold_text *text;
	struct slice fragment;

	if (hash == NULL)
		return;
	fragment = (struct slice){hash + 1, url.len - (size_t)(hash + 1 - url.p)};
	html_folds_add(&folds->ids, fragment);
	if (fragment.len == 0 || memchr(fragment.p, '%', fragment.len) == NULL)
		return;
	text = xcalloc(1, sizeof(*text) + fragment.len);
	text->next = folds->decoded;
	folds->decoded = text;
	html_folds_add(
	    &folds->ids, (struct slice){text->bytes, html_folds_decode(fragment, text->bytes)});
}

static bool
html_folds_has_text(struct slice s, const char *text)
{
	return s.len > 0 && memmem(s.p, s.len, text, strlen(text)) != NULL;
}

/* Adds the texts in quotes of a script such as "toggle('answer')". */
static void
html_folds_add_quoted(struct html_folds *folds, struct slice script)
{
	if (html_folds_has_text(script, "odal") || html_folds_has_text(script, "opup") ||
	    html_folds_has_text(script, "ialog"))
		return;
	while (script.len > 0) {
		const uint8_t quote = script.p[0];
		const uint8_t *end = NULL;

		script = (struct slice){script.p + 1, script.len - 1};
		if (quote != '\'' && quote != '"')
			continue;
		if (script.len > 0)
			end = memchr(script.p, quote, script.len);
		if (end == NULL)
			return;
		html_folds_add_selector(
		    folds, (struct slice){script.p, (size_t)(end - script.p)});
		script.len -= (size_t)(end + 1 - script.p);
		script.p = end + 1;
	}
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
	static const char *const names[] = {"button", "a", "summary", "dt", "label"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (html_tree_is(element, names[i]))
			return !html_folds_opens_overlay(element);
	return html_tree_has_word(element, "role", "tab") ||
	    ((html_tree_has_word(element, "role", "button") ||
		 html_tree_attribute(element, "onclick") != NULL ||
		 html_tree_attribute(element, "data-tab") != NULL) &&
		!html_folds_opens_overlay(element));
}

/* Adds what attributes of scripts name, such as data-bs-target, data-accordion-target or data-tab: what is no id does no
 * harm. Some name what they close, or an overlay. */
static void
html_folds_take_data(struct html_folds *folds, const xmlNode *control)
{
	static const char *const others[] = {
	    "dismiss", "close", "modal", "drawer", "dropdown", "popover", "tooltip"};

	for (const xmlAttr *a = control->properties; a != NULL; a = a->next) {
		const struct slice name = slice_str((const char *)a->name);
		bool other = false;

		if (strncmp((const char *)a->name, "data-", 5) != 0)
			continue;
		for (size_t i = 0; i < ARRAY_LEN(others); i++)
			other |= html_folds_has_text(name, others[i]);
		if (!other)
			html_folds_add_selector(
			    folds, html_tree_value(control, (const char *)a->name));
	}
}

static void
html_folds_take(struct html_folds *folds, const xmlNode *control)
{
	const struct slice href = html_tree_value(control, "href");
	struct slice ids = html_tree_value(control, "aria-controls"), id;

	while (html_folds_next_word(&ids, &id))
		html_folds_add(&folds->ids, id);
	if (href.len > 11 && strncasecmp((const char *)href.p, "javascript:", 11) == 0)
		html_folds_add_quoted(folds, href);
	else
		html_folds_add_fragment(folds, href);
	html_folds_add_quoted(folds, html_tree_value(control, "onclick"));
	html_folds_take_data(folds, control);
}

void
html_folds_find(struct html_folds *folds, xmlNode *root)
{
	*folds = (struct html_folds){.ids.n = 0};
	for (xmlNode *node = root; node != NULL;
	     node = html_tree_next(root, node, true, NULL, NULL))
		if (node->type == XML_ELEMENT_NODE && html_folds_is_control(node))
			html_folds_take(folds, node);
	html_folds_sort(&folds->ids);
	html_folds_sort(&folds->classes);
}

void
html_folds_clear(struct html_folds *folds)
{
	while (folds->decoded != NULL) {
		struct html_fold_text *text = folds->decoded;

		folds->decoded = text->next;
		free(text);
	}
	free(folds->ids.at);
	free(folds->classes.at);
	*folds = (struct html_folds){.ids.n = 0};
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

/* Whether an element unfolds what follows it: a control that says whether something is unfolded, a heading or a block that is a
 * button or has one, or the label of a box whose check unfolds by CSS. */
static bool
html_folds_unfolds_next(const xmlNode *element)
{
	const xmlNode *node = element;

	for (int i = 0; i < WRAPPERS && node != NULL; i++) {
		if (html_tree_is(node, "label") && html_tree_attribute(node, "for") != NULL)
			return true;
		if (html_folds_is_control(node) &&
		    (html_tree_attribute(node, "aria-expanded") != NULL ||
			html_tree_tag(node) == TAG_HEADING || html_tree_tag(node) == TAG_BLOCK))
			return true;
		node = html_folds_only_child(node);
	}
	return false;
}

/* The element before another one, without text between; boxes do not count. Few nodes are looked at: a page can have many. */
static const xmlNode *
html_folds_before(const xmlNode *element)
{
	const xmlNode *node = element->prev;

	for (int i = 0; i < BETWEEN && node != NULL; i++, node = node->prev) {
		if (utf8_trim(html_tree_text(node)).len > 0)
			return NULL;
		if (node->type == XML_ELEMENT_NODE && !html_tree_is(node, "input"))
			return node;
	}
	return NULL;
}

static bool
html_folds_has_class(const struct html_folds *folds, const xmlNode *element)
{
	struct slice classes = html_tree_value(element, "class"), name;

	while (folds->classes.n > 0 && html_folds_next_word(&classes, &name))
		if (html_folds_find_name(&folds->classes, name))
			return true;
	return false;
}

static bool
html_folds_is_panel(const struct html_folds *folds, const xmlNode *element)
{
	const struct slice id = html_tree_value(element, "id");

	if (html_tree_has_word(element, "role", "tabpanel") || html_tree_is(element, "dd"))
		return true;
	/* Microdata (schema.org/Question). */
	if (html_tree_has_word(element, "itemprop", "acceptedAnswer") ||
	    html_tree_has_word(element, "itemprop", "suggestedAnswer"))
		return true;
	if (html_tree_has_word(element, "role", "region") &&
	    html_tree_attribute(element, "aria-labelledby") != NULL)
		return true;
	return (id.len > 0 && html_folds_find_name(&folds->ids, id)) ||
	    html_folds_has_class(folds, element);
}

bool
html_folds_has(const struct html_folds *folds, const xmlNode *element)
{
	const xmlNode *node = element, *before = html_folds_before(element);

	if (before != NULL && html_folds_unfolds_next(before))
		return true;
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
