#include "workerd/crawl/extract/html/html_titled.h"

#include <string.h>
#include <strings.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "workerd/crawl/extract/html/html_tree.h"

#define WRAPPERS    3  /* elements around the heading, within the part */
#define TITLE_MAX   64 /* bytes; longer than each of the titles below */
#define LINKS_MIN   2
#define LINKED_PART 5 /* of the letters of further articles, links have at least this part */

static const char *const comments[] = {"comments", "comment", "reader comments",
    "user comments", "join the discussion", "leave a comment", "leave a reply", "kommentare",
    "leserkommentare", "commentaires", "comentarios", "coment\xc3\xa1rios", "commenti",
    "reacties", "komentarze", "kommentarer", "yorumlar",
    "\xd0\x9a\xd0\xbe\xd0\xbc\xd0\xbc\xd0\xb5\xd0\xbd\xd1\x82\xd0\xb0\xd1\x80\xd0\xb8\xd0\xb8",
    "\xe3\x82\xb3\xe3\x83\xa1\xe3\x83\xb3\xe3\x83\x88", "\xe8\xaf\x84\xe8\xae\xba"};

static const char *const further[] = {"related", "related articles", "related posts",
    "related stories", "related content", "related news", "related videos", "you may also like",
    "you might also like", "you may also be interested in", "more stories", "more articles",
    "more news", "more posts", "most read", "most popular", "most viewed", "popular posts",
    "popular articles", "popular content", "recent posts", "latest posts", "latest news",
    "trending", "trending now", "recommended", "recommended for you", "read next", "up next",
    "keep reading", "also interesting", "meistgelesen", "am meisten gelesen", "weitere artikel",
    "mehr zum thema", "das k\xc3\xb6nnte dich auch interessieren",
    "das k\xc3\xb6nnte sie auch interessieren", "\xc3\x84hnliche artikel",
    "\xc3\x84hnliche beitr\xc3\xa4ge", "verwandte artikel", "articles similaires",
    "sur le m\xc3\xaame sujet", "les plus lus", "\xc3\x80 lire aussi",
    "art\xc3\xad\x63ulos relacionados", "noticias relacionadas", "te puede interesar",
    "tambi\xc3\xa9n te puede interesar", "lo m\xc3\xa1s le\xc3\xad\x64o",
    "artigos relacionados", "leia tamb\xc3\xa9m", "mais lidas", "articoli correlati",
    "potrebbe interessarti", "i pi\xc3\xb9 letti", "leggi anche", "gerelateerde artikelen",
    "lees ook", "meest gelezen"};

/* What is below an element. */
struct contents {
	size_t letters, linked, links;
	bool replies; /* a time, or a field for text */
	bool buttons, code;
	const xmlNode *link; /* that we are in */
};

/* Not text, nor pictures and buttons, before the heading. NULL: it does not begin with one. */
static const xmlNode *
html_titled_heading(const xmlNode *element)
{
	const xmlNode *node = element->children;

	for (int depth = 0; depth <= WRAPPERS;) {
		if (node == NULL || utf8_trim(html_tree_text(node)).len > 0)
			return NULL;
		if (node->type != XML_ELEMENT_NODE) {
			node = node->next;
			continue;
		}
		if (html_tree_tag(node) == TAG_HEADING)
			return html_tree_is(node, "h1") ? NULL : node;
		node = node->children;
		depth++;
	}
	return NULL;
}

static bool
html_titled_is_sign(uint8_t c)
{
	return c < 0x80 && strchr(" ()[]:.,!?|", c) != NULL && c != '\0';
}

static bool
html_titled_is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* Takes numbers and signs from the ends of a title. Returns whether a number is behind it: "Comments (3)". */
static bool
html_titled_trim(struct slice *title)
{
	bool number = false;

	while (title->len > 0 &&
	    (html_titled_is_sign(title->p[0]) || html_titled_is_digit(title->p[0])))
		*title = (struct slice){title->p + 1, title->len - 1};
	for (; title->len > 0; title->len--) {
		const uint8_t last = title->p[title->len - 1];

		if (!html_titled_is_sign(last) && !html_titled_is_digit(last))
			break;
		number |= html_titled_is_digit(last);
	}
	return number;
}

static bool
html_titled_is_any(struct slice title, const char *const *titles, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(titles[i]) == title.len &&
		    strncasecmp(titles[i], (const char *)title.p, title.len) == 0)
			return true;
	return false;
}

/* html_tree_leave. */
static void
html_titled_leave(void *arg, xmlNode *element)
{
	struct contents *c = arg;

	if (c->link == element)
		c->link = NULL;
}

static void
html_titled_enter(struct contents *c, const xmlNode *element)
{
	if (html_tree_tag(element) == TAG_LINK && c->link == NULL) {
		c->link = element;
		c->links++;
	}
	c->replies |= html_tree_is(element, "time") || html_tree_is(element, "textarea");
	c->buttons |= html_tree_is(element, "button");
	c->code |= html_tree_tag(element) == TAG_CODE;
}

static void
html_titled_count(xmlNode *element, struct contents *c)
{
	xmlNode *node = element->children;

	while (node != NULL) {
		const size_t letters = utf8_trim(html_tree_text(node)).len;

		c->letters += letters;
		c->linked += c->link != NULL ? letters : 0;
		if (node->type == XML_ELEMENT_NODE)
			html_titled_enter(c, node);
		node = html_tree_next(element, node,
		    node->type == XML_ELEMENT_NODE && html_tree_tag(node) != TAG_UNREAD,
		    html_titled_leave, c);
	}
}

enum titled { TITLED_NOT, TITLED_COMMENTS, TITLED_FURTHER };

/* number: whether it ends with one. */
static enum titled
html_titled_read(struct slice title, bool *number)
{
	*number = html_titled_trim(&title);
	if (html_titled_is_any(title, comments, ARRAY_LEN(comments)))
		return TITLED_COMMENTS;
	return html_titled_is_any(title, further, ARRAY_LEN(further)) ? TITLED_FURTHER
								      : TITLED_NOT;
}

/* number: whether the title ends with one; label: whether it has no heading but only a label, which readers do not see. */
static enum titled
html_titled_of(const xmlNode *element, bool *number, bool *label)
{
	const xmlNode *heading = html_titled_heading(element);
	enum titled titled = html_titled_read(html_tree_value(element, "aria-label"), number);
	struct buf line;

	*label = heading == NULL;
	if (titled != TITLED_NOT || heading == NULL)
		return titled;
	buf_init(&line, TITLE_MAX);
	html_tree_line(heading, &line);
	titled = html_titled_read(buf_slice(&line), number);
	buf_clear(&line);
	return titled;
}

bool
html_titled_is_beside(xmlNode *element)
{
	struct contents c = {0};
	bool number, label;
	enum titled titled = html_titled_of(element, &number, &label);

	if (titled == TITLED_NOT)
		return false;
	html_titled_count(element, &c);
	if (titled == TITLED_COMMENTS)
		return number || c.replies || ((c.buttons || label) && !c.code);
	return c.links >= LINKS_MIN && c.linked >= c.letters / LINKED_PART;
}
