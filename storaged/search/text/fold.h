/*
 * How one character counts in the index: whether it belongs to a word, and its folded form, in which upper
 * and lower case, accents and compatibility forms (full width, ligatures) are equal.
 *
 * Characters of the basic plane are folded once by libunistring and then kept in a table of 1 MiB.
 */
#ifndef STORAGED_SEARCH_TEXT_FOLD_H
#define STORAGED_SEARCH_TEXT_FOLD_H

#include <stdint.h>

#define FOLD_MAX 14 /* bytes of a folded character */

enum fold_kind {
	FOLD_UNKNOWN, /* of the table: not folded yet */
	FOLD_SEPARATOR,
	FOLD_LETTER,  /* of a word: letter, digit, vowel sign */
	FOLD_PAIRED,  /* of a script without spaces between words, indexed in pairs */
	FOLD_VOICING, /* a Japanese voicing mark, which changes the character before it */
	FOLD_IGNORED, /* accents by themselves, soft hyphen, joiners: words go on behind them */
};

struct fold {
	uint8_t kind; /* enum fold_kind */
	uint8_t len;
	uint8_t text[FOLD_MAX]; /* UTF-8; empty unless FOLD_LETTER or FOLD_PAIRED */
};

/* The folded form of a character; valid until the next call. */
const struct fold *fold_char(uint32_t c);

/* A FOLD_PAIRED character with a voicing mark behind it: one character, if there is one. */
uint32_t fold_voiced(uint32_t c, uint32_t mark);

#endif
