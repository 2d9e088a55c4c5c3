#include "workerd/crawl/document/document.h"

#include "proto/base/basics.h"

struct hash256
document_block_hash(const struct block *block)
{
	struct hash256 hash;
	struct buf all;

	buf_init(&all, block->text.len + 1);
	must(buf_append(&all, &block->kind, 1) == 0);
	must(buf_append(&all, block->text.p, block->text.len) == 0);
	hash = secret_hash(buf_slice(&all));
	buf_clear(&all);
	return hash;
}

/* The hash of the blocks' hashes. */
struct hash256
document_hash(const struct document *doc)
{
	struct slice blocks = doc->blocks;
	struct hash256 hash;
	struct block block;
	struct buf all;

	buf_init(&all, 4 * DOCUMENT_MAX);
	while (document_next_block(&blocks, &block)) {
		hash = document_block_hash(&block);
		must(buf_append(&all, &hash, sizeof(hash)) == 0);
	}
	hash = secret_hash(buf_slice(&all));
	buf_clear(&all);
	return hash;
}
