/*
 * Markdown.
 */
#include "tests/fuzz/documents.h"
#include "tests/fuzz/fuzz.h"
#include "workerd/crawl/extract/markdown.h"

FUZZ(markdown)
{
	struct outcome out;
	struct buf text;

	buf_init(&text, 3 * in.len + 1);
	fuzz_text(&text, in);
	outcome_init(&out);
	markdown_read(&out, buf_slice(&text));
	document_free(documents_pass(&out));
	outcome_clear(&out);
	buf_clear(&text);
}
