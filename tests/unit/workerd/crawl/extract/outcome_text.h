/*
 * What a reader wrote, as lines that a test can compare: `H2 #id text`, `P text`, `I`, `T`, `B` (table), `C` (code). Line
 * ends inside a block are printed as "/".
 */
#ifndef TESTS_UNIT_WORKERD_CRAWL_EXTRACT_OUTCOME_TEXT_H
#define TESTS_UNIT_WORKERD_CRAWL_EXTRACT_OUTCOME_TEXT_H

#include "tests/unit/unit.h"
#include "workerd/crawl/extract/outcome.h"

#define OUTCOME_TEXT_MAX 65536

static void
outcome_text_block(const struct block *block, struct buf *out)
{
	static const char letters[] = "HPITBC";

	must(buf_append(out, &letters[block->kind], 1) == 0);
	if (block->level > 0)
		must(buf_printf(out, "%u", block->level) == 0);
	if (block->anchor.len > 0)
		must(buf_printf(out, " #%.*s", (int)block->anchor.len,
			 (const char *)block->anchor.p) == 0);
	must(buf_append_str(out, " ") == 0);
	for (size_t i = 0; i < block->text.len; i++)
		must(buf_append(out,
			 block->text.p[i] == '\n' ? "/" : (const char *)&block->text.p[i],
			 1) == 0);
	must(buf_append_str(out, "\n") == 0);
}

/* NUL-terminated; valid until the next call. */
static const char *
outcome_text(const struct outcome *o)
{
	static char text[OUTCOME_TEXT_MAX];
	struct slice blocks = buf_slice(&o->writer.blocks);
	struct block block;
	struct buf out;

	buf_init(&out, sizeof(text) - 1);
	while (document_next_block(&blocks, &block))
		outcome_text_block(&block, &out);
	memcpy(text, buf_data(&out), buf_len(&out));
	text[buf_len(&out)] = '\0';
	buf_clear(&out);
	return text;
}

#endif
