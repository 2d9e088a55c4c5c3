/*
 * A reader with one character of lookahead; no allocation.
 */
#include "storaged/search/text/words.h"

#include <string.h>

/* The character at a place of valid UTF-8; *size gets its length. */
static uint32_t
words_decode(struct slice text, size_t at, size_t *size)
{
	const uint8_t *p = text.p + at;

	if (p[0] < 0x80) {
		*size = 1;
		return p[0];
	}
	if (p[0] < 0xe0) {
		*size = 2;
		return (uint32_t)(p[0] & 0x1f) << 6 | (p[1] & 0x3f);
	}
	if (p[0] < 0xf0) {
		*size = 3;
		return (uint32_t)(p[0] & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6 |
		    (p[2] & 0x3f);
	}
	*size = 4;
	return (uint32_t)(p[0] & 0x07) << 18 | (uint32_t)(p[1] & 0x3f) << 12 |
	    (uint32_t)(p[2] & 0x3f) << 6 | (p[3] & 0x3f);
}

/* The first character of the folded form: ｶ is カ, which can be voiced. */
static uint32_t
words_folded(uint32_t c)
{
	const struct fold *f = fold_char(c);
	size_t size;

	return words_decode((struct slice){f->text, f->len}, 0, &size);
}

static void
word_add(struct word *word, const struct fold *f)
{
	if (word->len >= WORD_MAX)
		return;
	memcpy(word->text + word->len, f->text, f->len);
	word->len += f->len;
}

/* Reads the paired character at a place with the marks behind it, and adds it to the word. Returns its end,
 * or `at` if there is another kind of character. */
static size_t
words_paired(struct slice text, size_t at, struct word *word)
{
	size_t size;
	uint32_t c;

	if (at == text.len)
		return at;
	c = words_decode(text, at, &size);
	if (fold_char(c)->kind != FOLD_PAIRED)
		return at;
	for (at += size; at < text.len; at += size) {
		uint32_t mark = words_decode(text, at, &size);
		enum fold_kind kind = fold_char(mark)->kind;

		if (kind != FOLD_VOICING && kind != FOLD_IGNORED)
			break;
		if (kind == FOLD_VOICING)
			c = fold_voiced(words_folded(c), mark);
	}
	word_add(word, fold_char(c));
	return at;
}

static void
words_take_pair(struct words *words, struct word *word)
{
	size_t middle = words_paired(words->text, words->at, word);

	word->end = words_paired(words->text, middle, word);
	word->kind = word->end > middle ? WORD_PAIR : WORD_LAST;
	words->at = middle;
}

static void
words_take_plain(struct words *words, struct word *word)
{
	size_t size;

	word->kind = WORD_PLAIN;
	for (; words->at < words->text.len; words->at += size) {
		const struct fold *f = fold_char(words_decode(words->text, words->at, &size));

		if (f->kind == FOLD_SEPARATOR || f->kind == FOLD_PAIRED)
			return;
		word_add(word, f);
		word->end = words->at + size;
	}
}

/* Goes to the next character of a word. */
static enum fold_kind
words_skip(struct words *words)
{
	size_t size;

	for (; words->at < words->text.len; words->at += size) {
		enum fold_kind kind =
		    fold_char(words_decode(words->text, words->at, &size))->kind;

		if (kind == FOLD_LETTER || kind == FOLD_PAIRED)
			return kind;
	}
	return FOLD_SEPARATOR;
}

bool
words_next(struct words *words, struct word *word)
{
	enum fold_kind kind = words_skip(words);

	word->start = words->at;
	word->len = 0;
	if (kind == FOLD_PAIRED)
		words_take_pair(words, word);
	else if (kind == FOLD_LETTER)
		words_take_plain(words, word);
	return kind != FOLD_SEPARATOR;
}
