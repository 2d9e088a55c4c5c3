#include "workerd/crawl/extract/html/html_measure.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "workerd/crawl/extract/html/html_fold.h"
#include "workerd/crawl/extract/html/html_titled.h"
#include "workerd/crawl/extract/html/html_tree.h"

/* A <main> with so much of the body's text, or so many bytes, is the content. */
#define MAIN_TENTH 10
#define MAIN_TEXT  200

/* So many times the other text is too much for what surrounds it. */
#define SURROUNDING_TIMES 2

/* An article: a paragraph has so many bytes of its own, and all have so many together. The element of the article has so
 * much of them; what is outside of it has at least this part of the page, mostly lists of links, and at most this part of
 * what no link has. Measured with 130 pages, see README.md. */
#define PROSE_PARAGRAPH  80
#define PROSE_ARTICLE    400
#define PROSE_PERCENT    90
#define OUTSIDE_TENTH    10
#define OUTSIDE_LINKED   3
#define OUTSIDE_UNLINKED 4

#define QUESTION_MAX 400 /* bytes of a question on a button */

#define MENU_LINKS      3
#define MENU_TEXT       80 /* bytes of an average link; longer ones are sentences */
#define LIST_MENU_LINKS 2

/* Bytes of the text in <noscript>: of what counts as content, and how many are looked at. */
#define NOSCRIPT_MIN  20
#define NOSCRIPT_MAX  65536
#define NOSCRIPT_HINT 400 /* a longer text is no request to allow scripts */

struct measuring {
	struct html_page *page;
	const struct html_folds *folds;
	bool keeps_surroundings;
	size_t surrounding; /* bytes of text that was left out as such */
	const xmlNode *body;
	size_t elements, n;     /* of the body; of these, so far */
	const xmlNode *in_link; /* the <a> we are in */
	unsigned inside;        /* how many <main> and <article> we are in */
	unsigned in_articles;   /* of these, articles */
	const xmlNode *main;
	const xmlNode *articles[HTML_MEASURE_ROOTS]; /* that are in no other */
	size_t n_articles;
};

static struct html_measure *
html_measure_mutable(const xmlNode *element)
{
	return element->_private;
}

const struct html_measure *
html_measure_of(const xmlNode *element)
{
	return html_measure_mutable(element);
}

static bool
html_measure_is_any(
    const xmlNode *element, const char *attribute, const char *const *words, size_t n)
{
	if (html_tree_attribute(element, attribute) == NULL)
		return false;
	for (size_t i = 0; i < n; i++)
		if (html_tree_has_word(element, attribute, words[i]))
			return true;
	return false;
}

/* By the attributes that hide an element from readers, or from those who listen. */
static bool
html_measure_hides(const xmlNode *element)
{
	const char *hidden = html_tree_attribute(element, "hidden");
	const char *style = html_tree_attribute(element, "style");
	char text[256];
	size_t n = 0;

	if (hidden != NULL && strcasecmp(hidden, "until-found") != 0)
		return true;
	if (html_tree_attribute(element, "popover") != NULL)
		return true;
	if (html_tree_has_word(element, "aria-hidden", "true"))
		return true;
	if (style == NULL)
		return false;
	for (; *style != '\0' && n < sizeof(text) - 1; style++)
		if (*style != ' ' && *style != '\t' && *style != '\n')
			text[n++] = *style;
	text[n] = '\0';
	return strcasestr(text, "display:none") != NULL ||
	    strcasestr(text, "visibility:hidden") != NULL;
}

/* Hidden parts that are unfolded, but are not content. */
static bool
html_measure_is_overlay(const xmlNode *element)
{
	static const char *const roles[] = {"listbox", "status", "alert", "tooltip"};
	static const char *const names[] = {"modal", "offcanvas", "popup", "popover",
	    "lightbox", "drawer", "dropdown", "dropdown-menu", "dropdown-content", "submenu",
	    "sub-menu", "menu", "mobile-menu", "mega-menu", "overlay", "tooltip", "toast",
	    "search-form"};

	return html_tree_attribute(element, "popover") != NULL ||
	    html_measure_is_any(element, "role", roles, ARRAY_LEN(roles)) ||
	    html_measure_is_any(element, "class", names, ARRAY_LEN(names)) ||
	    html_measure_is_any(element, "id", names, ARRAY_LEN(names));
}

static bool
html_measure_is_hidden(const struct measuring *m, const xmlNode *element)
{
	return html_measure_hides(element) &&
	    (!html_folds_has(m->folds, element) || html_measure_is_overlay(element));
}

/* A remark that belongs to the text, not what stands beside it. */
static bool
html_measure_is_note(const xmlNode *aside)
{
	static const char *const notes[] = {"note", "tip", "hint", "info", "warning", "caution",
	    "danger", "important", "admonition", "callout", "alert", "starlight-aside"};

	return html_tree_has_word(aside, "role", "note") ||
	    html_measure_is_any(aside, "class", notes, ARRAY_LEN(notes));
}

/* By roles, and by the names that many sites and generators of documents give. */
static bool
html_measure_is_beside(const xmlNode *element, bool inside)
{
	static const char *const roles[] = {"navigation", "contentinfo", "search", "menu",
	    "menubar", "toolbar", "dialog", "alertdialog", "complementary", "tooltip"};
	static const char *const names[] = {"headerlink", "linenos", "lineno", "line-numbers",
	    "gutter", "copybutton", "breadcrumb", "breadcrumbs", "sidebar", "navbar",
	    "pagination", "pager", "skip-link", "skip-to-content", "sr-only", "visually-hidden",
	    "screen-reader-text", "cookie-banner", "cookie-consent", "cookie-notice",
	    "cookiebanner", "share-buttons", "social-share", "related-posts", "noprint",
	    "edit-this-page", "mw-editsection", "table-of-contents", "toc"};

	if (html_tree_has_word(element, "role", "banner"))
		return !inside;
	return html_measure_is_any(element, "role", roles, ARRAY_LEN(roles)) ||
	    html_measure_is_any(element, "class", names, ARRAY_LEN(names)) ||
	    html_measure_is_any(element, "id", names, ARRAY_LEN(names));
}

/* Whether a name, of words that hyphens or underscores join, begins or ends with one of the words. Names of states, such as
 * "comments-open" or "has-share", do not count. */
static bool
html_measure_is_named(struct slice name, const char *const *words, size_t n)
{
	static const char *const states[] = {
	    "no", "has", "with", "without", "is", "open", "closed", "enabled", "disabled"};
	struct slice ends[2] = {name, name};

	for (size_t i = 0; i < name.len; i++)
		if (name.p[i] == '-' || name.p[i] == '_') {
			if (ends[0].len == name.len)
				ends[0].len = i;
			ends[1] = (struct slice){name.p + i + 1, name.len - i - 1};
		}
	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < ARRAY_LEN(states); i++)
			if (slice_eq_str(ends[k], states[i]))
				return false;
	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < n; i++)
			if (ends[k].len == strlen(words[i]) &&
			    strncasecmp((const char *)ends[k].p, words[i], ends[k].len) == 0)
				return true;
	return false;
}

static bool
html_measure_has_named(
    const xmlNode *element, const char *attribute, const char *const *words, size_t n)
{
	struct slice rest = html_tree_value(element, attribute);

	while (rest.len > 0) {
		size_t len = 0;

		while (len < rest.len && rest.p[len] > ' ')
			len++;
		if (html_measure_is_named((struct slice){rest.p, len}, words, n))
			return true;
		len += len < rest.len;
		rest = (struct slice){rest.p + len, rest.len - len};
	}
	return false;
}

/* What surrounds an article on many sites: comments of readers, further articles, buttons to share it, players. An id may be
 * that of a section with this subject. */
static bool
html_measure_is_surrounding(const xmlNode *element, enum html_tag tag)
{
	static const char *const words[] = {"comments", "commentlist", "comment", "disqus",
	    "livefyre", "related", "recommendations", "recirc", "outbrain", "taboola", "trc",
	    "share", "sharing", "sharebar", "sharetools", "social", "newsletter", "trending",
	    "mostread", "vjs", "jwplayer", "mejs", "player", "advert", "advertisement", "ad",
	    "ads", "sponsored"};

	if ((tag != TAG_BLOCK && tag != TAG_LIST && tag != TAG_ITEM && tag != TAG_SECTION &&
		tag != TAG_TABLE && tag != TAG_FORM) ||
	    html_tree_is(element, "html") || html_tree_is(element, "body"))
		return false;
	return html_measure_has_named(element, "class", words, ARRAY_LEN(words)) ||
	    (tag != TAG_SECTION && !html_tree_has_word(element, "class", "section") &&
		html_measure_has_named(element, "id", words, ARRAY_LEN(words)));
}

static bool
html_measure_is_titled(xmlNode *element, enum html_tag tag)
{
	return (tag == TAG_BLOCK || tag == TAG_SECTION) && !html_tree_is(element, "body") &&
	    html_titled_is_beside(element);
}

static bool
html_measure_is_dropped(const struct measuring *m, const xmlNode *element, enum html_tag tag)
{
	bool inside = m->inside > 0;

	switch (tag) {
	case TAG_UNREAD:
	case TAG_NAVIGATION:
	case TAG_FOOTER:
		return true;
	case TAG_HEADER:
		if (!inside)
			return true;
		break;
	case TAG_ASIDE:
		return !inside || !html_measure_is_note(element) ||
		    html_measure_is_hidden(m, element);
	case TAG_MAIN:
	case TAG_ARTICLE:
		return html_measure_is_hidden(m, element);
	default:
		break;
	}
	return html_measure_is_hidden(m, element) ||
	    (!html_tree_is(element, "body") && html_measure_is_beside(element, inside));
}

/* Whether a short text is about scripts: "Please enable JavaScript", but not "a description". */
static bool
html_measure_names_scripts(struct buf *line)
{
	const char *text, *at;

	if (buf_len(line) > NOSCRIPT_HINT)
		return false;
	must(buf_append(line, "", 1) == 0);
	text = at = (const char *)buf_data(line);
	if (strcasestr(text, "javascript") != NULL)
		return true;
	while ((at = strcasestr(at, "s")) != NULL) {
		if ((strncasecmp(at, "script", 6) == 0 || strncasecmp(at, "skript", 6) == 0) &&
		    (at == text || at[-1] == ' ' || at[-1] == '-'))
			return true;
		at++;
	}
	return false;
}

/* The text of what scripts load later, not a request to allow scripts, nor a picture that counts visits. */
static bool
html_measure_is_lazy_copy(const xmlNode *noscript)
{
	struct buf line;
	bool copy;

	buf_init(&line, NOSCRIPT_MAX);
	html_tree_line(noscript, &line);
	copy = buf_len(&line) >= NOSCRIPT_MIN &&
	    memchr(buf_data(&line), '<', buf_len(&line)) == NULL &&
	    !html_measure_names_scripts(&line);
	buf_clear(&line);
	return copy;
}

/* A button that folds an answer has its question if it is the heading, or ends with a question mark. */
static bool
html_measure_is_folding_button(const xmlNode *button)
{
	static const char *const attributes[] = {
	    "aria-controls", "aria-expanded", "data-target", "data-bs-target"};
	static const char *const names[] = {
	    "accordion", "collapsible", "faq", "question", "toggle"};

	for (size_t i = 0; i < ARRAY_LEN(attributes); i++)
		if (html_tree_attribute(button, attributes[i]) != NULL)
			return true;
	return html_measure_has_named(button, "class", names, ARRAY_LEN(names));
}

static bool
html_measure_is_heading_button(const xmlNode *button)
{
	return html_tree_tag(button->parent) == TAG_HEADING ||
	    html_tree_tag(button->parent) == TAG_TERM;
}

static bool
html_measure_asks(const xmlNode *button)
{
	struct buf line;
	bool asks;

	buf_init(&line, QUESTION_MAX);
	html_tree_line(button, &line);
	asks = buf_len(&line) > 1 && buf_data(&line)[buf_len(&line) - 1] == '?';
	buf_clear(&line);
	return asks;
}

static enum html_tag
html_measure_tag(const xmlNode *element)
{
	enum html_tag tag = html_tree_tag(element);

	if (html_tree_is(element, "noscript") && html_measure_is_lazy_copy(element))
		return TAG_BLOCK;
	if (html_tree_is(element, "button") && html_measure_is_folding_button(element)) {
		if (html_measure_is_heading_button(element))
			return TAG_INLINE;
		if (html_measure_asks(element))
			return TAG_TERM;
	}
	if (tag != TAG_UNREAD && html_tree_has_word(element, "role", "main"))
		return TAG_MAIN;
	return tag;
}

static void
html_measure_count_text(struct measuring *m, const xmlNode *node)
{
	struct slice text = html_tree_text(node);
	struct html_measure *parent = html_measure_mutable(node->parent);
	uint32_t n = 0;

	for (size_t i = 0; i < text.len; i++)
		n += text.p[i] > ' ';
	parent->text += n;
	parent->own += n;
	if (m->in_link != NULL) {
		parent->linked += n;
		parent->own_linked += n;
	}
}

/* Bytes of all text below an element. */
static size_t
html_measure_letters(xmlNode *element)
{
	size_t n = 0;

	for (xmlNode *node = element->children; node != NULL;
	     node = html_tree_next(element, node,
		 node->type == XML_ELEMENT_NODE && html_tree_tag(node) != TAG_UNREAD, NULL,
		 NULL))
		n += utf8_trim(html_tree_text(node)).len;
	return n;
}

/* Enters an element; false if it is dropped. */
static bool
html_measure_enter(struct measuring *m, xmlNode *element)
{
	struct html_measure *mine = &m->page->all[m->n++];

	element->_private = mine;
	mine->tag = (uint8_t)html_measure_tag(element);
	mine->dropped = html_measure_is_dropped(m, element, mine->tag);
	if (!mine->dropped && !m->keeps_surroundings &&
	    (html_measure_is_surrounding(element, mine->tag) ||
		html_measure_is_titled(element, mine->tag))) {
		mine->dropped = true;
		m->surrounding += html_measure_letters(element);
	}
	if (mine->dropped)
		return false;
	if (mine->tag == TAG_LINK && m->in_link == NULL &&
	    html_tree_attribute(element, "href") != NULL) {
		m->in_link = element;
		mine->links = 1;
	}
	m->inside += mine->tag == TAG_MAIN || mine->tag == TAG_ARTICLE;
	m->in_articles += mine->tag == TAG_ARTICLE;
	return true;
}

static void
html_measure_note_root(
    struct measuring *m, const xmlNode *element, const struct html_measure *mine)
{
	if (mine->tag == TAG_MAIN &&
	    (m->main == NULL || html_measure_of(m->main)->text < mine->text))
		m->main = element;
	if (mine->tag == TAG_ARTICLE && m->in_articles == 0) {
		if (m->n_articles < HTML_MEASURE_ROOTS)
			m->articles[m->n_articles] = element;
		m->n_articles++;
	}
}

/* Adds an element to the one around it. */
static void
html_measure_leave(void *arg, xmlNode *element)
{
	struct measuring *m = arg;
	struct html_measure *mine = html_measure_mutable(element);
	struct html_measure *parent =
	    element == m->body ? NULL : html_measure_mutable(element->parent);

	if (mine->dropped)
		return;
	if (m->in_link == element)
		m->in_link = NULL;
	m->inside -= mine->tag == TAG_MAIN || mine->tag == TAG_ARTICLE;
	m->in_articles -= mine->tag == TAG_ARTICLE;
	html_measure_note_root(m, element, mine);
	if (mine->tag == TAG_BLOCK && mine->own >= PROSE_PARAGRAPH &&
	    mine->own_linked <= mine->own / 3)
		mine->prose += mine->own;
	if (parent == NULL)
		return;
	if (mine->tag == TAG_INLINE || mine->tag == TAG_LINK) {
		parent->own += mine->own;
		parent->own_linked += mine->own_linked;
	}
	parent->prose += mine->prose;
	parent->text += mine->text;
	parent->linked += mine->linked;
	parent->links += mine->links;
	parent->has_blocks |= mine->has_blocks || mine->tag == TAG_TABLE ||
	    mine->tag == TAG_HEADING || mine->tag == TAG_CODE;
	parent->has_headings |= mine->has_headings || mine->tag == TAG_HEADING;
	if (mine->tag == TAG_CELL && parent->columns < UINT16_MAX)
		parent->columns++;
	else if (mine->tag != TAG_TABLE && parent->tag != TAG_ROW &&
	    parent->columns < mine->columns)
		parent->columns = mine->columns;
}

static size_t
html_measure_count(xmlNode *body)
{
	size_t n = 0;

	for (xmlNode *node = body; node != NULL;
	     node = html_tree_next(body, node, true, NULL, NULL))
		n += node->type == XML_ELEMENT_NODE;
	return n;
}

/* Whether what is outside of an element of an article is mostly links, such as lists of further articles. */
static bool
html_measure_is_article(const struct html_measure *element, const struct html_measure *page)
{
	const uint32_t outside = page->text - element->text;
	const uint32_t linked = page->linked - element->linked;

	return outside >= page->text / OUTSIDE_TENTH && linked >= outside / OUTSIDE_LINKED &&
	    outside - linked <= (page->text - page->linked) / OUTSIDE_UNLINKED;
}

/* The child with nearly all paragraphs of the page; NULL: none. */
static const xmlNode *
html_measure_prose_of(const xmlNode *element, uint32_t prose)
{
	for (const xmlNode *child = element->children; child != NULL; child = child->next)
		if (child->type == XML_ELEMENT_NODE && !html_measure_of(child)->dropped &&
		    (uint64_t)html_measure_of(child)->prose * 100 >=
			(uint64_t)prose * PROSE_PERCENT)
			return child;
	return NULL;
}

/* The innermost element that holds the article of a page; the root itself if there is none. */
static const xmlNode *
html_measure_narrow(const xmlNode *root)
{
	const struct html_measure *page = html_measure_of(root);
	const xmlNode *best = root;

	if (page->prose < PROSE_ARTICLE)
		return root;
	for (const xmlNode *node = root; node != NULL;
	     node = html_measure_prose_of(node, page->prose))
		if (html_measure_is_article(html_measure_of(node), page))
			best = node;
	return best;
}

/* <main>, else the articles, else the body: whichever has a good part of the text. */
static void
html_measure_choose(struct html_page *page, const struct measuring *m, const xmlNode *body)
{
	uint32_t all = html_measure_of(body)->text, in_articles = 0;
	size_t n = m->n_articles <= HTML_MEASURE_ROOTS ? m->n_articles : 0;

	for (size_t i = 0; i < n; i++)
		in_articles += html_measure_of(m->articles[i])->text;
	if (m->main != NULL &&
	    (html_measure_of(m->main)->text >= MAIN_TEXT ||
		html_measure_of(m->main)->text >= all / MAIN_TENTH)) {
		page->roots[page->n_roots++] = m->main;
	} else if (n > 0 && in_articles >= all / 2) {
		for (size_t i = 0; i < n; i++)
			page->roots[page->n_roots++] = m->articles[i];
	} else {
		page->roots[page->n_roots++] = body;
	}
	if (page->n_roots == 1)
		page->roots[0] = html_measure_narrow(page->roots[0]);
	for (size_t i = 0; i < page->n_roots; i++)
		page->text += html_measure_of(page->roots[i])->text;
}

static void
html_measure_all(struct measuring *m, xmlNode *body)
{
	xmlNode *node = body;

	memset(m->page->all, 0, m->elements * sizeof(m->page->all[0]));
	while (node != NULL) {
		bool into = false;

		if (node->type == XML_ELEMENT_NODE)
			into = html_measure_enter(m, node);
		else
			html_measure_count_text(m, node);
		node = html_tree_next(body, node, into, html_measure_leave, m);
	}
}

/* A page that has little else has its content in what surrounds others: the names mean something else there. */
void
html_measure_page(struct html_page *page, xmlNode *body)
{
	struct html_folds folds;
	struct measuring m;

	memset(page, 0, sizeof(*page));
	if (body == NULL)
		return;
	html_folds_find(&folds, body);
	m = (struct measuring){
	    .page = page, .folds = &folds, .body = body, .elements = html_measure_count(body)};
	page->all = xcalloc(m.elements, sizeof(page->all[0]));
	html_measure_all(&m, body);
	if (m.surrounding / SURROUNDING_TIMES > html_measure_of(body)->text) {
		m = (struct measuring){.page = page,
		    .folds = &folds,
		    .body = body,
		    .elements = m.elements,
		    .keeps_surroundings = true};
		html_measure_all(&m, body);
	}
	if (!html_measure_of(body)->dropped)
		html_measure_choose(page, &m, body);
	html_folds_clear(&folds);
}

void
html_measure_clear(struct html_page *page)
{
	free(page->all);
	page->all = NULL;
}

bool
html_measure_is_menu(const struct html_measure *m)
{
	bool all = (uint64_t)m->linked * 10 >= (uint64_t)m->text * 9;
	bool most = (uint64_t)m->linked * 10 >= (uint64_t)m->text * 7;

	/* A part with headings is not a menu, though it may have some. */
	if (m->text == 0 || m->has_headings || m->linked / MENU_TEXT >= m->links)
		return false;
	return (m->links >= MENU_LINKS && most) ||
	    (m->links >= LIST_MENU_LINKS && all && m->tag == TAG_LIST);
}
