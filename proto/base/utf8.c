/*
 * utf8_scan() alone defines what a character is (RFC 3629, section 4); validation, repair and
 * utf8_incomplete_tail() use it. The other functions take valid text and only look at lead bytes,
 * but never read past the end, whatever their input.
 */
#include "proto/base/utf8.h"

#include <endian.h>
#include <string.h>

/* A 1 in each of eight bytes. */
#define EACH_BYTE UINT64_C(0x0101010101010101)

enum utf8_scan {
	SCAN_OK,  /* a character */
	SCAN_BAD, /* not a lead byte, or a sequence broken by another byte */
	SCAN_CUT, /* an incomplete character at the end of the text */
};

/* How many bytes follow a lead byte, and the range of the first of them, which is narrower where
 * overlong forms, surrogates or code points above U+10FFFF would start. */
struct lead {
	size_t more; /* 0: not a lead byte */
	uint8_t low, high;
};

static struct lead
utf8_lead(uint8_t c)
{
	if (c < 0xc2 || c > 0xf4)
		return (struct lead){0, 0, 0};
	if (c < 0xe0)
		return (struct lead){1, 0x80, 0xbf};
	if (c < 0xf0)
		return (struct lead){2, c == 0xe0 ? 0xa0 : 0x80, c == 0xed ? 0x9f : 0xbf};
	return (struct lead){3, c == 0xf0 ? 0x90 : 0x80, c == 0xf4 ? 0x8f : 0xbf};
}

/* Reads the first character of n > 0 bytes. *size gets its length, or that of the maximal subpart
 * of an ill-formed sequence (Unicode 15, 3.9, D93b), which is at least 1. */
static enum utf8_scan
utf8_scan(const uint8_t *p, size_t n, size_t *size)
{
	struct lead l;

	*size = 1;
	if (p[0] < 0x80)
		return SCAN_OK;
	/* Fast path for two-byte characters. */
	if (n >= 2 && p[0] >= 0xc2 && p[0] < 0xe0 && (p[1] & 0xc0) == 0x80) {
		*size = 2;
		return SCAN_OK;
	}
	l = utf8_lead(p[0]);
	if (l.more == 0)
		return SCAN_BAD;
	for (size_t i = 1; i <= l.more; i++) {
		if (i == n)
			return SCAN_CUT;
		if (p[i] < l.low || p[i] > l.high)
			return SCAN_BAD;
		l.low = 0x80;
		l.high = 0xbf;
		*size = i + 1;
	}
	return SCAN_OK;
}

/* Loads eight bytes, the first one into the low byte. */
static uint64_t
utf8_load_eight(const uint8_t *p)
{
	uint64_t eight;

	memcpy(&eight, p, sizeof(eight));
	return le64toh(eight);
}

/* Number of leading ASCII bytes, eight at a time: most text is mostly ASCII. */
static size_t
utf8_ascii_run(const uint8_t *p, size_t n)
{
	size_t i = 0;

	for (; n - i >= 8; i += 8) {
		uint64_t high = utf8_load_eight(p + i) & (EACH_BYTE << 7);

		if (high != 0)
			return i + (size_t)__builtin_ctzll(high) / 8;
	}
	while (i < n && p[i] < 0x80)
		i++;
	return i;
}

/* Number of leading bytes that are whole valid characters. */
static size_t
utf8_valid_run(const uint8_t *p, size_t n)
{
	size_t i = 0, size;

	for (;;) {
		i += utf8_ascii_run(p + i, n - i);
		if (i == n || utf8_scan(p + i, n - i, &size) != SCAN_OK)
			return i;
		i += size;
	}
}

/* UTF-16 code units of the character that this byte of valid text starts: continuation bytes
 * (10xxxxxx) count 0, lead bytes of four-byte characters 2. */
static size_t
utf8_units(uint8_t c)
{
	return (c & 0xc0) == 0x80 ? 0 : c >= 0xf0 ? 2 : 1;
}

/* The same for eight bytes at once: each byte gets a 1 where it is a continuation or a four-byte
 * lead byte, and the multiplication sums them up. */
static inline size_t
utf8_units_of_eight(uint64_t eight)
{
	uint64_t goes_on, of_four;

	if ((eight & (EACH_BYTE << 7)) == 0)
		return 8;
	goes_on = eight >> 7 & ~eight >> 6 & EACH_BYTE;
	of_four = eight >> 7 & eight >> 6 & eight >> 5 & eight >> 4 & EACH_BYTE;
	return (size_t)(((EACH_BYTE - goes_on + of_four) * EACH_BYTE) >> 56);
}

bool
utf8_valid(struct slice s)
{
	return s.len == 0 || utf8_valid_run(s.p, s.len) == s.len;
}

size_t
utf8_char(struct slice s)
{
	size_t size;

	return s.len > 0 && utf8_scan(s.p, s.len, &size) == SCAN_OK ? size : 0;
}

size_t
utf8_utf16_len(struct slice s)
{
	size_t units = 0, i = 0;

	for (; s.len - i >= 8; i += 8)
		units += utf8_units_of_eight(utf8_load_eight(s.p + i));
	for (; i < s.len; i++)
		units += utf8_units(s.p[i]);
	return units;
}

size_t
utf8_utf16_offset(struct slice text, size_t units, size_t *reached)
{
	size_t left = units, i = 0, more;

	for (; text.len - i >= 8; i += 8) {
		more = utf8_units_of_eight(utf8_load_eight(text.p + i));
		if (more > left)
			break;
		left -= more;
	}
	/* Continuation bytes count 0, so no character is cut. */
	for (; i < text.len; i++) {
		more = utf8_units(text.p[i]);
		if (more > left)
			break;
		left -= more;
	}
	*reached = units - left;
	return i;
}

struct slice
utf8_prefix(struct slice s, size_t units)
{
	size_t reached;

	return (struct slice){s.p, utf8_utf16_offset(s, units, &reached)};
}

bool
utf8_has_control(struct slice s, const char *except)
{
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.p[i];

		if ((c < 0x20 || c == 0x7f) && (c == '\0' || strchr(except, c) == NULL))
			return true;
		/* U+0080 to U+009F */
		if (c == 0xc2 && i + 1 < s.len && s.p[i + 1] < 0xa0)
			return true;
	}
	return false;
}

bool
utf8_is_line(struct slice s)
{
	if (s.len == 0)
		return true;
	return !utf8_has_control(s, "") && memmem(s.p, s.len, "\u2028", 3) == NULL &&
	    memmem(s.p, s.len, "\u2029", 3) == NULL;
}

/* Length of the white space character at the front; 0 if there is none. */
static size_t
utf8_white_space(const uint8_t *p, size_t n)
{
	uint32_t c;

	if (n >= 1 && (p[0] == ' ' || (p[0] >= '\t' && p[0] <= '\r')))
		return 1;
	if (n >= 2 && p[0] == 0xc2 && p[1] == 0xa0)
		return 2;
	if (n < 3)
		return 0;
	c = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
	switch (c) {
	case 0xe19a80: /* U+1680 */
	case 0xe280a8: /* U+2028 */
	case 0xe280a9: /* U+2029 */
	case 0xe280af: /* U+202F */
	case 0xe2819f: /* U+205F */
	case 0xe38080: /* U+3000 */
	case 0xefbbbf: /* U+FEFF */
		return 3;
	default: /* U+2000 to U+200A */
		return c >= 0xe28080 && c <= 0xe2808a ? 3 : 0;
	}
}

/* Length of the white space character that ends at n; 0 if there is none. */
static size_t
utf8_white_space_before(const uint8_t *p, size_t n)
{
	for (size_t back = 1; back <= 3 && back <= n; back++)
		if (utf8_white_space(p + n - back, back) == back)
			return back;
	return 0;
}

struct slice
utf8_trim(struct slice s)
{
	size_t n;

	while ((n = utf8_white_space(s.p, s.len)) > 0) {
		s.p += n;
		s.len -= n;
	}
	while ((n = utf8_white_space_before(s.p, s.len)) > 0)
		s.len -= n;
	return s;
}

size_t
utf8_incomplete_tail(struct slice s)
{
	size_t size;

	for (size_t back = 1; back <= 3 && back <= s.len; back++)
		if (utf8_scan(s.p + s.len - back, back, &size) == SCAN_CUT)
			return back;
	return 0;
}

size_t
utf8_encode(uint32_t c, uint8_t p[4])
{
	static const uint8_t leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = n - 1; i > 0; i--, c >>= 6)
		p[i] = (uint8_t)(0x80 | (c & 0x3f));
	p[0] = (uint8_t)(leads[n] | c);
	return n;
}

int
utf8_repair(struct buf *out, struct slice s)
{
	size_t i = 0, size;

	while (i < s.len) {
		size = utf8_valid_run(s.p + i, s.len - i);
		if (buf_append(out, s.p + i, size) == -1)
			return -1;
		i += size;
		if (i == s.len)
			break;
		utf8_scan(s.p + i, s.len - i, &size);
		if (buf_append_str(out, "\xef\xbf\xbd") == -1)
			return -1;
		i += size;
	}
	return 0;
}
