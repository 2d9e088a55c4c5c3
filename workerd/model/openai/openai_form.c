#include "workerd/model/openai/openai_form.h"

#include <stdio.h>
#include <string.h>

#include "proto/base/utf8.h"

/* Bytes of a text that are in the explanation. */
#define QUOTE_MAX 100

bool
openai_form_is_stream(const char *type)
{
	return strcmp(type, "text/event-stream") == 0;
}

static bool
openai_form_is_page(const char *type, struct slice start)
{
	return strcmp(type, "text/html") == 0 || strcmp(type, "application/xhtml+xml") == 0 ||
	    (start.len > 0 && *start.p == '<');
}

/* Without white space and a byte order mark, of which a part may be there. */
static struct slice
openai_form_skip(struct slice s)
{
	static const char bom[] = "\xef\xbb\xbf";
	size_t n = s.len < 3 ? s.len : 3;

	if (n > 0 && memcmp(s.p, bom, n) == 0)
		s = (struct slice){s.p + n, s.len - n};
	while (s.len > 0 && memchr(" \t\r\n", *s.p, 4) != NULL)
		s = (struct slice){s.p + 1, s.len - 1};
	return s;
}

/* Whether the bytes so far may be the first line of a stream of events. */
static bool
openai_form_begins_events(struct slice s)
{
	static const char *const fields[] = {"data", "event", "id", "retry", ":"};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		size_t n = strlen(fields[i]);

		if (memcmp(s.p, fields[i], s.len < n ? s.len : n) == 0)
			return true;
	}
	return false;
}

enum openai_form
openai_form_of(const char *type, struct slice start)
{
	start = openai_form_skip(start);
	if (start.len == 0)
		return OPENAI_FORM_UNKNOWN;
	if (openai_form_begins_events(start))
		return OPENAI_FORM_EVENTS;
	if (memchr("{[\"", *start.p, 3) != NULL)
		return OPENAI_FORM_JSON;
	if (openai_form_is_page(type, start))
		return OPENAI_FORM_OTHER;
	/* A field that is not known, in a stream that says that it is one. */
	return openai_form_is_stream(type) ? OPENAI_FORM_EVENTS : OPENAI_FORM_OTHER;
}

void
openai_form_explain(const char *type, struct slice start, char *out, size_t size)
{
	struct slice text = openai_form_skip(start);

	if (text.len > QUOTE_MAX)
		text.len = QUOTE_MAX - utf8_incomplete_tail((struct slice){text.p, QUOTE_MAX});
	if (openai_form_is_page(type, text))
		snprintf(out, size,
		    "The server answered with a web page (HTML). Is /v1 missing in the "
		    "address?");
	else if (text.len > 0 && *text.p == '{')
		snprintf(out, size,
		    "The server answered with JSON (%s) that is neither a chat completion nor "
		    "an "
		    "error. Is /v1 missing in the address?",
		    type);
	else
		snprintf(out, size, "The server answered with %s in place of a reply: %.*s",
		    *type != '\0' ? type : "a text", (int)text.len, (const char *)text.p);
}
