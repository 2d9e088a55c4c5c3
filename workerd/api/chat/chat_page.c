/*
 * The members of a page. A page reports what its own page says, which may be anything: it is never a reason to
 * refuse a message.
 */
#include "workerd/api/chat/chat_page.h"

#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "workerd/api/fields/json_read.h"

/* At most max bytes of a line, in whole characters; empty: it is none. */
static struct slice
chat_page_line(struct slice text, size_t max)
{
	if (text.p == NULL || !utf8_valid(text) || !utf8_is_line(text))
		return (struct slice){0};
	if (text.len > max) {
		text.len = max;
		text.len -= utf8_incomplete_tail(text);
	}
	return text;
}

static bool
chat_page_begins(struct slice text, const char *front)
{
	size_t n = strlen(front);

	return text.len > n && strncasecmp((const char *)text.p, front, n) == 0;
}

/* The dashboard shows it as a link. */
static struct slice
chat_page_address(struct slice text)
{
	if (!chat_page_begins(text, "http://") && !chat_page_begins(text, "https://"))
		return (struct slice){0};
	return chat_page_line(text, 2048);
}

void
chat_page_encode(const struct json_t *object, struct slice browser, struct buf *out)
{
	const struct msg_page_record page = {
	    .v = RECORD_VERSION,
	    .url = chat_page_address(json_read_member(object, "url")),
	    .referrer = chat_page_address(json_read_member(object, "referrer")),
	    .title = chat_page_line(json_read_member(object, "title"), 900),
	    .language = chat_page_line(json_read_member(object, "language"), 64),
	    .timezone = chat_page_line(json_read_member(object, "timezone"), 64),
	    .browser = chat_page_line(browser, 512),
	};

	must(record_encode(out, MSG_PAGE_RECORD, &page) == 0);
}
