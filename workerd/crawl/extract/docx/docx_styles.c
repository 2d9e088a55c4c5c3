#include "workerd/crawl/extract/docx/docx_styles.h"

#include <string.h>
#include <strings.h>

#include "workerd/crawl/document/document.h"
#include "workerd/crawl/extract/docx/docx_xml.h"

/* "heading 1" is level 1 in every language. */
static uint8_t
docx_styles_level_of_name(const char *name)
{
	if (strcasecmp(name, "Title") == 0)
		return 1;
	if (strncasecmp(name, "heading ", 8) == 0 && name[8] >= '1' &&
	    name[8] < '1' + DOCUMENT_LEVELS && name[9] == '\0')
		return (uint8_t)(name[8] - '0');
	return 0;
}

static void
docx_styles_event(void *arg, const struct docx_xml *xml)
{
	struct docx_styles *s = arg;
	char name[64];

	if (xml->event != DOCX_OPEN)
		return;
	if (strcmp(xml->name, "style") == 0 && s->n < DOCX_STYLES_MAX) {
		s->styles[s->n].level = 0;
		if (docx_xml_attribute(
			xml, "styleId", s->styles[s->n].id, sizeof(s->styles[s->n].id)))
			s->n++;
	} else if (strcmp(xml->name, "name") == 0 && s->n > 0 &&
	    docx_xml_attribute(xml, "val", name, sizeof(name))) {
		s->styles[s->n - 1].level = docx_styles_level_of_name(name);
	}
}

void
docx_styles_read(struct docx_styles *s, struct slice part)
{
	s->n = 0;
	/* Without styles the text is still worth reading. */
	if (docx_xml_read(part, docx_styles_event, s) == -1)
		return;
}

uint8_t
docx_styles_level(const struct docx_styles *s, const char *id)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->styles[i].id, id) == 0)
			return s->styles[i].level;
	return 0;
}
