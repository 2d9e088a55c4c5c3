/*
 * The pieces are copied, because the next one overwrites them.
 */
#include "storaged/search/passages/page_update.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/text/language.h"

/* Texts and vectors of a page with PAGE_CHUNKS_MAX chunks. */
#define TEXT_MAX ((size_t)64 << 20)

/* Chunks of a step. */
#define STEP 16

void
page_update_init(struct page_update *u)
{
	*u = (struct page_update){.phase = PAGE_COLLECTS};
	buf_init(&u->text, TEXT_MAX);
}

void
page_update_clear(struct page_update *u)
{
	buf_clear(&u->text);
	free(u->chunks);
	free(u->stored);
	page_update_init(u);
}

void
page_update_begin(struct page_update *u, const struct passages_page *page)
{
	page_update_clear(u);
	u->page = *page;
}

static struct page_part
page_update_keep(struct page_update *u, struct slice text)
{
	struct page_part part = {(uint32_t)buf_len(&u->text), (uint32_t)text.len};

	must(buf_append(&u->text, text.p, text.len) == 0);
	return part;
}

static struct slice
page_update_part(const struct page_update *u, struct page_part part)
{
	return (struct slice){buf_data(&u->text) + part.start, part.len};
}

struct slice
page_update_vector(const struct page_update *u, size_t chunk)
{
	return page_update_part(u, u->chunks[chunk].vector);
}

/* The chunk's own language, else the page's, else a guess, else that of the chunk before. */
static void
page_update_set_language(
    const struct page_update *u, struct page_chunk *chunk, struct slice tag, struct slice text)
{
	language_from_tag(tag, chunk->language);
	if (chunk->language[0] == '\0')
		memcpy(chunk->language, u->language, LANGUAGE_MAX + 1);
	if (chunk->language[0] == '\0')
		language_from_tag(slice_str(language_detect(text)), chunk->language);
	if (chunk->language[0] == '\0' && u->n > 0)
		memcpy(chunk->language, u->chunks[u->n - 1].language, LANGUAGE_MAX + 1);
}

static void
page_update_add(struct page_update *u, uint32_t index, const struct msg_chunk_record *record,
    struct slice vector)
{
	size_t bytes = record->heading.len + record->text.len + vector.len;
	struct page_chunk *chunk;

	if (u->n == PAGE_CHUNKS_MAX || buf_room(&u->text) < bytes)
		return;
	if ((u->n & (u->n - 1)) == 0) /* room for powers of two */
		u->chunks =
		    xreallocarray(u->chunks, u->n == 0 ? 1 : 2 * u->n, sizeof(*u->chunks));
	chunk = &u->chunks[u->n];
	*chunk = (struct page_chunk){.index = index, .hash = record->hash};
	page_update_set_language(u, chunk, record->language, record->text);
	chunk->heading = page_update_keep(u, record->heading);
	chunk->text = page_update_keep(u, record->text);
	chunk->vector = page_update_keep(u, vector);
	u->n++;
}

static void
page_update_take_page(struct page_update *u, struct slice record)
{
	struct msg_source_page_record page;

	if (record_decode(record, MSG_SOURCE_PAGE_RECORD, &page) != WIRE_OK)
		return;
	u->hash = page.hash;
	language_from_tag(page.language, u->language);
	u->title = page_update_keep(u, page.title);
}

void
page_update_take(struct page_update *u, const struct msg_source_text *piece)
{
	struct slice chunks = piece->chunks, encoded;
	struct msg_chunk_item item;
	struct msg_chunk_record chunk;

	if (buf_len(&u->text) == 0)
		page_update_take_page(u, piece->page);
	while (wire_list_next(&chunks, &encoded))
		if (record_decode(encoded, MSG_CHUNK_ITEM, &item) == WIRE_OK &&
		    record_decode(item.chunk, MSG_CHUNK_RECORD, &chunk) == WIRE_OK)
			page_update_add(u, item.index, &chunk, item.vector);
}

void
page_update_take_answer(struct page_update *u, const struct msg_answer_record *answer)
{
	const struct msg_chunk_record chunk = {
	    .heading = slice_str(""), .language = answer->language, .text = answer->text};

	u->title = page_update_keep(u, answer->question);
	page_update_add(u, 0, &chunk, slice_str(""));
}

static bool
page_update_is(const struct page_chunk *chunk, const struct passages_chunk *stored)
{
	return chunk->row == 0 && !hash_is_zero(&chunk->hash) &&
	    hash_equal(&chunk->hash, &stored->hash) &&
	    strcmp(chunk->language, stored->language) == 0;
}

/* The new chunk that a stored one is, if any: at its place, else anywhere. */
static struct page_chunk *
page_update_match(const struct page_update *u, const struct passages_chunk *stored)
{
	if (stored->index < u->n && page_update_is(&u->chunks[stored->index], stored))
		return &u->chunks[stored->index];
	for (size_t i = 0; i < u->n; i++)
		if (page_update_is(&u->chunks[i], stored))
			return &u->chunks[i];
	return NULL;
}

/* Keeps the stored chunks that are also new ones; the others are to be removed. */
static int
page_update_compare(struct page_update *u, struct passages *ix)
{
	int n = passages_chunks(ix, u->number, u->stored, PAGE_CHUNKS_MAX);

	for (int i = 0; i < n; i++) {
		struct page_chunk *same = page_update_match(u, &u->stored[i]);

		if (same == NULL) {
			u->stored[u->n_stored++] = u->stored[i];
			continue;
		}
		same->row = u->stored[i].row;
		if (same->index != u->stored[i].index &&
		    passages_move_chunk(ix, same->row, same->index) != 0)
			return -1;
	}
	return n < 0 ? -1 : 0;
}

/* 1: there is work to do, 0: none. */
static int
page_update_start(struct page_update *u, struct passages *ix)
{
	int found = u->n > 0 ? 1 : passages_find_page(ix, &u->page, &u->number);

	if (found == 1 && u->n > 0 && passages_page(ix, &u->page, &u->number) != 0)
		return -1;
	if (found != 1)
		return found;
	u->phase = PAGE_WORKS;
	u->stored = xcalloc(PAGE_CHUNKS_MAX, sizeof(*u->stored));
	return page_update_compare(u, ix) == 0 ? 1 : -1;
}

static int
page_update_write(struct page_update *u, struct passages *ix, struct page_chunk *chunk)
{
	struct passages_text text = {.index = chunk->index,
	    .hash = chunk->hash,
	    .title = page_update_part(u, u->title),
	    .heading = page_update_part(u, chunk->heading),
	    .text = page_update_part(u, chunk->text)};

	if (chunk->row != 0)
		return 0;
	memcpy(text.language, chunk->language, LANGUAGE_MAX + 1);
	return passages_put_chunk(ix, u->number, &text, &chunk->row);
}

/* Removes a stored chunk, or adds a new one. */
static int
page_update_do(struct page_update *u, struct passages *ix, size_t i)
{
	if (i < u->n_stored)
		return passages_remove_chunk(ix, u->stored[i].row);
	return page_update_write(u, ix, &u->chunks[i - u->n_stored]);
}

static int
page_update_end(struct page_update *u, struct passages *ix)
{
	u->phase = PAGE_ENDS;
	if (u->n == 0)
		return passages_forget(ix, u->number);
	return passages_set_hash(ix, u->number, &u->hash);
}

int
page_update_step(struct page_update *u, struct passages *ix)
{
	int rc = u->phase == PAGE_COLLECTS ? page_update_start(u, ix) : 1;
	size_t end;

	if (rc != 1)
		return rc;
	end = u->done + STEP < u->n_stored + u->n ? u->done + STEP : u->n_stored + u->n;
	for (; u->done < end; u->done++)
		if (page_update_do(u, ix, u->done) != 0)
			return -1;
	if (u->done < u->n_stored + u->n)
		return 1;
	return page_update_end(u, ix);
}
