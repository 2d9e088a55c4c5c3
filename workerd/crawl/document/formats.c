#include "workerd/crawl/document/formats.h"

#include <string.h>
#include <strings.h>

#include "proto/base/basics.h"

enum format
formats_of_type(struct slice type)
{
	static const struct {
		const char *type;
		enum format format;
	} table[] = {
	    {"text/html", FORMAT_HTML},
	    {"application/xhtml+xml", FORMAT_HTML},
	    {"text/plain", FORMAT_PLAIN},
	    {"text/markdown", FORMAT_MARKDOWN},
	    {"text/x-markdown", FORMAT_MARKDOWN},
	    {"application/pdf", FORMAT_PDF},
	    {"application/vnd.openxmlformats-officedocument.wordprocessingml.document",
		FORMAT_DOCX},
	};

	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (strlen(table[i].type) == type.len &&
		    strncasecmp(table[i].type, (const char *)type.p, type.len) == 0)
			return table[i].format;
	return FORMAT_NONE;
}
