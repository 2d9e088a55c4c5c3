/*
 * Blocks collect in a chunk until the next one would make it too long. A heading ends the chunk before it, unless
 * that is only a short introduction, and is part of the path of what follows. A heading without text of its own
 * becomes text itself, so that nothing is lost. Terms stay with what explains them.
 */
#include "workerd/crawl/chunks.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/text/language.h"
#include "workerd/crawl/block_split.h"

#define LANGUAGE_SAMPLE 16384 /* bytes of text that show the language */

#define LONG_MAX  1200 /* characters of a chunk of several blocks */
#define SHORT_MAX 80   /* of an introduction that moves below the heading behind it */
#define LEAD_MAX  300  /* of a text that stays with the table or code behind it */
#define TERM_MAX  400  /* a term begins a new chunk behind so much */

/* A chunk under construction. */
struct piece {
	struct buf text, heading, anchor;
	size_t characters;    /* of text */
	uint8_t level;        /* of the heading above its beginning; 0: none */
	enum block_kind last; /* the kind of its last block */
	bool open;            /* only terms and headings so far: text must follow */
};

struct chunks {
	struct document_walk walk;
	struct slice title;
	chunks_drop_fn *drop;
	void *arg;
	char language[LANGUAGE_MAX + 1];
	struct block_split split;
	struct block unit; /* that waits for the next chunk, if has_unit */
	bool has_unit;
	struct block
	    lone; /* a heading without text so far, where the chunk begins; level 0: none */
	struct piece made, ready; /* ready: what chunks_next() returned */
};

static void
chunks_piece_init(struct piece *p)
{
	buf_init(&p->text, CHUNKS_TEXT_MAX);
	buf_init(&p->heading, DOCUMENT_PATH_MAX);
	buf_init(&p->anchor, DOCUMENT_ANCHOR_MAX);
}

static void
chunks_piece_clear(struct piece *p)
{
	buf_clear(&p->text);
	buf_clear(&p->heading);
	buf_clear(&p->anchor);
}

/* The language of the beginning of a document's text. */
static const char *
chunks_detect(const struct document *doc)
{
	struct slice blocks = doc->blocks;
	const char *language;
	struct block block;
	struct buf sample;

	buf_init(&sample, LANGUAGE_SAMPLE);
	while (document_next_block(&blocks, &block) &&
	    (block.kind == BLOCK_CODE ||
		buf_append(&sample, block.text.p, block.text.len) == 0))
		if (buf_append_str(&sample, "\n") == -1)
			break;
	language = language_detect(buf_slice(&sample));
	buf_clear(&sample);
	return language;
}

static void
chunks_choose_language(struct chunks *c, const struct document *doc, struct slice language)
{
	language_from_tag(language, c->language);
	if (c->language[0] == '\0')
		language_from_tag(doc->language, c->language);
	if (c->language[0] == '\0')
		language_from_tag(slice_str(chunks_detect(doc)), c->language);
}

struct chunks *
chunks_new(const struct document *doc, struct slice title, struct slice language,
    chunks_drop_fn *drop, void *arg)
{
	struct chunks *c = xcalloc(1, sizeof(*c));

	document_walk_init(&c->walk, doc);
	c->title = title;
	c->drop = drop;
	c->arg = arg;
	block_split_init(&c->split);
	chunks_piece_init(&c->made);
	chunks_piece_init(&c->ready);
	chunks_choose_language(c, doc, language);
	return c;
}

void
chunks_free(struct chunks *c)
{
	if (c == NULL)
		return;
	block_split_clear(&c->split);
	chunks_piece_clear(&c->made);
	chunks_piece_clear(&c->ready);
	free(c);
}

struct slice
chunks_language(const struct chunks *c)
{
	return slice_str(c->language);
}

/* The next block, or the next piece of a long one. */
static bool
chunks_take(struct chunks *c, struct block *unit)
{
	if (c->has_unit) {
		c->has_unit = false;
		*unit = c->unit;
		return true;
	}
	while (!block_split_next(&c->split, unit)) {
		do {
			if (!document_walk_next(&c->walk))
				return false;
		} while (c->drop != NULL && c->drop(c->arg, &c->walk.block));
		block_split_start(&c->split, &c->walk.block);
		if (c->walk.block.kind == BLOCK_HEADING) {
			*unit = c->walk.block;
			c->split.rest.len = 0;
			return true;
		}
	}
	return true;
}

static bool
chunks_is_whole(const struct block *unit)
{
	return unit->kind == BLOCK_TABLE || unit->kind == BLOCK_CODE;
}

/* Whether the chunk ends before this unit. */
static bool
chunks_ends_before(const struct piece *p, const struct block *unit)
{
	size_t after = p->characters + block_split_characters(unit->text);
	size_t bytes = buf_len(&p->text) + unit->text.len + 2;

	if (buf_len(&p->text) == 0)
		return false;
	if (bytes > CHUNKS_TEXT_MAX)
		return true;
	if (chunks_is_whole(unit) && (p->open || p->characters <= LEAD_MAX))
		return false;
	if (unit->kind == BLOCK_TERM && !p->open && p->characters >= TERM_MAX)
		return true;
	return after > LONG_MAX;
}

static const char *
chunks_joint(const struct piece *p, const struct block *unit)
{
	if (buf_len(&p->text) == 0)
		return "";
	if (p->last == BLOCK_TERM || p->last == BLOCK_HEADING ||
	    (p->last == BLOCK_ITEM && unit->kind == BLOCK_ITEM))
		return "\n";
	return "\n\n";
}

/* The chunk begins at this place of the walk. */
static void
chunks_begin(struct chunks *c)
{
	struct piece *p = &c->made;

	buf_reset(&p->heading);
	buf_reset(&p->anchor);
	document_walk_path(&c->walk, &p->heading);
	must(buf_append(&p->anchor, c->walk.anchor.p, c->walk.anchor.len) == 0);
}

static void
chunks_append(struct chunks *c, const struct block *unit)
{
	struct piece *p = &c->made;
	const char *joint = chunks_joint(p, unit);

	if (buf_len(&p->text) == 0)
		p->open = true;
	must(buf_append_str(&p->text, joint) == 0);
	must(buf_append(&p->text, unit->text.p, unit->text.len) == 0);
	p->characters += block_split_characters(unit->text);
	p->last = unit->kind;
	p->open &= unit->kind == BLOCK_TERM || unit->kind == BLOCK_HEADING;
}

/* The chunk, or what has collected of it, is below this heading. */
static void
chunks_move_below(struct chunks *c, const struct block *heading)
{
	c->lone = *heading;
	c->made.level = heading->level;
	chunks_begin(c);
}

/* True if the chunk is ready. */
static bool
chunks_add_heading(struct chunks *c, const struct block *heading)
{
	struct piece *p = &c->made;
	bool list;

	if (c->lone.level > 0 && heading->level <= c->lone.level)
		chunks_append(c, &c->lone);
	c->lone.level = 0;
	list = p->open && p->last == BLOCK_HEADING && !chunks_ends_before(p, heading);
	if (buf_len(&p->text) == 0 ||
	    (heading->level > p->level && p->characters <= SHORT_MAX && !list)) {
		chunks_move_below(c, heading);
		return false;
	}
	if (list) {
		chunks_append(c, heading);
		return false;
	}
	c->unit = *heading;
	c->has_unit = true;
	return true;
}

/* True if the chunk is ready. */
static bool
chunks_add(struct chunks *c, const struct block *unit)
{
	if (unit->kind == BLOCK_HEADING)
		return chunks_add_heading(c, unit);
	if (chunks_ends_before(&c->made, unit)) {
		c->unit = *unit;
		c->has_unit = true;
		return true;
	}
	if (buf_len(&c->made.text) == 0)
		chunks_begin(c);
	c->lone.level = 0;
	chunks_append(c, unit);
	return false;
}

/* SHA-256 of the page's title, a zero byte, heading, a zero byte, text. */
static struct hash256
chunks_hash(struct slice title, const struct msg_chunk_record *chunk)
{
	struct hash256 hash;
	struct buf all;

	buf_init(&all, title.len + chunk->heading.len + chunk->text.len + 2);
	must(buf_append(&all, title.p, title.len) == 0 && buf_append(&all, "", 1) == 0);
	must(buf_append(&all, chunk->heading.p, chunk->heading.len) == 0);
	must(buf_append(&all, "", 1) == 0);
	must(buf_append(&all, chunk->text.p, chunk->text.len) == 0);
	hash = secret_hash(buf_slice(&all));
	buf_clear(&all);
	return hash;
}

/* Hands out the chunk; the next one begins below the same heading. */
static void
chunks_give(struct chunks *c, struct msg_chunk_record *chunk)
{
	struct piece ready = c->made;

	c->made = c->ready;
	c->ready = ready;
	buf_reset(&c->made.text);
	c->made.characters = 0;
	c->made.level = ready.level;
	*chunk = (struct msg_chunk_record){
	    .v = RECORD_VERSION,
	    .heading = buf_slice(&ready.heading),
	    .anchor = buf_slice(&ready.anchor),
	    .language = slice_str(c->language),
	    .text = buf_slice(&ready.text),
	};
	chunk->hash = chunks_hash(c->title, chunk);
}

bool
chunks_next(struct chunks *c, struct msg_chunk_record *chunk)
{
	struct block unit;
	bool ready = false;

	while (!ready && chunks_take(c, &unit))
		ready = chunks_add(c, &unit);
	if (!ready && c->lone.level > 0)
		chunks_append(c, &c->lone);
	c->lone.level = 0;
	if (buf_len(&c->made.text) == 0)
		return false;
	chunks_give(c, chunk);
	return true;
}
