#include "workerd/crawl/block_split.h"

#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"

#define HEAD_MAX 400 /* bytes of a table's head that is repeated */

void
block_split_init(struct block_split *s)
{
	memset(s, 0, sizeof(*s));
	buf_init(&s->piece, BLOCK_SPLIT_WHOLE_MAX + HEAD_MAX + 1);
}

void
block_split_clear(struct block_split *s)
{
	buf_clear(&s->piece);
}

size_t
block_split_characters(struct slice text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++)
		n += (text.p[i] & 0xc0) != 0x80;
	return n;
}

static bool
block_split_has_lines(const struct block_split *s)
{
	return s->block.kind == BLOCK_TABLE || s->block.kind == BLOCK_CODE;
}

static bool
block_split_fits(const struct block_split *s)
{
	return s->rest.len <= BLOCK_SPLIT_WHOLE_MAX &&
	    (block_split_has_lines(s) ||
		block_split_characters(s->rest) <= BLOCK_SPLIT_TEXT_WHOLE);
}

void
block_split_start(struct block_split *s, const struct block *block)
{
	const uint8_t *end = memchr(block->text.p, '\n', block->text.len);

	s->block = *block;
	s->rest = block->text;
	s->first = true;
	s->head.len = 0;
	if (block->kind == BLOCK_TABLE && end != NULL && end - block->text.p <= HEAD_MAX)
		s->head = (struct slice){block->text.p, (size_t)(end - block->text.p)};
}

/* The length of the longest beginning of rest with at most so many bytes and characters, in whole characters. */
static size_t
block_split_limit(struct slice rest, size_t bytes, size_t characters)
{
	size_t n = 0, next;

	while (n < rest.len && characters > 0) {
		next = utf8_char((struct slice){rest.p + n, rest.len - n});
		must(next > 0);
		if (n + next > bytes)
			break;
		n += next;
		characters--;
	}
	return n;
}

/* Whether a sentence ends before place i: behind a full stop and a space, or an ideographic one. */
static bool
block_split_is_sentence(const uint8_t *p, size_t i)
{
	if (i >= 3 && p[i - 3] == 0xe3 && p[i - 2] == 0x80 && p[i - 1] == 0x82)
		return true;
	if (i >= 3 && p[i - 3] == 0xef && p[i - 2] == 0xbc &&
	    (p[i - 1] == 0x81 || p[i - 1] == 0x9f))
		return true;
	return i >= 2 && p[i - 1] == ' ' && strchr(".!?:;", p[i - 2]) != NULL;
}

/* The last place behind a sentence, a line or a word up to limit; not in the first third. */
static size_t
block_split_text_end(const uint8_t *p, size_t limit)
{
	size_t line = 0, word = 0;

	for (size_t i = limit; i > limit / 3; i--) {
		if (block_split_is_sentence(p, i))
			return i;
		if (line == 0 && p[i - 1] == '\n')
			line = i;
		if (word == 0 && p[i - 1] == ' ')
			word = i;
	}
	if (line > 0)
		return line;
	return word > 0 ? word : limit;
}

static size_t
block_split_line_end(const uint8_t *p, size_t limit)
{
	for (size_t i = limit; i > 0; i--)
		if (p[i - 1] == '\n')
			return i;
	return limit;
}

/* Takes the next piece of rest. */
static struct slice
block_split_take(struct block_split *s)
{
	size_t head = s->first ? 0 : s->head.len, n = s->rest.len;
	struct slice piece = s->rest;

	if (block_split_has_lines(s)) {
		if (n > BLOCK_SPLIT_WHOLE_MAX - head)
			n = block_split_line_end(s->rest.p,
			    block_split_limit(s->rest, BLOCK_SPLIT_WHOLE_MAX - head, SIZE_MAX));
	} else if (!block_split_fits(s)) {
		n = block_split_text_end(s->rest.p,
		    block_split_limit(s->rest, BLOCK_SPLIT_WHOLE_MAX, BLOCK_SPLIT_TEXT));
	}
	piece.len = n;
	s->rest.p += n;
	s->rest.len -= n;
	return piece;
}

/* Without the line end behind it; text without all white space around it. */
static struct slice
block_split_trim(const struct block_split *s, struct slice piece)
{
	if (s->block.kind != BLOCK_CODE)
		return utf8_trim(piece);
	while (piece.len > 0 && piece.p[piece.len - 1] == '\n')
		piece.len--;
	return piece;
}

static struct slice
block_split_with_head(struct block_split *s, struct slice piece)
{
	if (s->first || s->head.len == 0)
		return piece;
	buf_reset(&s->piece);
	must(buf_append(&s->piece, s->head.p, s->head.len) == 0);
	must(buf_append_str(&s->piece, "\n") == 0);
	must(buf_append(&s->piece, piece.p, piece.len) == 0);
	return buf_slice(&s->piece);
}

bool
block_split_next(struct block_split *s, struct block *piece)
{
	while (s->rest.len > 0) {
		struct slice text = block_split_trim(s, block_split_take(s));

		if (text.len == 0)
			continue;
		*piece = s->block;
		piece->text = block_split_with_head(s, text);
		s->first = false;
		return true;
	}
	return false;
}
