#include "workerd/crawl/extract/docx/docx_body.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "workerd/crawl/extract/docx/docx_xml.h"

struct body {
	struct outcome *out;
	struct writer *w;
	const struct docx_styles *styles;
	unsigned tables; /* that we are in */
	unsigned
	    fallback; /* depth in a copy of what came before, for old programs; 0: we are in none */
	uint8_t level;   /* of the paragraph, if it is a heading */
	bool item;       /* the paragraph belongs to a list */
	unsigned indent; /* of that list */
};

static bool
docx_body_is(const struct docx_xml *xml, const char *name)
{
	return strcmp(xml->name, name) == 0;
}

static void
docx_body_outline(struct body *b, const struct docx_xml *xml)
{
	char value[8];

	if (docx_xml_attribute(xml, "val", value, sizeof(value)) && value[0] >= '0' &&
	    value[0] < '0' + DOCUMENT_LEVELS && value[1] == '\0')
		b->level = (uint8_t)(value[0] - '0' + 1);
}

/* An element inside w:pPr, the properties of a paragraph. */
static void
docx_body_property(struct body *b, const struct docx_xml *xml)
{
	char value[DOCX_STYLE_ID_MAX];

	if (docx_body_is(xml, "pStyle") && docx_xml_attribute(xml, "val", value, sizeof(value)))
		b->level = docx_styles_level(b->styles, value);
	else if (docx_body_is(xml, "outlineLvl"))
		docx_body_outline(b, xml);
	else if (docx_body_is(xml, "numPr"))
		b->item = true;
	else if (docx_body_is(xml, "ilvl") &&
	    docx_xml_attribute(xml, "val", value, sizeof(value)))
		b->indent = (unsigned)strtoul(value, NULL, 10);
}

static void
docx_body_open(struct body *b, const struct docx_xml *xml)
{
	if (docx_body_is(xml, "p")) {
		b->level = 0;
		b->item = false;
		b->indent = 0;
	} else if (docx_body_is(xml, "tbl")) {
		if (b->tables++ == 0)
			writer_end(b->w, BLOCK_PARAGRAPH, 0);
	} else if (docx_body_is(xml, "tr") && b->tables == 1) {
		writer_row(b->w);
	} else if (docx_body_is(xml, "tc") && b->tables == 1) {
		writer_cell(b->w);
	} else if (docx_body_is(xml, "tab")) {
		writer_space(b->w);
	} else if (docx_body_is(xml, "br") || docx_body_is(xml, "cr")) {
		if (b->tables > 0)
			writer_space(b->w);
		else
			writer_line(b->w);
	} else if (docx_body_is(xml, "noBreakHyphen")) {
		writer_text(b->w, slice_str("-"));
	} else {
		docx_body_property(b, xml);
	}
}

static void
docx_body_end_paragraph(struct body *b)
{
	char prefix[WRITER_PREFIX_MAX];

	if (b->tables > 0) {
		writer_space(b->w);
		return;
	}
	if (b->level > 0) {
		if (b->level == 1)
			outcome_title(b->out, writer_current(b->w));
		writer_end(b->w, BLOCK_HEADING, b->level);
		return;
	}
	if (b->item) {
		(void)snprintf(prefix, sizeof(prefix), "%*s- ",
		    b->indent < 5 ? 2 * (int)b->indent : 8, "");
		writer_prefix(b->w, prefix);
	}
	writer_end(b->w, b->item ? BLOCK_ITEM : BLOCK_PARAGRAPH, 0);
}

static void
docx_body_close(struct body *b, const struct docx_xml *xml)
{
	if (docx_body_is(xml, "p"))
		docx_body_end_paragraph(b);
	else if (docx_body_is(xml, "tr") && b->tables == 1)
		writer_end_row(b->w);
	else if (docx_body_is(xml, "tbl") && b->tables > 0 && --b->tables == 0)
		writer_end_table(b->w);
}

/* Whether the event belongs to a copy that is not read. */
static bool
docx_body_is_fallback(struct body *b, const struct docx_xml *xml)
{
	if (xml->event == DOCX_OPEN && (b->fallback > 0 || docx_body_is(xml, "Fallback"))) {
		b->fallback++;
		return true;
	}
	if (xml->event == DOCX_CLOSE && b->fallback > 0) {
		b->fallback--;
		return true;
	}
	return b->fallback > 0;
}

static void
docx_body_event(void *arg, const struct docx_xml *xml)
{
	struct body *b = arg;

	if (docx_body_is_fallback(b, xml) || writer_failed(b->w))
		return;
	if (xml->event == DOCX_OPEN)
		docx_body_open(b, xml);
	else if (xml->event == DOCX_CLOSE)
		docx_body_close(b, xml);
	else if (docx_body_is(xml, "t"))
		writer_text(b->w, xml->text);
}

int
docx_body_read(struct outcome *out, const struct docx_styles *styles, struct slice part)
{
	struct body b = {.out = out, .w = &out->writer, .styles = styles};
	int r = docx_xml_read(part, docx_body_event, &b);

	writer_end(b.w, b.tables > 0 ? BLOCK_TABLE : BLOCK_PARAGRAPH, 0);
	return r;
}
