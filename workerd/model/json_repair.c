/*
 * A byte that must not stand in JSON is written as a mark and the character of its number, U+0080
 * to U+00FF; a lone surrogate as the three bytes that UTF-8 would make of it. The mark is U+007F,
 * which JSON allows bare; one of the text's own is doubled.
 *
 * No look at where strings begin and end: outside of them neither these bytes nor a backslash is
 * JSON, before or after.
 */
#include "workerd/model/json_repair.h"

#include <string.h>

#include "proto/base/hex.h"
#include "proto/base/utf8.h"

#define MARK   0x7f
#define ESCAPE 6 /* bytes of \uXXXX */

/* The code unit of the \uXXXX at the front of s; -1 when something else stands there. */
static int32_t
unit_at(struct slice s)
{
	if (s.len < ESCAPE || s.p[0] != '\\' || s.p[1] != 'u')
		return -1;
	return hex_value4(s.p + 2);
}

static bool
is_high(int32_t unit)
{
	return unit >= 0xd800 && unit <= 0xdbff;
}

static bool
is_low(int32_t unit)
{
	return unit >= 0xdc00 && unit <= 0xdfff;
}

static int
add_marked(struct buf *out, uint8_t byte)
{
	const uint8_t marked[] = {
	    MARK, (uint8_t)(0xc0 | byte >> 6), (uint8_t)(0x80 | (byte & 0x3f))};

	return buf_append(out, marked, sizeof(marked));
}

static int
add_surrogate(struct buf *out, int32_t unit)
{
	if (add_marked(out, 0xed) == -1 ||
	    add_marked(out, (uint8_t)(0x80 | (unit >> 6 & 0x3f))) == -1)
		return -1;
	return add_marked(out, (uint8_t)(0x80 | (unit & 0x3f)));
}

/* The escape at the front of s; *n gets its length. Anything that is none is left to jansson. */
static int
mend_escape(struct buf *out, struct slice s, size_t *n)
{
	int32_t unit = unit_at(s);

	*n = ESCAPE;
	if (unit == -1) {
		*n = s.len >= 2 && s.p[1] < 0x80 && s.p[1] != MARK ? 2 : 1;
		return buf_append(out, s.p, *n);
	}
	if (is_high(unit) && is_low(unit_at((struct slice){s.p + ESCAPE, s.len - ESCAPE}))) {
		*n = (size_t)2 * ESCAPE;
		return buf_append(out, s.p, *n);
	}
	if (is_high(unit) || is_low(unit))
		return add_surrogate(out, unit);
	if (buf_append(out, s.p, ESCAPE) == -1)
		return -1;
	return unit == MARK ? buf_append(out, "\x7f", 1) : 0;
}

/* What begins at the front of s; *n gets its length. */
static int
mend_next(struct buf *out, struct slice s, size_t *n)
{
	if (*s.p == '\\')
		return mend_escape(out, s, n);
	*n = utf8_char(s);
	if (*n == 0) {
		*n = 1;
		return add_marked(out, *s.p);
	}
	if (*s.p == MARK && buf_append(out, s.p, 1) == -1)
		return -1;
	return buf_append(out, s.p, *n);
}

int
json_repair(struct buf *out, struct slice text)
{
	while (text.len > 0) {
		size_t n;

		if (mend_next(out, text, &n) == -1)
			return -1;
		text = (struct slice){text.p + n, text.len - n};
	}
	return 0;
}

/* The byte that the mark at the front of s stands for; *n gets the length of both. */
static uint8_t
marked_byte(struct slice s, size_t *n)
{
	if (s.len < 3 || s.p[1] == MARK) {
		*n = s.len < 2 ? 1 : 2;
		return MARK;
	}
	*n = 3;
	return (uint8_t)(s.p[1] << 6 | (s.p[2] & 0x3f));
}

int
json_repair_undo(struct buf *out, struct slice string)
{
	while (string.len > 0) {
		const uint8_t *mark = memchr(string.p, MARK, string.len);
		size_t n = mark == NULL ? string.len : (size_t)(mark - string.p);
		uint8_t byte;

		if (buf_append(out, string.p, n) == -1)
			return -1;
		string = (struct slice){string.p + n, string.len - n};
		if (string.len == 0)
			break;
		byte = marked_byte(string, &n);
		if (buf_append(out, &byte, 1) == -1)
			return -1;
		string = (struct slice){string.p + n, string.len - n};
	}
	return 0;
}
