/*
 * The chunks of a document: of Markdown, or with "d" as the first byte of the encoded document that follows, which a
 * hostile child could send.
 */
#include "tests/fuzz/documents.h"
#include "tests/fuzz/fuzz.h"
#include "workerd/crawl/extract/markdown.h"

static struct document *
decode(struct slice in)
{
	struct buf bytes;

	buf_init(&bytes, in.len + 1);
	fuzz_put(&bytes, in);
	return document_decode(&bytes);
}

static struct document *
read_markdown(struct slice in)
{
	struct document *doc;
	struct outcome out;
	struct buf text;

	buf_init(&text, 3 * in.len + 1);
	fuzz_text(&text, in);
	outcome_init(&out);
	markdown_read(&out, buf_slice(&text));
	doc = documents_pass(&out);
	outcome_clear(&out);
	buf_clear(&text);
	return doc;
}

FUZZ(chunks)
{
	struct document *doc;

	if (fuzz_byte(&in) == 'd')
		doc = decode(in);
	else
		doc = read_markdown(in);
	if (doc != NULL)
		documents_check_chunks(doc);
	document_free(doc);
}
