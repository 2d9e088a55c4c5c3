/*
 * One walk over the content, without recursion. Text collects in the writer; where a block begins or ends, what has
 * collected becomes a block of the kind that its place gives it. Inside a table, a heading or code, the elements of
 * blocks only separate words or lines.
 */
#include "workerd/crawl/extract/html/html_blocks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "workerd/crawl/extract/html/html_tree.h"

#define LISTS_MAX   16 /* deeper ones count as part of the last */
#define MARK_MAX    4  /* bytes of a link's text that is only a sign */
#define INDENTS_MAX 5  /* lists whose depth shows */
#define ALT_MIN     12 /* bytes of an image's text that says something */

struct list {
	const xmlNode *element;
	unsigned number; /* of the next item; 0: bullets */
};

struct walk {
	const struct html_page *page;
	struct writer *w;
	const xmlNode *root;
	const xmlNode *heading, *term, *code, *table; /* the one we are in; NULL: none */
	struct list lists[LISTS_MAX];
	size_t n_lists; /* may be over LISTS_MAX */
};

/* The kind of running text at this place. */
static enum block_kind
html_blocks_kind(const struct walk *k)
{
	if (k->code != NULL)
		return BLOCK_CODE;
	if (k->term != NULL)
		return BLOCK_TERM;
	return k->n_lists > 0 ? BLOCK_ITEM : BLOCK_PARAGRAPH;
}

/* A block begins or ends here. */
static void
html_blocks_break(struct walk *k)
{
	if (k->table != NULL || k->heading != NULL)
		writer_space(k->w);
	else if (k->code != NULL)
		writer_line(k->w);
	else
		writer_end(k->w, html_blocks_kind(k), 0);
}

static void
html_blocks_place(struct walk *k, const xmlNode *element, const struct html_measure *m)
{
	struct slice id = html_tree_value(element, "id");
	bool strong = m->tag == TAG_SECTION || m->tag == TAG_ARTICLE || m->tag == TAG_HEADING ||
	    m->tag == TAG_TERM || m->tag == TAG_LINK;

	if (id.len == 0 && m->tag == TAG_LINK)
		id = html_tree_value(element, "name");
	/* A place in the middle of a paragraph is not where the paragraph begins. */
	if (id.len > 0 && (k->heading != NULL || k->term != NULL || !writer_has_text(k->w)))
		writer_place(k->w, id, !strong);
}

static void
html_blocks_open_list(struct walk *k, const xmlNode *list)
{
	const char *start = html_tree_attribute(list, "start");
	struct list *mine;
	long number = start != NULL ? strtol(start, NULL, 10) : 1;

	if (k->n_lists++ >= LISTS_MAX)
		return;
	mine = &k->lists[k->n_lists - 1];
	mine->element = list;
	mine->number = 0;
	if (html_tree_is(list, "ol"))
		mine->number = number > 0 && number < 1000000 ? (unsigned)number : 1;
}

/* Spaces before the bullet of an item. */
static int
html_blocks_indent(const struct walk *k)
{
	size_t depth = k->n_lists < INDENTS_MAX ? k->n_lists : INDENTS_MAX;

	return depth > 0 ? 2 * (int)(depth - 1) : 0;
}

/* The text after an inner list belongs to the outer item. */
static void
html_blocks_close_list(struct walk *k)
{
	char prefix[WRITER_PREFIX_MAX];

	k->n_lists--;
	(void)snprintf(prefix, sizeof(prefix), "%*s", html_blocks_indent(k) + 2, "");
	writer_prefix(k->w, prefix);
}

static void
html_blocks_item(struct walk *k)
{
	int indent = html_blocks_indent(k);
	char prefix[WRITER_PREFIX_MAX];
	struct list *list;

	if (k->n_lists == 0) /* without a list around it */
		return;
	list = &k->lists[k->n_lists < LISTS_MAX ? k->n_lists - 1 : LISTS_MAX - 1];
	if (list->number > 0)
		(void)snprintf(prefix, sizeof(prefix), "%*s%u. ", indent, "", list->number++);
	else
		(void)snprintf(prefix, sizeof(prefix), "%*s- ", indent, "");
	writer_prefix(k->w, prefix);
}

/* Whether a table holds data, not the layout of a page. */
static bool
html_blocks_is_data(const xmlNode *table, const struct html_measure *m)
{
	return m->columns >= 2 && !m->has_blocks &&
	    !html_tree_has_word(table, "role", "presentation") &&
	    !html_tree_has_word(table, "role", "none");
}

/* Logos, and pictures that are buttons, say nothing about the content; nor does a file name. */
static bool
html_blocks_is_decoration(const xmlNode *image, struct slice alt)
{
	const xmlNode *parent = image->parent;

	if (alt.len < ALT_MIN || memchr(alt.p, ' ', alt.len) == NULL ||
	    strcasestr((const char *)alt.p, "logo") != NULL)
		return true;
	return html_tree_is(parent, "a") ||
	    (parent->parent != NULL && html_tree_is(parent->parent, "a"));
}

static void
html_blocks_image(struct walk *k, const xmlNode *image)
{
	struct slice alt = html_tree_value(image, "alt");

	/* Within <noscript>, it is the copy of one that is loaded later. */
	if (html_tree_is(image->parent, "noscript"))
		return;
	if (k->code != NULL || html_blocks_is_decoration(image, alt))
		return;
	writer_space(k->w);
	writer_text(k->w, alt);
	writer_space(k->w);
}

/* An element at which nothing of the text before goes on. */
static void
html_blocks_open(struct walk *k, const xmlNode *element, const struct html_measure *m)
{
	html_blocks_break(k);
	switch (m->tag) {
	case TAG_HEADING:
		if (k->table == NULL && k->code == NULL && k->heading == NULL)
			k->heading = element;
		break;
	case TAG_TERM:
		if (k->term == NULL)
			k->term = element;
		break;
	case TAG_CODE:
		if (k->table == NULL && k->heading == NULL && k->code == NULL)
			k->code = element;
		break;
	case TAG_TABLE:
		if (k->table == NULL && k->code == NULL && k->heading == NULL &&
		    html_blocks_is_data(element, m))
			k->table = element;
		break;
	case TAG_LIST:
		if (k->table == NULL)
			html_blocks_open_list(k, element);
		break;
	case TAG_ITEM:
		if (k->table == NULL)
			html_blocks_item(k);
		break;
	default:
		break;
	}
}

static bool
html_blocks_is_block(enum html_tag tag)
{
	return tag != TAG_INLINE && tag != TAG_LINK && tag != TAG_BREAK && tag != TAG_IMAGE;
}

/* A link from a heading to itself, such as "#" or a paragraph sign. */
static bool
html_blocks_is_mark(const xmlNode *element, const struct html_measure *m)
{
	const char *href = html_tree_attribute(element, "href");
	struct buf line;
	bool mark;

	if (m->tag != TAG_LINK || m->text > MARK_MAX || href == NULL || href[0] != '#')
		return false;
	buf_init(&line, MARK_MAX + 1);
	html_tree_line(element, &line);
	mark = buf_len(&line) == 0 || buf_data(&line)[0] == '#' || buf_data(&line)[0] >= 0x80;
	buf_clear(&line);
	return mark;
}

/* Whether the text before a list ends with a colon: then the list is what it announces, though it has only links. */
static bool
html_blocks_is_announced(const xmlNode *list)
{
	const xmlNode *node = list->prev;
	struct slice text;

	while (node != NULL && utf8_trim(html_tree_text(node)).len == 0) {
		if (node->type == XML_ELEMENT_NODE)
			node = html_tree_is(node, "p") ? node->last : NULL;
		else
			node = node->prev;
	}
	if (node == NULL)
		return false;
	text = utf8_trim(html_tree_text(node));
	return text.p[text.len - 1] == ':';
}

static bool
html_blocks_skips(const struct walk *k, const xmlNode *element, const struct html_measure *m)
{
	if (m->dropped)
		return true;
	if (element == k->root)
		return false;
	if (k->heading != NULL && html_blocks_is_mark(element, m))
		return true;
	/* Some sites are one form; others ask for a newsletter. */
	if (m->tag == TAG_FORM && m->text < k->page->text / 2)
		return true;
	return html_blocks_is_block(m->tag) && m->tag != TAG_HEADING && m->tag != TAG_ROW &&
	    m->tag != TAG_CELL && m->tag != TAG_TERM && m->tag != TAG_CODE &&
	    k->table == NULL && html_measure_is_menu(m) &&
	    !(m->tag == TAG_LIST && html_blocks_is_announced(element));
}

/* False: without what is below it. */
static bool
html_blocks_enter(struct walk *k, const xmlNode *element)
{
	const struct html_measure *m = html_measure_of(element);

	if (!m->dropped && m->tag == TAG_LINK)
		html_blocks_place(k, element, m);
	if (html_blocks_skips(k, element, m))
		return false;
	if (m->tag == TAG_BREAK) {
		if (k->table != NULL || k->heading != NULL)
			writer_space(k->w);
		else
			writer_line(k->w);
	} else if (m->tag == TAG_IMAGE) {
		html_blocks_image(k, element);
	} else if (k->table != NULL && m->tag == TAG_ROW) {
		writer_row(k->w);
	} else if (k->table != NULL && m->tag == TAG_CELL) {
		writer_cell(k->w);
	} else if (html_blocks_is_block(m->tag)) {
		html_blocks_open(k, element, m);
	}
	if (m->tag != TAG_LINK)
		html_blocks_place(k, element, m);
	return true;
}

static void
html_blocks_end_heading(struct walk *k, const xmlNode *heading)
{
	uint8_t level = (uint8_t)(heading->name[1] - '0');

	k->heading = NULL;
	writer_end(k->w, BLOCK_HEADING, level);
}

static void
html_blocks_leave(void *arg, xmlNode *element)
{
	struct walk *k = arg;
	const struct html_measure *m = html_measure_of(element);

	if (html_blocks_skips(k, element, m) && element != k->table)
		return;
	if (element == k->heading) {
		html_blocks_end_heading(k, element);
	} else if (element == k->code) {
		k->code = NULL;
		writer_end(k->w, BLOCK_CODE, 0);
	} else if (element == k->table) {
		k->table = NULL;
		writer_end_table(k->w);
	} else if (k->table != NULL && m->tag == TAG_ROW) {
		writer_end_row(k->w);
	} else if (k->table != NULL && m->tag == TAG_CAPTION) {
		writer_line(k->w);
	} else if (html_blocks_is_block(m->tag) && (k->table == NULL || m->tag != TAG_CELL)) {
		html_blocks_break(k);
	}
	if (element == k->term)
		k->term = NULL;
	if (m->tag == TAG_LIST && k->table == NULL && k->n_lists > 0)
		html_blocks_close_list(k);
}

static void
html_blocks_text(struct walk *k, const xmlNode *node)
{
	struct slice text = html_tree_text(node);

	if (k->code != NULL)
		writer_code(k->w, text);
	else
		writer_text(k->w, text);
}

static void
html_blocks_write_root(const struct html_page *page, struct writer *writer, const xmlNode *root)
{
	struct walk k = {.page = page, .w = writer, .root = root};
	xmlNode *node = (xmlNode *)(uintptr_t)root;

	while (node != NULL) {
		bool into = false;

		if (node->type == XML_ELEMENT_NODE)
			into = html_blocks_enter(&k, node);
		else
			html_blocks_text(&k, node);
		node = html_tree_next(root, node, into, html_blocks_leave, &k);
	}
	writer_end(writer, BLOCK_PARAGRAPH, 0);
}

void
html_blocks_write(const struct html_page *page, struct writer *writer)
{
	for (size_t i = 0; i < page->n_roots; i++)
		html_blocks_write_root(page, writer, page->roots[i]);
}
