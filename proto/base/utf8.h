/*
 * UTF-8 text.
 *
 * Lengths in the API are UTF-16 code units, because that is what a browser's text.length counts
 * (API.md, section 4). Text inside banter is always valid UTF-8 (RFC 3629: no overlong forms, no
 * surrogates, nothing above U+10FFFF); it is validated once, on input.
 */
#ifndef PROTO_BASE_UTF8_H
#define PROTO_BASE_UTF8_H

#include "proto/base/buf.h"

/* Whether all of s is valid UTF-8. Empty text is valid, and so is NUL. */
bool utf8_valid(struct slice s);

/* Length of the valid character at the front of s, 1 to 4 bytes; 0 if it is invalid or s is
 * empty. */
size_t utf8_char(struct slice s);

/* Encodes a character (not a surrogate) at p; returns its length, 1 to 4. */
size_t utf8_encode(uint32_t c, uint8_t p[4]);

/* Length of a valid text in UTF-16 code units: 2 for each 4-byte character, 1 for others. */
size_t utf8_utf16_len(struct slice s);

/* The byte offset in a valid text of the character that starts units UTF-16 code units from the
 * beginning. Rounded down if that is between the two surrogates of a character; the text's length
 * if the text is shorter. *reached gets the number of units before the offset. */
size_t utf8_utf16_offset(struct slice text, size_t units, size_t *reached);

/* The longest prefix of a valid text with at most units UTF-16 code units, in whole characters. */
struct slice utf8_prefix(struct slice s, size_t units);

/* Whether a valid text has a control character (U+0000 to U+001F, U+007F to U+009F) that is not in
 * except. */
bool utf8_has_control(struct slice s, const char *except);

/* Whether a valid text is a single line: no control characters, no U+2028, no U+2029. */
bool utf8_is_line(struct slice s);

/* Removes the white space at both ends of a valid text that JavaScript's trim() removes (ECMA-262,
 * WhiteSpace and LineTerminator). */
struct slice utf8_trim(struct slice s);

/* Number of bytes, 0 to 3, at the end of s that start a character which is not complete yet: for
 * text that arrives in pieces. Other errors in s are ignored. */
size_t utf8_incomplete_tail(struct slice s);

/* Appends s to out with each invalid byte sequence replaced by U+FFFD (Unicode 15, 3.9, "maximal
 * subparts"). 0, or -1 with ENOBUFS (part of the text may have been written). */
[[gnu::warn_unused_result]] int utf8_repair(struct buf *out, struct slice s);

#endif
