#include "workerd/crawl/extract/html/html_head.h"

#include <string.h>
#include <strings.h>

#include "proto/base/basics.h"
#include "workerd/crawl/extract/html/html_tree.h"
#include "workerd/crawl/extract/html/link_set.h"

#define HINT_MAX 2048 /* bytes of <noscript> that are looked at */

struct reading {
	struct html_head *head;
	struct outcome *out;
	struct slice base; /* of relative links */
	const xmlNode *title, *heading, *canonical;
	struct slice og_title, og_language;
	struct buf base_url;
};

static bool
html_head_is_one_of(const char *value, const char *const *names, size_t n)
{
	for (size_t i = 0; value != NULL && i < n; i++)
		if (strcasecmp(value, names[i]) == 0)
			return true;
	return false;
}

static void
html_head_robots(struct outcome *out, const char *content)
{
	static const char separators[] = ", \t\r\n";

	while (*content != '\0') {
		size_t n;

		content += strspn(content, separators);
		n = strcspn(content, separators);
		if (n == 4 && strncasecmp(content, "none", n) == 0)
			out->noindex = out->nofollow = true;
		out->noindex |= n == 7 && strncasecmp(content, "noindex", n) == 0;
		out->nofollow |= n == 8 && strncasecmp(content, "nofollow", n) == 0;
		content += n;
	}
}

/* A BCP 47 tag in lower case. */
static void
html_head_language(struct outcome *out, struct slice tag)
{
	char text[DOCUMENT_LANGUAGE_MAX];

	if (tag.len < 2 || tag.len > sizeof(text) || buf_len(&out->language) > 0)
		return;
	for (size_t i = 0; i < tag.len; i++) {
		uint8_t c = tag.p[i] == '_' ? '-' : tag.p[i];

		if (c >= 'A' && c <= 'Z')
			c = (uint8_t)(c | 0x20);
		if (c != '-' && (c < 'a' || c > 'z') && (c < '0' || c > '9'))
			return;
		text[i] = (char)c;
	}
	must(buf_append(&out->language, text, tag.len) == 0);
}

static void
html_head_meta(struct reading *r, const xmlNode *meta)
{
	const char *name = html_tree_attribute(meta, "name");
	const char *property = html_tree_attribute(meta, "property");
	const char *header = html_tree_attribute(meta, "http-equiv");
	struct slice content = html_tree_value(meta, "content");

	if (content.len == 0)
		return;
	if (name != NULL && strcasecmp(name, "robots") == 0)
		html_head_robots(r->out, (const char *)content.p);
	if (property != NULL && strcmp(property, "og:title") == 0)
		r->og_title = content;
	if ((property != NULL && strcmp(property, "og:locale") == 0) ||
	    (header != NULL && strcasecmp(header, "content-language") == 0))
		r->og_language = content;
}

static void
html_head_noscript(struct html_head *head, const xmlNode *noscript)
{
	struct buf text;

	buf_init(&text, HINT_MAX);
	html_tree_line(noscript, &text);
	if (buf_append(&text, "", 1) == 0)
		head->hint |= strcasestr((const char *)buf_data(&text), "script") != NULL;
	buf_clear(&text);
}

static void
html_head_signs(struct html_head *head, const xmlNode *element)
{
	static const char *const roots[] = {"root", "app", "__next", "__nuxt", "___gatsby",
	    "app-root", "react-root", "svelte", "q-app", "main-app"};
	const char *id = html_tree_attribute(element, "id");
	const char *type;

	if (html_tree_is(element, "script"))
		head->scripts = true;
	if (html_tree_is(element, "noscript"))
		html_head_noscript(head, element);
	if (html_head_is_one_of(id, roots, ARRAY_LEN(roots)) ||
	    html_tree_is(element, "app-root"))
		head->app_root = true;
	type = html_tree_is(element, "input") ? html_tree_attribute(element, "type") : NULL;
	if (type != NULL && strcasecmp(type, "password") == 0)
		head->password = true;
}

/* Without an address if the element's is none. */
static void
html_head_resolve(const struct reading *r, const xmlNode *element, struct buf *url)
{
	if (link_set_resolve(html_tree_value(element, "href"), r->base, url) == -1)
		buf_reset(url);
}

static void
html_head_element(struct reading *r, const xmlNode *element)
{
	html_head_signs(r->head, element);
	if (html_tree_is(element, "meta"))
		html_head_meta(r, element);
	else if (html_tree_is(element, "html"))
		html_head_language(r->out, html_tree_value(element, "lang"));
	/* An image's <title> is inside <svg>. */
	else if (html_tree_is(element, "title") && r->title == NULL &&
	    !html_tree_is(element->parent, "svg"))
		r->title = element;
	else if (html_tree_is(element, "h1") && r->heading == NULL)
		r->heading = element;
	else if (html_tree_is(element, "base") && buf_len(&r->base_url) == 0)
		html_head_resolve(r, element, &r->base_url);
	else if (html_tree_is(element, "link") && r->canonical == NULL &&
	    html_tree_has_word(element, "rel", "canonical"))
		r->canonical = element;
}

/* The first of <title>, og:title and <h1> with text. */
static void
html_head_title(struct reading *r)
{
	const xmlNode *elements[] = {r->title, r->heading};

	for (size_t i = 0; i < ARRAY_LEN(elements); i++) {
		struct buf line;

		if (elements[i] != NULL) {
			buf_init(&line, DOCUMENT_TITLE_MAX);
			if (i == 0 && elements[i]->children != NULL)
				outcome_title(r->out, html_tree_text(elements[i]->children));
			else
				html_tree_line(elements[i], &line);
			outcome_title(r->out, buf_slice(&line));
			buf_clear(&line);
		}
		if (r->og_title.len > 0)
			outcome_title(r->out, r->og_title);
	}
}

/* Links of navigation lead to pages, too. */
static void
html_head_links(struct reading *r, const xmlNode *root)
{
	struct link_set *links = link_set_new(&r->out->links, r->base);

	for (const xmlNode *node = root; node != NULL;
	     node = html_tree_next(root, (xmlNode *)(uintptr_t)node, true, NULL, NULL)) {
		if ((html_tree_is(node, "a") || html_tree_is(node, "area")) &&
		    !html_tree_has_word(node, "rel", "nofollow"))
			link_set_add(links, html_tree_value(node, "href"));
	}
	link_set_free(links);
}

void
html_head_read(struct html_head *head, struct outcome *out, const xmlDoc *doc, struct slice url)
{
	struct reading r = {.head = head, .out = out, .base = url};
	xmlNode *root = xmlDocGetRootElement(doc), *node = root;

	memset(head, 0, sizeof(*head));
	buf_init(&r.base_url, DOCUMENT_URL_MAX);
	for (; node != NULL; node = html_tree_next(root, node, true, NULL, NULL))
		if (node->type == XML_ELEMENT_NODE)
			html_head_element(&r, node);
	if (buf_len(&r.base_url) > 0)
		r.base = buf_slice(&r.base_url);
	html_head_title(&r);
	if (r.og_language.len > 0)
		html_head_language(out, r.og_language);
	if (r.canonical != NULL)
		html_head_resolve(&r, r.canonical, &out->canonical);
	if (root != NULL)
		html_head_links(&r, root);
	buf_clear(&r.base_url);
}
