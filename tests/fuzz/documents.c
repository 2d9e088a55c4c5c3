#include "tests/fuzz/documents.h"

#include "proto/base/utf8.h"
#include "tests/fuzz/fuzz.h"
#include "workerd/crawl/chunks.h"

struct document *
documents_pass(struct outcome *out)
{
	struct document *doc;
	struct buf bytes;

	buf_init(&bytes, DOCUMENT_MAX);
	must(outcome_encode(out, &bytes) == 0);
	doc = document_decode(&bytes);
	must(doc != NULL);
	return doc;
}

/* Bytes that are no white space. */
static size_t
count(struct slice text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++)
		n += text.p[i] > ' ';
	return n;
}

static void
check_chunk(const struct msg_chunk_record *chunk)
{
	struct buf record;

	must(chunk->text.len > 0 && utf8_valid(chunk->text) && utf8_valid(chunk->heading));
	buf_init(&record, 16384);
	must(record_encode(&record, MSG_CHUNK_RECORD, chunk) == 0);
	buf_clear(&record);
}

void
documents_check_chunks(const struct document *doc)
{
	struct chunks *chunks = chunks_new(doc, doc->title, slice_str(""), NULL, NULL);
	struct slice blocks = doc->blocks;
	struct msg_chunk_record chunk;
	size_t written = 0, text = 0;
	struct block block;

	while (document_next_block(&blocks, &block))
		if (block.kind != BLOCK_HEADING)
			text += count(block.text);
	while (chunks_next(chunks, &chunk)) {
		check_chunk(&chunk);
		written += count(chunk.text);
	}
	/* Headings and the heads of tables come in addition. */
	must(written >= text);
	chunks_free(chunks);
}
