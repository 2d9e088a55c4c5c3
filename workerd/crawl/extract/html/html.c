#include "workerd/crawl/extract/html/html.h"

#include <libxml/HTMLparser.h>
#include <libxml/parserInternals.h>
#include <limits.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/ipc/messages.h"
#include "workerd/crawl/extract/html/html_blocks.h"
#include "workerd/crawl/extract/html/html_faq.h"
#include "workerd/crawl/extract/html/html_head.h"
#include "workerd/crawl/extract/html/html_tree.h"

/* A page with less text that has an application's root, or a field for a password, is not the page that people
 * see. */
#define SCRIPTS_TEXT 200
#define LOGIN_TEXT   300

/* Bytes that are compared, to find out whether the page shows an answer that is in its data, too. */
#define PAGE_LETTERS   ((size_t)4 << 20)
#define ANSWER_LETTERS 120

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
	html_faq_load();
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

/* The blocks of a part of a page. */
static void
html_write_part(struct writer *writer, struct slice text)
{
	xmlDoc *doc = html_parse(text);
	struct html_page page;

	if (doc == NULL)
		return;
	html_measure_page(&page, html_root(doc));
	html_blocks_write(&page, writer);
	html_measure_clear(&page);
	writer_forget_places(writer);
	xmlFreeDoc(doc);
}

/* Appends the text of blocks without white space, as far as there is room: equal texts of different markup are equal. */
static void
html_add_letters(struct buf *out, struct slice blocks)
{
	struct block block;

	while (document_next_block(&blocks, &block))
		for (size_t i = 0; i < block.text.len; i++)
			if (block.text.p[i] > ' ' && buf_append(out, &block.text.p[i], 1) != 0)
				return;
}

struct answers {
	struct outcome *out;
	struct buf letters; /* of the page */
};

/* html_faq_fn. What the page shows was read already. */
static void
html_take_answer(void *arg, struct slice question, struct slice answer)
{
	struct answers *a = arg;
	struct writer part;
	struct buf letters;

	writer_init(&part);
	buf_init(&letters, ANSWER_LETTERS);
	html_write_part(&part, answer);
	html_add_letters(&letters, buf_slice(&part.blocks));
	if (buf_len(&letters) > 0 &&
	    memmem(buf_data(&a->letters), buf_len(&a->letters), buf_data(&letters),
		buf_len(&letters)) == NULL) {
		writer_text(&a->out->writer, question);
		writer_end(&a->out->writer, BLOCK_TERM, 0);
		html_write_part(&a->out->writer, answer);
		/* Data may have a question twice. */
		html_add_letters(&a->letters, buf_slice(&part.blocks));
	}
	buf_clear(&letters);
	writer_clear(&part);
}

static void
html_read_answers(struct outcome *out, xmlNode *root)
{
	struct answers a = {.out = out};

	buf_init(&a.letters, PAGE_LETTERS);
	html_add_letters(&a.letters, buf_slice(&out->writer.blocks));
	html_faq_read(root, html_take_answer, &a);
	buf_clear(&a.letters);
}

static void
html_read_tree(struct outcome *out, const xmlDoc *doc, struct slice url)
{
	struct html_head head;
	struct html_page page;

	html_head_read(&head, out, doc, url);
	html_measure_page(&page, html_root(doc));
	html_blocks_write(&page, &out->writer);
	html_read_answers(out, html_root(doc));
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
