/*
 * UTF-8: compared exhaustively with libunistring, and with the standards' examples.
 */
#include <unistr.h>

#include "proto/base/utf8.h"
#include "tests/unit/unit.h"

#define LAST_CHAR 0x10ffff

/* A literal that may contain NUL. */
#define S(text) ((struct slice){(const uint8_t *)(text), sizeof(text) - 1})

static bool
reference_valid(const uint8_t *p, size_t n)
{
	return u8_check(p, n) == NULL;
}

/* ECMA-262, WhiteSpace and LineTerminator. */
static bool
is_js_space(uint32_t c)
{
	static const uint32_t set[] = {0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x20, 0xa0, 0x1680, 0x2000,
	    0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200a,
	    0x2028, 0x2029, 0x202f, 0x205f, 0x3000, 0xfeff};

	for (size_t i = 0; i < ARRAY_LEN(set); i++)
		if (set[i] == c)
			return true;
	return false;
}

TEST(every_character_is_encoded_measured_and_trimmed)
{
	uint8_t text[9], again[4];

	for (uint32_t c = 0; c <= LAST_CHAR; c += c == 0xd7ff ? 0x801 : 1) {
		size_t n = (size_t)u8_uctomb(text, c, 4);
		struct slice s = {text, n}, trimmed;

		assert_true(utf8_valid(s));
		assert_int_equal(utf8_char(s), n);
		assert_int_equal(utf8_encode(c, again), n);
		assert_memory_equal(again, text, n);
		assert_int_equal(utf8_utf16_len(s), c < 0x10000 ? 1 : 2);
		assert_int_equal(utf8_trim(s).len, is_js_space(c) ? 0 : n);
		text[n] = 'x';
		memcpy(text + n + 1, text, n);
		trimmed = utf8_trim((struct slice){text, 2 * n + 1});
		if (is_js_space(c) ? !slice_eq_str(trimmed, "x") : trimmed.len != 2 * n + 1)
			fail_msg("U+%04X around x", c);
	}
}

static void
check_bytes(const uint8_t *p, size_t n)
{
	int first = p[0] == 0 ? 1 : u8_mblen(p, n);

	if (utf8_valid((struct slice){p, n}) != reference_valid(p, n) ||
	    utf8_char((struct slice){p, n}) != (size_t)(first < 0 ? 0 : first))
		fail_msg("%02x %02x %02x %02x, %zu bytes", p[0], p[1], p[2], p[3], n);
}

TEST(all_short_byte_sequences_equal_the_reference)
{
	static const uint8_t edges[] = {
	    0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xe0, 0xf4, 0xff};
	uint8_t p[4] = {0};

	for (unsigned i = 0; i < 0x10000; i++) {
		p[0] = (uint8_t)(i >> 8);
		p[1] = (uint8_t)i;
		check_bytes(p, 1);
		check_bytes(p, 2);
		for (size_t j = 0; j < ARRAY_LEN(edges); j++) {
			p[2] = edges[j];
			check_bytes(p, 3);
			for (size_t k = 0; k < ARRAY_LEN(edges); k++) {
				p[3] = edges[k];
				check_bytes(p, 4);
			}
		}
	}
}

/* The copy has exactly the text's size, so that a sanitizer detects any read past it. */
TEST(one_invalid_byte_is_found_at_every_position)
{
	for (size_t len = 1; len <= 40; len++) {
		uint8_t *p = malloc(len);

		assert_non_null(p);
		memset(p, 'a', len);
		assert_true(utf8_valid((struct slice){p, len}));
		for (size_t i = 0; i < len; i++) {
			p[i] = 0xff;
			assert_false(utf8_valid((struct slice){p, len}));
			p[i] = 0xc3;
			assert_false(utf8_valid((struct slice){p, len}));
			if (i + 1 < len) {
				p[i + 1] = 0xa4;
				assert_true(utf8_valid((struct slice){p, len}));
				p[i + 1] = 'a';
			}
			p[i] = 'a';
		}
		free(p);
	}
}

TEST(empty_and_nul_are_valid)
{
	size_t reached = 1;

	assert_true(utf8_valid((struct slice){NULL, 0}));
	assert_true(utf8_valid(S("a\0b")));
	assert_int_equal(utf8_char((struct slice){NULL, 0}), 0);
	assert_int_equal(utf8_utf16_len((struct slice){NULL, 0}), 0);
	assert_int_equal(utf8_prefix((struct slice){NULL, 0}, 3).len, 0);
	assert_int_equal(utf8_utf16_offset((struct slice){NULL, 0}, 3, &reached), 0);
	assert_int_equal(reached, 0);
	assert_int_equal(utf8_trim((struct slice){NULL, 0}).len, 0);
	assert_int_equal(utf8_incomplete_tail((struct slice){NULL, 0}), 0);
}

TEST(a_text_is_cut_between_characters)
{
	static const struct {
		size_t units, bytes, reached;
	} cases[] = {
	    {0, 0, 0},
	    {1, 1, 1},
	    {2, 3, 2},
	    {3, 6, 3},
	    {4, 6, 3}, /* between the surrogates */
	    {5, 10, 5},
	    {6, 11, 6},
	    {7, 11, 6}, /* past the end */
	    {SIZE_MAX, 11, 6},
	};
	struct slice text = S("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z");
	size_t reached;

	assert_int_equal(utf8_utf16_len(text), 6);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slice prefix = utf8_prefix(text, cases[i].units);

		assert_ptr_equal(prefix.p, text.p);
		assert_int_equal(prefix.len, cases[i].bytes);
		assert_int_equal(
		    utf8_utf16_offset(text, cases[i].units, &reached), cases[i].bytes);
		assert_int_equal(reached, cases[i].reached);
	}
}

/* Characters of each length at each position in the eight bytes that are processed together; a walk
 * by single characters gives the expected offsets. */
TEST(offsets_are_right_for_every_alignment)
{
	static const char *const chars[] = {
	    "a", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};

	for (unsigned mix = 0; mix < 1u << 16; mix++) {
		struct buf text;
		size_t offset = 0, units = 0, reached;

		buf_init(&text, 64);
		for (unsigned i = 0; i < 8; i++)
			assert_int_equal(buf_append_str(&text, chars[mix >> (2 * i) & 3]), 0);
		for (unsigned i = 0; i <= 8; i++) {
			unsigned kind = mix >> (2 * i) & 3;

			assert_int_equal(
			    utf8_utf16_offset(buf_slice(&text), units, &reached), offset);
			assert_int_equal(reached, units);
			if (i < 8 && kind == 3) {
				assert_int_equal(
				    utf8_utf16_offset(buf_slice(&text), units + 1, &reached),
				    offset);
				assert_int_equal(reached, units);
			}
			offset += kind + 1;
			units += kind == 3 ? 2 : 1;
		}
		buf_clear(&text);
	}
}

TEST(trim_keeps_inner_white_space)
{
	assert_true(slice_eq_str(utf8_trim(S(" \t\r\n\xe3\x80\x80 a b\xc2\xa0"
					     "c \xef\xbb\xbf\n")),
	    "a b\xc2\xa0"
	    "c"));
	assert_int_equal(utf8_trim(S(" \xe2\x80\xa8\xe2\x80\xa9 ")).len, 0);
	/* The bytes 80 a0 at the end belong to U+2020, which is not white space. */
	assert_true(slice_eq_str(utf8_trim(S("a\xe2\x80\xa0")), "a\xe2\x80\xa0"));
}

TEST(an_incomplete_tail_is_found)
{
	static const struct {
		const char *text;
		size_t tail;
	} cases[] = {
	    {"abc", 0},
	    {"\xc3", 1},
	    {"ab\xc3", 1},
	    {"ab\xc3\xa4", 0},
	    {"ab\xe2", 1},
	    {"ab\xe2\x82", 2},
	    {"ab\xe2\x82\xac", 0},
	    {"ab\xf0", 1},
	    {"ab\xf0\x9f", 2},
	    {"ab\xf0\x9f\x98", 3},
	    {"ab\xf0\x9f\x98\x80", 0},
	    {"ab\x80\x80\x80", 0},   /* continuation bytes without a lead byte */
	    {"ab\xff", 0},           /* never a lead byte */
	    {"ab\xe0\x80", 0},       /* already overlong: no following byte can make it valid */
	    {"ab\xed\xa0", 0},       /* a surrogate */
	    {"ab\xf4\x90", 0},       /* above U+10FFFF */
	    {"\xff\xff\xf0\x9f", 2}, /* earlier bytes are not checked */
	    {"\xe2\x82\xe2\x82", 2},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(utf8_incomplete_tail(slice_str(cases[i].text)), cases[i].tail);
}

#define R "\xef\xbf\xbd"

TEST(repair_replaces_maximal_subparts)
{
	static const struct {
		struct slice in, out;
	} cases[] = {
	    {{NULL, 0}, {(const uint8_t *)"", 0}},
	    {S("plain"), S("plain")},
	    {S("a\0b"), S("a\0b")},
	    {S("\xe2\x82\xac"), S("\xe2\x82\xac")},
	    /* Unicode 15, tables 3-8 to 3-11 */
	    {S("\xc0\xaf\xe0\x80\xbf\xf0\x81\x82\x41"), S(R R R R R R R R "\x41")},
	    {S("\xed\xa0\x80\xed\xbf\xbf\xed\xaf\x41"), S(R R R R R R R R "\x41")},
	    {S("\xf4\x91\x92\x93\xff\x41\x80\xbf\x42"), S(R R R R R "\x41" R R "\x42")},
	    {S("\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41"), S(R R R R "\x41")},
	    /* cut at the end */
	    {S("ab\xf0\x9f\x98"), S("ab" R)},
	    {S("\xc3"), S(R)},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf out;

		buf_init(&out, 3 * cases[i].in.len);
		assert_int_equal(utf8_repair(&out, cases[i].in), 0);
		if (!slice_eq(buf_slice(&out), cases[i].out))
			fail_msg("case %zu", i);
		buf_clear(&out);
	}
}

TEST(repaired_bytes_are_always_valid)
{
	uint32_t seed = 2463534242;

	for (int round = 0; round < 20000; round++) {
		uint8_t in[24];
		struct buf out;

		for (size_t i = 0; i < sizeof(in); i++) {
			seed = seed * 1664525 + 1013904223;
			in[i] = (uint8_t)(seed >> 24);
		}
		buf_init(&out, 3 * sizeof(in));
		assert_int_equal(utf8_repair(&out, (struct slice){in, sizeof(in)}), 0);
		assert_true(reference_valid(buf_data(&out), buf_len(&out)));
		buf_clear(&out);
	}
}

TEST(repair_stops_at_the_maximum)
{
	struct buf out;

	buf_init(&out, 4);
	assert_int_equal(utf8_repair(&out, S("ab\xff")), -1);
	assert_int_equal(errno, ENOBUFS);
	assert_true(buf_len(&out) <= 4);
	buf_clear(&out);
}

TEST(a_line_contains_no_line_end_and_no_control_character)
{
	static const struct {
		struct slice text;
		bool is_line;
	} cases[] = {
	    {{NULL, 0}, true},
	    {S("a b\u00a0\u2027\u202a\U0001f600"), true},
	    {S("a\nb"), false},
	    {S("a\0b"), false},
	    {S("a\x1f"), false},
	    {S("a\x7f"), false},
	    {S("\xc2\x80"), false},
	    {S("a\xc2\x85"), false},
	    {S("\xc2\x9f"), false},
	    {S("a\u2028b"), false},
	    {S("\u2029"), false},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (utf8_is_line(cases[i].text) != cases[i].is_line)
			fail_msg("case %zu", i);
	assert_true(utf8_has_control(S("a\nb"), "\t"));
	assert_false(utf8_has_control(S("a\nb\t\u2028"), "\t\n"));
}

TEST_MAIN(NULL, NULL)
