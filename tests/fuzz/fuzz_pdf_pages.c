/*
 * The output of pdftotext: pages that end with form feeds. A valid document comes of it, and a page with text is never empty:
 * unless its lines belong to a table of contents, there is text or a reason.
 */
#include "tests/fuzz/documents.h"
#include "tests/fuzz/fuzz.h"
#include "workerd/crawl/extract/pdf_pages.h"

/* Whether there is a letter, and no row of dots. */
static bool
has_text(struct slice text)
{
	bool letter = false;

	for (size_t i = 0; i < text.len; i++)
		letter |= (text.p[i] | 0x20) >= 'a' && (text.p[i] | 0x20) <= 'z';
	return letter && memmem(text.p, text.len, ". .", 3) == NULL &&
	    memmem(text.p, text.len, "...", 3) == NULL;
}

FUZZ(pdf_pages)
{
	struct document *doc;
	struct outcome out;
	struct buf text;

	buf_init(&text, 3 * in.len + 1);
	fuzz_text(&text, in);
	outcome_init(&out);
	pdf_pages_read(&out, buf_slice(&text));
	doc = documents_pass(&out);
	if (has_text(buf_slice(&text)))
		must(doc->blocks.len > 0 || doc->reason != 0);
	documents_check_chunks(doc);
	document_free(doc);
	outcome_clear(&out);
	buf_clear(&text);
}
