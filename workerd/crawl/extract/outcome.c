#include "workerd/crawl/extract/outcome.h"

#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "proto/ipc/messages.h"

void
outcome_init(struct outcome *o)
{
	memset(o, 0, sizeof(*o));
	o->detail = "";
	buf_init(&o->title, DOCUMENT_TITLE_MAX);
	buf_init(&o->language, DOCUMENT_LANGUAGE_MAX);
	buf_init(&o->canonical, DOCUMENT_URL_MAX);
	buf_init(&o->links, (size_t)DOCUMENT_LINKS_MAX * (DOCUMENT_URL_MAX + 8));
	writer_init(&o->writer);
}

void
outcome_clear(struct outcome *o)
{
	buf_clear(&o->title);
	buf_clear(&o->language);
	buf_clear(&o->canonical);
	buf_clear(&o->links);
	writer_clear(&o->writer);
}

void
outcome_fail(struct outcome *o, uint8_t reason, const char *detail)
{
	if (o->reason != REASON_NONE)
		return;
	o->reason = reason;
	o->detail = detail;
}

/* One line, in whole characters. */
static void
outcome_add_line(struct buf *out, struct slice text)
{
	bool space = false;

	for (text = utf8_trim(text); text.len > 0;) {
		size_t n = utf8_char(text);
		struct slice one = {text.p, n};

		must(n > 0);
		if (!utf8_is_line(one) || utf8_trim(one).len == 0) {
			space = true;
		} else {
			if (buf_room(out) < n + space)
				return;
			if (space)
				must(buf_append_str(out, " ") == 0);
			must(buf_append(out, one.p, n) == 0);
			space = false;
		}
		text.p += n;
		text.len -= n;
	}
}

void
outcome_title(struct outcome *o, struct slice title)
{
	if (buf_len(&o->title) == 0)
		outcome_add_line(&o->title, title);
}

int
outcome_encode(struct outcome *o, struct buf *out)
{
	struct document doc = {.reason = o->reason};

	if (doc.reason == REASON_NONE && writer_failed(&o->writer)) {
		doc.reason = REASON_SIZE;
		o->detail = "too much text";
	}
	if (doc.reason == REASON_NONE && o->writer.written == 0)
		doc.reason = REASON_EMPTY;
	doc.detail = slice_str(o->detail);
	doc.title = buf_slice(&o->title);
	doc.language = buf_slice(&o->language);
	doc.canonical = buf_slice(&o->canonical);
	doc.noindex = o->noindex;
	doc.nofollow = o->nofollow;
	doc.links = buf_slice(&o->links);
	doc.blocks = doc.reason == REASON_NONE ? buf_slice(&o->writer.blocks) : slice_str("");
	return document_encode(&doc, out);
}
