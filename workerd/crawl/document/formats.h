/*
 * The formats that can be read, by their media types.
 */
#ifndef WORKERD_CRAWL_DOCUMENT_FORMATS_H
#define WORKERD_CRAWL_DOCUMENT_FORMATS_H

#include "proto/base/buf.h"

enum format {
	FORMAT_NONE,
	FORMAT_HTML,
	FORMAT_PLAIN,
	FORMAT_MARKDOWN,
	FORMAT_PDF,
	FORMAT_DOCX
};

/* Of a media type without parameters, in any case; FORMAT_NONE: it cannot be read. */
enum format formats_of_type(struct slice type);

#endif
