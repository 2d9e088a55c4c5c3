/*
 * The encoding is that of the other messages (proto/ipc/wire.h), with a table of its own.
 */
#include "workerd/crawl/document/document.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "proto/ipc/messages.h"
#include "proto/ipc/wire.h"

#define DETAIL_MAX 300

/* Of the documents that exist; sites choose their size. */
static size_t bytes_held;

enum { ITEM_LINK = 1, ITEM_BLOCK = 2 };

struct document_link {
	struct slice url;
};

#define FIELD(type, kind, field, max, item)                                                \
	{                                                                                  \
#field, WIRE_##kind, (max), (item), (uint16_t)offsetof(struct type, field) \
	}
#define END                             \
	{                               \
		NULL, WIRE_END, 0, 0, 0 \
	}

static const struct wire_field document_fields[] = {
    FIELD(document, U8, reason, PAGE_REASONS - 1, 0),
    FIELD(document, TEXT, detail, DETAIL_MAX, 0),
    FIELD(document, TEXT, title, DOCUMENT_TITLE_MAX, 0),
    FIELD(document, TEXT, language, DOCUMENT_LANGUAGE_MAX, 0),
    FIELD(document, TEXT, canonical, DOCUMENT_URL_MAX, 0),
    FIELD(document, U8, noindex, 1, 0),
    FIELD(document, U8, nofollow, 1, 0),
    FIELD(document, LIST, links, DOCUMENT_LINKS_MAX *(DOCUMENT_URL_MAX + 8), ITEM_LINK),
    FIELD(document, LIST, blocks, DOCUMENT_MAX, ITEM_BLOCK),
    END,
};

static const struct wire_field link_fields[] = {
    FIELD(document_link, TEXT, url, DOCUMENT_URL_MAX, 0),
    END,
};

static const struct wire_field block_fields[] = {
    FIELD(block, U8, kind, BLOCK_KINDS - 1, 0),
    FIELD(block, U8, level, DOCUMENT_LEVELS, 0),
    FIELD(block, TEXT, anchor, DOCUMENT_ANCHOR_MAX, 0),
    FIELD(block, TEXT, text, DOCUMENT_TEXT_MAX, 0),
    END,
};

static const struct wire_field *
document_item_fields(uint16_t type)
{
	return type == ITEM_LINK ? link_fields : block_fields;
}

static bool
document_is_block(const struct block *block)
{
	bool heading = block->kind == BLOCK_HEADING;

	return block->text.len > 0 && heading == (block->level > 0) &&
	    (!heading || block->text.len <= DOCUMENT_HEADING_MAX);
}

/* What the fields alone do not ensure. */
static bool
document_is_consistent(const struct document *doc)
{
	struct slice blocks = doc->blocks, links = doc->links, item;
	struct block block;
	size_t n = 0;

	while (wire_list_next(&links, &item))
		n++;
	if (n > DOCUMENT_LINKS_MAX || !utf8_is_line(doc->title))
		return false;
	while (document_next_block(&blocks, &block))
		if (!document_is_block(&block))
			return false;
	return true;
}

struct document *
document_decode(struct buf *bytes)
{
	struct document *doc = xcalloc(1, sizeof(*doc));

	doc->bytes = *bytes;
	bytes_held += buf_len(&doc->bytes);
	buf_init(bytes, bytes->max);
	if (wire_decode(document_fields, buf_slice(&doc->bytes), document_item_fields, doc) ==
		WIRE_OK &&
	    document_is_consistent(doc))
		return doc;
	document_free(doc);
	return NULL;
}

struct document *
document_unread(uint8_t reason, const char *detail)
{
	struct document *doc = xcalloc(1, sizeof(*doc));
	size_t len = strnlen(detail, DETAIL_MAX);

	buf_init(&doc->bytes, DETAIL_MAX);
	must(buf_append(&doc->bytes, detail, len) == 0);
	bytes_held += len;
	doc->reason = reason;
	doc->detail = buf_slice(&doc->bytes);
	doc->title = doc->language = doc->canonical = doc->links = doc->blocks = slice_str("");
	return doc;
}

void
document_free(struct document *doc)
{
	if (doc == NULL)
		return;
	bytes_held -= buf_len(&doc->bytes);
	buf_clear(&doc->bytes);
	free(doc);
}

size_t
document_bytes_held(void)
{
	return bytes_held;
}

int
document_encode(const struct document *doc, struct buf *out)
{
	return wire_encode(document_fields, doc, out);
}

int
document_add_link(struct buf *links, struct slice url)
{
	const struct document_link link = {url};

	return wire_list_encode(links, link_fields, &link);
}

int
document_add_block(struct buf *blocks, const struct block *block)
{
	return wire_list_encode(blocks, block_fields, block);
}

bool
document_next_link(struct slice *links, struct slice *url)
{
	struct document_link link;
	struct slice item;

	if (!wire_list_next(links, &item))
		return false;
	must(wire_decode(link_fields, item, document_item_fields, &link) == WIRE_OK);
	*url = link.url;
	return true;
}

bool
document_next_block(struct slice *blocks, struct block *block)
{
	struct slice item;

	if (!wire_list_next(blocks, &item))
		return false;
	must(wire_decode(block_fields, item, document_item_fields, block) == WIRE_OK);
	return true;
}
