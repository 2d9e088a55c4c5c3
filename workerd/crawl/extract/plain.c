#include "workerd/crawl/extract/plain.h"

#include <string.h>

#include "proto/base/utf8.h"

bool
plain_next_line(struct slice *text, struct slice *line)
{
	const uint8_t *end;

	if (text->len == 0)
		return false;
	end = memchr(text->p, '\n', text->len);
	line->p = text->p;
	line->len = end != NULL ? (size_t)(end - text->p) : text->len;
	text->p += line->len + (end != NULL);
	text->len -= line->len + (end != NULL);
	if (line->len > 0 && line->p[line->len - 1] == '\r')
		line->len--;
	return true;
}

void
plain_read(struct outcome *out, struct slice text)
{
	struct writer *w = &out->writer;
	struct slice line;

	while (plain_next_line(&text, &line) && !writer_failed(w)) {
		if (utf8_trim(line).len == 0) {
			writer_end(w, BLOCK_PARAGRAPH, 0);
			continue;
		}
		writer_line(w);
		writer_code(w, line);
	}
	writer_end(w, BLOCK_PARAGRAPH, 0);
}
