/*
 * UTF-8 text as the contract counts it.
 *
 * Lengths in the API are UTF-16 code units, because that is what a browser's text.length counts
 * (API.md, section 4). Text inside banter is always valid UTF-8 (RFC 3629: no overlong forms, no
 * surrogates, nothing over U+10FFFF); it is checked once where it enters.
 */
#ifndef PROTO_BASE_UTF8_H
#define PROTO_BASE_UTF8_H

#include "proto/base/buf.h"

/* Whether s is wholly valid UTF-8 (the empty text is). NUL is a valid character. */
bool utf8_valid(struct slice s);

/* Bytes of the valid character at the front of s, 1 to 4; 0 if there is none. */
size_t utf8_char(struct slice s);

/* Writes a character, which is no surrogate, to p; its bytes, 1 to 4. */
size_t utf8_encode(uint32_t c, uint8_t p[4]);

/* UTF-16 code units of a valid text: 2 for each 4-byte character, else 1. */
size_t utf8_utf16_len(struct slice s);

/*
 * Where in a valid text the character begins that lies units UTF-16 code units from its start, in
 * bytes: rounded down to the start of a character where that falls between its two surrogates, the
 * text's length where the text is shorter. *reached gets the units up to there.
 */
size_t utf8_utf16_offset(struct slice text, size_t units, size_t *reached);

/* The longest prefix of a valid text of at most units UTF-16 code units, never half a character. */
struct slice utf8_prefix(struct slice s, size_t units);

/* Whether a valid text has a control character, U+0000 to U+001F or U+007F to U+009F, other than those of
 * but. */
bool utf8_has_control(struct slice s, const char *but);

/* Whether a valid text is one line: without control characters, and without U+2028 and U+2029, which end
 * lines as well. */
bool utf8_is_line(struct slice s);

/* A valid text without the white space at its ends that JavaScript's trim() removes (ECMA-262,
 * WhiteSpace and LineTerminator). */
struct slice utf8_trim(struct slice s);

/*
 * How many bytes at the end of s are the start of a character whose rest has not come yet: 0 to 3.
 * For text that arrives in pieces; whatever else is wrong with s is not looked at.
 */
size_t utf8_incomplete_tail(struct slice s);

/* Appends s to out with each invalid byte sequence replaced by U+FFFD (Unicode 15, 3.9, "maximal
 * subparts"). 0, or -1 with ENOBUFS (then a part may have been written). */
[[gnu::warn_unused_result]] int utf8_repair(struct buf *out, struct slice s);

#endif
