#include "workerd/crawl/extract/html/html_tree.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"

/* Sorted by name. */
static const struct html_tree_name {
	const char *name;
	enum html_tag tag;
} html_tree_names[] = {
    {"a", TAG_LINK},
    {"address", TAG_BLOCK},
    {"annotation", TAG_UNREAD},
    {"applet", TAG_UNREAD},
    {"area", TAG_UNREAD},
    {"article", TAG_ARTICLE},
    {"aside", TAG_ASIDE},
    {"audio", TAG_UNREAD},
    {"base", TAG_UNREAD},
    {"blockquote", TAG_BLOCK},
    {"body", TAG_BLOCK},
    {"br", TAG_BREAK},
    {"button", TAG_UNREAD},
    {"canvas", TAG_UNREAD},
    {"caption", TAG_CAPTION},
    {"center", TAG_BLOCK},
    {"datalist", TAG_UNREAD},
    {"dd", TAG_BLOCK},
    {"details", TAG_BLOCK},
    {"dialog", TAG_UNREAD},
    {"dir", TAG_LIST},
    {"div", TAG_BLOCK},
    {"dl", TAG_DEFINITIONS},
    {"dt", TAG_TERM},
    {"embed", TAG_UNREAD},
    {"fieldset", TAG_BLOCK},
    {"figcaption", TAG_BLOCK},
    {"figure", TAG_BLOCK},
    {"footer", TAG_FOOTER},
    {"form", TAG_FORM},
    {"frameset", TAG_UNREAD},
    {"h1", TAG_HEADING},
    {"h2", TAG_HEADING},
    {"h3", TAG_HEADING},
    {"h4", TAG_HEADING},
    {"h5", TAG_HEADING},
    {"h6", TAG_HEADING},
    {"head", TAG_BLOCK}, /* see html_root() */
    {"header", TAG_HEADER},
    {"hgroup", TAG_BLOCK},
    {"hr", TAG_BLOCK},
    {"iframe", TAG_UNREAD},
    {"img", TAG_IMAGE},
    {"input", TAG_UNREAD},
    {"legend", TAG_BLOCK},
    {"li", TAG_ITEM},
    {"link", TAG_UNREAD},
    {"listing", TAG_CODE},
    {"main", TAG_MAIN},
    {"map", TAG_UNREAD},
    {"menu", TAG_LIST},
    {"meta", TAG_UNREAD},
    {"meter", TAG_UNREAD},
    {"nav", TAG_NAVIGATION},
    {"noscript", TAG_UNREAD},
    {"object", TAG_UNREAD},
    {"ol", TAG_LIST},
    {"optgroup", TAG_UNREAD},
    {"option", TAG_UNREAD},
    {"p", TAG_BLOCK},
    {"plaintext", TAG_CODE},
    {"pre", TAG_CODE},
    {"progress", TAG_UNREAD},
    {"rp", TAG_UNREAD},
    {"rt", TAG_UNREAD},
    {"script", TAG_UNREAD},
    {"section", TAG_SECTION},
    {"select", TAG_UNREAD},
    {"style", TAG_UNREAD},
    {"summary", TAG_TERM},
    {"svg", TAG_UNREAD},
    {"table", TAG_TABLE},
    {"td", TAG_CELL},
    {"template", TAG_UNREAD},
    {"textarea", TAG_UNREAD},
    {"th", TAG_CELL},
    {"title", TAG_UNREAD},
    {"tr", TAG_ROW},
    {"ul", TAG_LIST},
    {"video", TAG_UNREAD},
    {"xmp", TAG_CODE},
};

static int
html_tree_compare(const void *key, const void *row)
{
	return strcmp(key, ((const struct html_tree_name *)row)->name);
}

enum html_tag
html_tree_tag(const xmlNode *element)
{
	const struct html_tree_name *found = bsearch(element->name, html_tree_names,
	    ARRAY_LEN(html_tree_names), sizeof(html_tree_names[0]), html_tree_compare);

	if (found != NULL)
		return found->tag;
	/* Elements of web components are mostly blocks. */
	return strchr((const char *)element->name, '-') != NULL ? TAG_BLOCK : TAG_INLINE;
}

bool
html_tree_is(const xmlNode *element, const char *name)
{
	return element->type == XML_ELEMENT_NODE &&
	    strcmp((const char *)element->name, name) == 0;
}

const char *
html_tree_attribute(const xmlNode *element, const char *name)
{
	for (const xmlAttr *a = element->properties; a != NULL; a = a->next) {
		if (strcmp((const char *)a->name, name) != 0)
			continue;
		if (a->children == NULL || a->children->content == NULL)
			return "";
		return (const char *)a->children->content;
	}
	return NULL;
}

struct slice
html_tree_value(const xmlNode *element, const char *name)
{
	const char *value = html_tree_attribute(element, name);

	return utf8_trim(slice_str(value != NULL ? value : ""));
}

bool
html_tree_has_word(const xmlNode *element, const char *name, const char *word)
{
	const char *value = html_tree_attribute(element, name), *space = " \t\r\n\f";
	size_t len = strlen(word);

	while (value != NULL && *value != '\0') {
		size_t n;

		value += strspn(value, space);
		n = strcspn(value, space);
		if (n == len && strncasecmp(value, word, n) == 0)
			return true;
		value += n;
	}
	return false;
}

struct slice
html_tree_text(const xmlNode *node)
{
	bool text = node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE;

	return slice_str(text && node->content != NULL ? (const char *)node->content : "");
}

xmlNode *
html_tree_next(const xmlNode *top, xmlNode *node, bool into, html_tree_leave *leave, void *arg)
{
	if (into && node->type == XML_ELEMENT_NODE && node->children != NULL)
		return node->children;
	for (;;) {
		if (leave != NULL && node->type == XML_ELEMENT_NODE)
			leave(arg, node);
		if (node == top)
			return NULL;
		if (node->next != NULL)
			return node->next;
		node = node->parent;
	}
}

/* Adds the words of a text; false once out is full. */
static bool
html_tree_words(struct slice text, struct buf *out, bool *space)
{
	while (text.len > 0) {
		size_t n = utf8_char(text);
		struct slice one = {text.p, n};

		must(n > 0);
		if (utf8_trim(one).len == 0 || utf8_has_control(one, "")) {
			*space = true;
		} else {
			if (*space && buf_len(out) > 0 && buf_append_str(out, " ") == -1)
				return false;
			*space = false;
			if (buf_append(out, one.p, n) == -1)
				return false;
		}
		text.p += n;
		text.len -= n;
	}
	return true;
}

void
html_tree_line(const xmlNode *element, struct buf *out)
{
	xmlNode *node = element->children;
	bool space = false;

	while (node != NULL && html_tree_words(html_tree_text(node), out, &space)) {
		bool read = node->type == XML_ELEMENT_NODE && html_tree_tag(node) != TAG_UNREAD;

		if (read && html_tree_tag(node) != TAG_INLINE)
			space = true;
		node = html_tree_next(element, node, read, NULL, NULL);
	}
}
