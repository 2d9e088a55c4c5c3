#include "workerd/crawl/extract/html/html.h"

#include <libxml/HTMLparser.h>
#include <libxml/parserInternals.h>
#include <limits.h>

#include "proto/base/basics.h"
#include "proto/ipc/messages.h"
#include "workerd/crawl/extract/html/html_blocks.h"
#include "workerd/crawl/extract/html/html_head.h"
#include "workerd/crawl/extract/html/html_tree.h"

/* A page with less text that has an application's root, or a field for a password, is not the page that people
 * see. */
#define SCRIPTS_TEXT 200
#define LOGIN_TEXT   300

static void
html_ignore(void *context, const char *message, ...)
{
	(void)context;
	(void)message;
}

void
html_load(void)
{
	xmlInitParser();
	xmlSetGenericErrorFunc(NULL, html_ignore);
}

/* NULL if memory is out, or a limit of libxml2 is exceeded: half of a tree is not used. */
static xmlDoc *
html_parse(struct slice text)
{
	htmlParserCtxtPtr parser;
	xmlDoc *doc = NULL;

	if (text.len > INT_MAX)
		return NULL;
	parser = htmlCreateMemoryParserCtxt((const char *)text.p, (int)text.len);
	if (parser == NULL)
		return NULL;
	(void)htmlCtxtUseOptions(parser,
	    HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET |
		HTML_PARSE_COMPACT | HTML_PARSE_IGNORE_ENC);
	/* Else it stops at a depth of 256 elements. htmlCtxtUseOptions() does not know this one. */
	parser->options |= XML_PARSE_HUGE;
	(void)xmlSwitchEncoding(parser, XML_CHAR_ENCODING_UTF8);
	(void)htmlParseDocument(parser);
	if (parser->disableSAX == 0)
		doc = parser->myDoc;
	else
		xmlFreeDoc(parser->myDoc);
	parser->myDoc = NULL;
	htmlFreeParserCtxt(parser);
	return doc;
}

/* Not the body alone: a page may leave out the tags of head and body, and libxml2, which knows HTML 4, then leaves
 * elements such as <main> in the head. What belongs there is not read anyway. */
static xmlNode *
html_root(const xmlDoc *doc)
{
	xmlNode *root = xmlDocGetRootElement(doc);

	return root != NULL && root->type == XML_ELEMENT_NODE ? root : NULL;
}

static void
html_judge(struct outcome *out, const struct html_head *head, const struct html_page *page)
{
	size_t text = out->writer.written;
	bool asks = head->app_root || head->hint || text == 0;

	if (head->password && text < LOGIN_TEXT)
		outcome_fail(out, REASON_LOGIN, "");
	/* A page of links alone has text. */
	else if (asks && head->scripts && text < SCRIPTS_TEXT && page->text < SCRIPTS_TEXT)
		outcome_fail(out, REASON_SCRIPTS, "");
}

static void
html_read_tree(struct outcome *out, const xmlDoc *doc, struct slice url)
{
	struct html_head head;
	struct html_page page;

	html_head_read(&head, out, doc, url);
	html_measure_page(&page, html_root(doc));
	html_blocks_write(&page, &out->writer);
	html_judge(out, &head, &page);
	html_measure_clear(&page);
}

void
html_read(struct outcome *out, struct slice text, struct slice url)
{
	xmlDoc *doc;

	if (text.len == 0)
		return;
	doc = html_parse(text);
	if (doc == NULL) {
		outcome_fail(
		    out, REASON_DAMAGED, "the HTML cannot be parsed within the limits");
		return;
	}
	html_read_tree(out, doc, url);
	/* Anchors are borrowed from the tree. */
	writer_forget_places(&out->writer);
	xmlFreeDoc(doc);
}
