/*
 * The XML of a part of a DOCX file, element by element, without a tree and without anything from outside the part.
 */
#ifndef WORKERD_CRAWL_EXTRACT_DOCX_DOCX_XML_H
#define WORKERD_CRAWL_EXTRACT_DOCX_DOCX_XML_H

#include <libxml/xmlreader.h>
#include <stdbool.h>

#include "proto/base/buf.h"

/* What the callback gets: name has no prefix. */
enum docx_xml_event { DOCX_OPEN, DOCX_CLOSE, DOCX_TEXT };

struct docx_xml {
	xmlTextReaderPtr reader;
	enum docx_xml_event event;
	const char *name;  /* of the element that opens, closes or holds the text */
	struct slice text; /* of DOCX_TEXT */
};

typedef void docx_xml_fn(void *arg, const struct docx_xml *xml);

/* Passes each event to fn. An empty element opens and closes. 0, or -1: it is not well-formed, or exceeds the limits of
 * libxml2; then fn has seen only the beginning. */
[[gnu::warn_unused_result]] int docx_xml_read(struct slice part, docx_xml_fn *fn, void *arg);

/* During DOCX_OPEN: copies the attribute with this local name; false if there is none, or it is longer. */
bool docx_xml_attribute(const struct docx_xml *xml, const char *name, char *out, size_t size);

#endif
