/*
 * Each invalid byte is encoded as a mark and the character with its number, U+0080 to U+00FF; a
 * lone surrogate as the three bytes of its UTF-8 form, encoded the same way. The mark is U+007F,
 * which JSON strings may contain; a U+007F of the text is doubled.
 *
 * The position of strings does not matter: outside of strings neither these bytes nor a backslash
 * is valid JSON, before or after.
 */
#include "workerd/model/openai/json_repair.h"

#include <string.h>

#include "proto/base/hex.h"
#include "proto/base/utf8.h"

#define MARK   0x7f
#define ESCAPE 6 /* length of \uXXXX */

/* The code unit of the \uXXXX at the front of s; -1 if there is none. */
static int32_t
json_repair_unit_at(struct slice s)
{
	if (s.len < ESCAPE || s.p[0] != '\\' || s.p[1] != 'u')
		return -1;
	return hex_value4(s.p + 2);
}

static bool
json_repair_is_high(int32_t unit)
{
	return unit >= 0xd800 && unit <= 0xdbff;
}

static bool
json_repair_is_low(int32_t unit)
{
	return unit >= 0xdc00 && unit <= 0xdfff;
}

static int
json_repair_add_marked(struct buf *out, uint8_t byte)
{
	const uint8_t marked[] = {
	    MARK, (uint8_t)(0xc0 | byte >> 6), (uint8_t)(0x80 | (byte & 0x3f))};

	return buf_append(out, marked, sizeof(marked));
}

static int
json_repair_add_surrogate(struct buf *out, int32_t unit)
{
	if (json_repair_add_marked(out, 0xed) == -1 ||
	    json_repair_add_marked(out, (uint8_t)(0x80 | (unit >> 6 & 0x3f))) == -1)
		return -1;
	return json_repair_add_marked(out, (uint8_t)(0x80 | (unit & 0x3f)));
}

/* Copies the escape at the front of s; *n is its length. Invalid escapes are left to jansson. */
static int
json_repair_escape(struct buf *out, struct slice s, size_t *n)
{
	int32_t unit = json_repair_unit_at(s);

	*n = ESCAPE;
	if (unit == -1) {
		*n = s.len >= 2 && s.p[1] < 0x80 && s.p[1] != MARK ? 2 : 1;
		return buf_append(out, s.p, *n);
	}
	if (json_repair_is_high(unit) &&
	    json_repair_is_low(
		json_repair_unit_at((struct slice){s.p + ESCAPE, s.len - ESCAPE}))) {
		*n = (size_t)2 * ESCAPE;
		return buf_append(out, s.p, *n);
	}
	if (json_repair_is_high(unit) || json_repair_is_low(unit))
		return json_repair_add_surrogate(out, unit);
	if (buf_append(out, s.p, ESCAPE) == -1)
		return -1;
	return unit == MARK ? buf_append(out, "\x7f", 1) : 0;
}

/* Copies the escape or character at the front of s; *n is its length. */
static int
json_repair_next(struct buf *out, struct slice s, size_t *n)
{
	if (*s.p == '\\')
		return json_repair_escape(out, s, n);
	*n = utf8_char(s);
	if (*n == 0) {
		*n = 1;
		return json_repair_add_marked(out, *s.p);
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

		if (json_repair_next(out, text, &n) == -1)
			return -1;
		text = (struct slice){text.p + n, text.len - n};
	}
	return 0;
}

/* Decodes the mark at the front of s; *n is the length of the sequence. */
static uint8_t
json_repair_marked_byte(struct slice s, size_t *n)
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
		byte = json_repair_marked_byte(string, &n);
		if (buf_append(out, &byte, 1) == -1)
			return -1;
		string = (struct slice){string.p + n, string.len - n};
	}
	return 0;
}
