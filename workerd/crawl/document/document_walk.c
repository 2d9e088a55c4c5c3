#include "workerd/crawl/document/document.h"

#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"

#define BETWEEN " > "

void
document_walk_init(struct document_walk *w, const struct document *doc)
{
	memset(w, 0, sizeof(*w));
	w->rest = doc->blocks;
}

bool
document_walk_next(struct document_walk *w)
{
	if (!document_next_block(&w->rest, &w->block))
		return false;
	if (w->block.anchor.len > 0)
		w->anchor = w->block.anchor;
	if (w->block.kind == BLOCK_HEADING) {
		w->headings[w->block.level - 1] = w->block.text;
		for (size_t i = w->block.level; i < DOCUMENT_LEVELS; i++)
			w->headings[i].len = 0;
	}
	return true;
}

/* The outermost heading of those that fit together. */
static size_t
document_walk_first(const struct document_walk *w)
{
	size_t room = DOCUMENT_PATH_MAX + strlen(BETWEEN), first = DOCUMENT_LEVELS;

	for (size_t i = DOCUMENT_LEVELS; i-- > 0;) {
		size_t len = w->headings[i].len;

		if (len == 0)
			continue;
		if (len + strlen(BETWEEN) > room)
			return first == DOCUMENT_LEVELS ? i : first;
		room -= len + strlen(BETWEEN);
		first = i;
	}
	return first;
}

static struct slice
document_walk_cut(struct slice text, size_t max)
{
	if (text.len <= max)
		return text;
	text.len = max;
	text.len -= utf8_incomplete_tail(text);
	return text;
}

void
document_walk_path(const struct document_walk *w, struct buf *out)
{
	size_t before = buf_len(out);

	for (size_t i = document_walk_first(w); i < DOCUMENT_LEVELS; i++) {
		struct slice text = document_walk_cut(w->headings[i], DOCUMENT_PATH_MAX);

		if (text.len == 0)
			continue;
		if (buf_len(out) > before)
			must(buf_append_str(out, BETWEEN) == 0);
		must(buf_append(out, text.p, text.len) == 0);
	}
}
