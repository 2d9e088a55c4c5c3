/*
 * Any bytes as text, compared with the C library's converter: validity, length in UTF-16, where it
 * may be cut, white space at its ends, repair. The first byte selects a length and the position
 * where the text is split in two.
 */
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "tests/fuzz/fuzz.h"

/* The code points of the valid characters at the front of s; *n gets their number, *used their
 * bytes. The caller frees them. */
static uint32_t *
decode(struct slice s, size_t *n, size_t *used)
{
	static iconv_t cd;
	uint32_t *points = malloc(4 * s.len + 4);
	uint8_t *copy = fuzz_copy(s);
	char *in = (char *)copy, *out = (char *)points;
	size_t in_left = s.len, out_left = 4 * s.len + 4;

	if (cd == NULL)
		cd = iconv_open("UTF-32LE", "UTF-8");
	must(points != NULL && cd != (iconv_t)-1); /* NOLINT(performance-no-int-to-ptr) */
	iconv(cd, NULL, NULL, NULL, NULL);
	(void)iconv(cd, &in, &in_left, &out, &out_left);
	*used = s.len - in_left;
	*n = (size_t)(out - (char *)points) / 4;
	free(copy);
	return points;
}

/* UTF-16 code units of n characters. */
static size_t
units_of(const uint32_t *points, size_t n)
{
	size_t units = 0;

	for (size_t i = 0; i < n; i++)
		units += points[i] >= 0x10000 ? 2 : 1;
	return units;
}

/* The longest prefix that fits: one character more would not. */
static void
check_prefix(struct slice s, const uint32_t *points, size_t n, size_t max)
{
	struct slice prefix = utf8_prefix(s, max);
	size_t units = utf8_utf16_len(prefix);

	must(prefix.p == s.p && prefix.len <= s.len && utf8_valid(prefix));
	must(units <= max);
	if (prefix.len == s.len)
		return;
	for (size_t i = 0; i <= n; i++)
		if (units_of(points, i) == units) {
			must(units_of(points, i + 1) > max);
			return;
		}
	never("a prefix that ends inside a character");
}

/* It is the end of the longest prefix that fits, and reports its length. */
static void
check_offset(struct slice s, size_t units)
{
	size_t reached, offset = utf8_utf16_offset(s, units, &reached);
	struct slice prefix = utf8_prefix(s, units);

	must(offset == prefix.len);
	must(reached == utf8_utf16_len(prefix) && reached <= units);
	must(units - reached <= 1 || offset == s.len);
}

/* ECMA-262, tables "White Space Code Points" and "Line Terminator Code Points". */
static bool
is_space(uint32_t c)
{
	static const uint32_t spaces[] = {0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x20, 0xa0, 0x1680,
	    0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x2006, 0x2007, 0x2008, 0x2009,
	    0x200a, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000, 0xfeff};

	for (size_t i = 0; i < ARRAY_LEN(spaces); i++)
		if (spaces[i] == c)
			return true;
	return false;
}

static void
check_trim(struct slice s, const uint32_t *points, size_t n)
{
	struct slice trimmed = utf8_trim(s);
	size_t first = 0, kept, used;
	uint32_t *rest;

	while (first < n && is_space(points[first]))
		first++;
	while (n > first && is_space(points[n - 1]))
		n--;
	must(trimmed.p >= s.p && trimmed.p + trimmed.len <= s.p + s.len);
	rest = decode(trimmed, &kept, &used);
	must(used == trimmed.len && kept == n - first);
	must(memcmp(rest, points + first, 4 * kept) == 0);
	free(rest);
}

/* Repaired text is valid, and valid text stays unchanged. */
static void
check_repair(struct slice s, size_t valid)
{
	struct buf repaired;

	buf_init(&repaired, 3 * s.len + 1);
	fuzz_text(&repaired, s);
	must(utf8_valid(buf_slice(&repaired)));
	must(buf_len(&repaired) >= valid && memcmp(buf_data(&repaired), s.p, valid) == 0);
	must((valid == s.len) == slice_eq(buf_slice(&repaired), s));
	buf_clear(&repaired);
}

/* Text in two pieces, with the incomplete character carried over, is repaired like the whole
 * text. */
static void
check_pieces(struct slice s, size_t cut)
{
	size_t tail = utf8_incomplete_tail((struct slice){s.p, cut}), head;
	struct buf whole, pieces;

	must(tail <= 3 && tail <= cut);
	head = cut - tail;
	buf_init(&whole, 3 * s.len + 1);
	buf_init(&pieces, 3 * s.len + 1);
	fuzz_text(&whole, s);
	fuzz_text(&pieces, (struct slice){s.p, head});
	fuzz_text(&pieces, (struct slice){s.p + head, s.len - head});
	must(slice_eq(buf_slice(&whole), buf_slice(&pieces)));
	buf_clear(&whole);
	buf_clear(&pieces);
}

static void
check_text(struct slice s, size_t at)
{
	size_t n, valid;
	uint32_t *points = decode(s, &n, &valid);
	size_t first = utf8_char(s);

	must(utf8_valid(s) == (valid == s.len));
	must(first <= 4 && (first > 0) == (n > 0));
	if (first > 0)
		must(utf8_valid((struct slice){s.p, first}));
	s.len = valid;
	must(utf8_utf16_len(s) == units_of(points, n));
	check_prefix(s, points, n, at);
	check_offset(s, at);
	check_trim(s, points, n);
	free(points);
}

/* The functions for valid text give no defined result for other bytes, but stay inside them. */
static void
check_bounds(struct slice s, size_t at)
{
	struct slice prefix = utf8_prefix(s, at), trimmed = utf8_trim(s);

	must(prefix.len <= s.len && trimmed.len <= s.len);
	must(utf8_utf16_len(s) <= s.len * 2);
}

int
fuzz_utf8(const uint8_t *data, size_t size)
{
	struct slice in = {data, size};
	size_t at = fuzz_byte(&in);
	uint8_t *copy = fuzz_copy(in);
	struct slice s = {copy, in.len};
	size_t n, valid;

	free(decode(s, &n, &valid));
	check_text(s, at);
	check_repair(s, valid);
	check_pieces(s, at < s.len ? at : s.len);
	check_bounds(s, at);
	free(copy);
	return 0;
}
