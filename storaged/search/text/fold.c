/*
 * By libunistring: categories, scripts, case folding and decomposition (Unicode 14).
 */
#include "storaged/search/text/fold.h"

#include <stdbool.h>
#include <string.h>

#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"

#define BASIC_PLANE 0x10000

struct range {
	uint32_t first, last;
};

static bool
fold_in(uint32_t c, const struct range *ranges, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

/* Marks without which people also write the word: accents, Hebrew points, Arabic vowels. */
static bool
fold_is_accent(uint32_t c)
{
	static const struct range accents[] = {{0x300, 0x36f}, {0x483, 0x489}, {0x591, 0x5bd},
	    {0x5bf, 0x5bf}, {0x5c1, 0x5c7}, {0x610, 0x61a}, {0x64b, 0x65f}, {0x670, 0x670}};

	return fold_in(c, accents, ARRAY_LEN(accents));
}

/* Soft hyphen, joiners, direction marks, variation selectors, byte order mark. */
static bool
fold_is_invisible(uint32_t c)
{
	static const struct range invisible[] = {{0xad, 0xad}, {0x200b, 0x200f},
	    {0x2060, 0x2064}, {0xfe00, 0xfe0f}, {0xfeff, 0xfeff}, {0xe0100, 0xe01ef}};

	return fold_in(c, invisible, ARRAY_LEN(invisible));
}

static bool
fold_is_voicing(uint32_t c)
{
	return c == 0x3099 || c == 0x309a || c == 0xff9e || c == 0xff9f;
}

/* The long vowel mark and the iteration marks belong to no script of their own. */
static bool
fold_is_paired(uint32_t c)
{
	static const char *const scripts[] = {"Han", "Hiragana", "Katakana", "Hangul",
	    "Bopomofo", "Thai", "Lao", "Khmer", "Myanmar", "Tibetan", "Yi"};
	const uc_script_t *script = uc_script(c);

	if ((c >= 0x3005 && c <= 0x3007) || c == 0x30fc || c == 0xff70)
		return true;
	for (size_t i = 0; script != NULL && i < ARRAY_LEN(scripts); i++)
		if (strcmp(script->name, scripts[i]) == 0)
			return true;
	return false;
}

static bool
fold_is_letter(uint32_t c)
{
	return uc_is_general_category_withtable(
	    c, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_N | UC_CATEGORY_MASK_M);
}

static enum fold_kind
fold_kind_of(uint32_t c)
{
	if (fold_is_voicing(c))
		return FOLD_VOICING;
	if (fold_is_accent(c) || fold_is_invisible(c))
		return FOLD_IGNORED;
	if (!fold_is_letter(c))
		return FOLD_SEPARATOR;
	return fold_is_paired(c) ? FOLD_PAIRED : FOLD_LETTER;
}

/* Appends a character of the folded form, unless it is an accent or does not fit. */
static void
fold_add(struct fold *f, uint32_t c)
{
	uint8_t text[4];
	size_t n;

	if (fold_is_accent(c) || !fold_is_letter(c))
		return;
	n = utf8_encode(c, text);
	if (f->len + n > FOLD_MAX)
		return;
	memcpy(f->text + f->len, text, n);
	f->len = (uint8_t)(f->len + n);
}

/* Syllables and kana stay composed: their parts are no accents. */
static void
fold_text(struct fold *f, uint32_t c)
{
	uint32_t folded[32];
	size_t n = ARRAY_LEN(folded);
	uninorm_t form = f->kind == FOLD_PAIRED ? UNINORM_NFKC : UNINORM_NFKD;
	uint32_t *result = u32_casefold(&c, 1, NULL, form, folded, &n);

	must(result == folded);
	for (size_t i = 0; i < n; i++)
		fold_add(f, folded[i]);
}

static struct fold
fold_compute(uint32_t c)
{
	struct fold f = {.kind = (uint8_t)fold_kind_of(c)};

	if (f.kind != FOLD_LETTER && f.kind != FOLD_PAIRED)
		return f;
	fold_text(&f, c);
	if (f.len == 0)
		f.kind = FOLD_SEPARATOR;
	return f;
}

const struct fold *
fold_char(uint32_t c)
{
	static struct fold table[BASIC_PLANE];
	static struct fold other;

	if (c >= BASIC_PLANE) {
		other = fold_compute(c);
		return &other;
	}
	if (table[c].kind == FOLD_UNKNOWN)
		table[c] = fold_compute(c);
	return &table[c];
}

uint32_t
fold_voiced(uint32_t c, uint32_t mark)
{
	uint32_t combining = mark == 0x3099 || mark == 0xff9e ? 0x3099 : 0x309a;
	ucs4_t voiced = uc_composition(c, combining);

	return voiced != 0 ? voiced : c;
}
