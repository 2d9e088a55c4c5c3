#include "workerd/crawl/extract/docx/docx_xml.h"

#include <limits.h>
#include <string.h>

#include "proto/base/basics.h"

#define NAME_MAX_BYTES 64 /* longer names are no names of this format */

/* The name of the element that holds the text: libxml2 gives none then. */
struct docx_xml_state {
	struct docx_xml xml;
	char parent[NAME_MAX_BYTES];
	docx_xml_fn *fn;
	void *arg;
};

static void
docx_xml_emit(struct docx_xml_state *s, enum docx_xml_event event, const char *name)
{
	s->xml.event = event;
	s->xml.name = name;
	s->fn(s->arg, &s->xml);
}

static const char *
docx_xml_name(xmlTextReaderPtr reader)
{
	const xmlChar *name = xmlTextReaderConstLocalName(reader);

	return name != NULL ? (const char *)name : "";
}

static void
docx_xml_open(struct docx_xml_state *s)
{
	const char *name = docx_xml_name(s->xml.reader);
	bool empty = xmlTextReaderIsEmptyElement(s->xml.reader) == 1;

	docx_xml_emit(s, DOCX_OPEN, name);
	if (empty)
		docx_xml_emit(s, DOCX_CLOSE, name);
	else if (strlen(name) < sizeof(s->parent))
		memcpy(s->parent, name, strlen(name) + 1);
	else
		s->parent[0] = '\0';
}

static void
docx_xml_event(struct docx_xml_state *s)
{
	const xmlChar *value;

	switch (xmlTextReaderNodeType(s->xml.reader)) {
	case XML_READER_TYPE_ELEMENT:
		docx_xml_open(s);
		break;
	case XML_READER_TYPE_END_ELEMENT:
		s->parent[0] = '\0';
		docx_xml_emit(s, DOCX_CLOSE, docx_xml_name(s->xml.reader));
		break;
	case XML_READER_TYPE_TEXT:
	case XML_READER_TYPE_CDATA:
	case XML_READER_TYPE_SIGNIFICANT_WHITESPACE:
	case XML_READER_TYPE_WHITESPACE:
		value = xmlTextReaderConstValue(s->xml.reader);
		s->xml.text = slice_str(value != NULL ? (const char *)value : "");
		docx_xml_emit(s, DOCX_TEXT, s->parent);
		break;
	default:
		break;
	}
}

int
docx_xml_read(struct slice part, docx_xml_fn *fn, void *arg)
{
	struct docx_xml_state s = {.fn = fn, .arg = arg};
	int r;

	if (part.len > INT_MAX)
		return -1;
	s.xml.reader = xmlReaderForMemory((const char *)part.p, (int)part.len, NULL, NULL,
	    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_COMPACT);
	if (s.xml.reader == NULL)
		return -1;
	while ((r = xmlTextReaderRead(s.xml.reader)) == 1)
		docx_xml_event(&s);
	xmlFreeTextReader(s.xml.reader);
	return r == 0 ? 0 : -1;
}

bool
docx_xml_attribute(const struct docx_xml *xml, const char *name, char *out, size_t size)
{
	bool found = false;

	while (!found && xmlTextReaderMoveToNextAttribute(xml->reader) == 1) {
		const char *value = (const char *)xmlTextReaderConstValue(xml->reader);
		size_t n = value != NULL ? strlen(value) : 0;

		if (strcmp(docx_xml_name(xml->reader), name) != 0 || value == NULL || n >= size)
			continue;
		memcpy(out, value, n + 1);
		found = true;
	}
	(void)xmlTextReaderMoveToElement(xml->reader);
	return found;
}
