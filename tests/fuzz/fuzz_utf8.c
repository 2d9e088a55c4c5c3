/*
 * Any bytes as text: how it is repaired, cut and trimmed. The first byte selects a length and the
 * position where the text is split in two. tests/unit/proto/base/test_utf8.c compares validity,
 * lengths and white space with a reference, for all characters.
 */
#include "tests/fuzz/fuzz.h"

/* Repaired text is valid, and what was valid at its start stays unchanged. */
static void
check_repair(struct slice s, struct slice repaired)
{
	size_t valid = 0, n;

	while ((n = utf8_char((struct slice){s.p + valid, s.len - valid})) > 0)
		valid += n;
	must(valid <= s.len && utf8_valid((struct slice){s.p, valid}));
	must(utf8_valid(s) == (valid == s.len));
	must(utf8_valid(repaired));
	must(repaired.len >= valid && memcmp(repaired.p, s.p, valid) == 0);
	must((valid == s.len) == slice_eq(repaired, s));
}

/* Text in two pieces, with the incomplete character carried over, is repaired like the whole
 * text. */
static void
check_pieces(struct slice s, struct slice repaired, size_t cut)
{
	size_t tail = utf8_incomplete_tail((struct slice){s.p, cut}), head;
	struct buf pieces;

	must(tail <= 3 && tail <= cut);
	head = cut - tail;
	buf_init(&pieces, 3 * s.len + 1);
	fuzz_text(&pieces, (struct slice){s.p, head});
	fuzz_text(&pieces, (struct slice){s.p + head, s.len - head});
	must(slice_eq(buf_slice(&pieces), repaired));
	buf_clear(&pieces);
}

/* The longest prefix that fits: one character more would not. */
static void
check_prefix(struct slice s, size_t max)
{
	struct slice prefix = utf8_prefix(s, max), longer = prefix;
	size_t units = utf8_utf16_len(prefix), reached;

	must(prefix.p == s.p && prefix.len <= s.len && utf8_valid(prefix));
	must(units <= max);
	longer.len += utf8_char((struct slice){s.p + prefix.len, s.len - prefix.len});
	must(longer.len == prefix.len || utf8_utf16_len(longer) > max);
	must(utf8_utf16_offset(s, max, &reached) == prefix.len && reached == units);
}

/* Nothing that remains can be trimmed, and what was removed is white space. */
static void
check_trim(struct slice s)
{
	struct slice trimmed = utf8_trim(s);
	size_t before = (size_t)(trimmed.p - s.p), after = s.len - before - trimmed.len;

	must(trimmed.p >= s.p && before + trimmed.len <= s.len);
	must(slice_eq(utf8_trim(trimmed), trimmed));
	must(utf8_trim((struct slice){s.p, before}).len == 0);
	must(utf8_trim((struct slice){trimmed.p + trimmed.len, after}).len == 0);
}

/* The functions for valid text give no defined result for other bytes, but stay inside them. */
static void
check_bounds(struct slice s, size_t at)
{
	struct slice prefix = utf8_prefix(s, at), trimmed = utf8_trim(s);

	must(prefix.len <= s.len && trimmed.len <= s.len);
	must(utf8_utf16_len(s) <= s.len * 2);
}

FUZZ(utf8)
{
	size_t at = fuzz_byte(&in);
	struct slice valid;
	struct buf repaired;

	buf_init(&repaired, 3 * in.len + 1);
	fuzz_text(&repaired, in);
	valid = buf_slice(&repaired);
	check_repair(in, valid);
	check_pieces(in, valid, at < in.len ? at : in.len);
	check_prefix(valid, at);
	check_trim(valid);
	check_bounds(in, at);
	buf_clear(&repaired);
}
