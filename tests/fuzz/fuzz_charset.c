/*
 * A document whose encoding is declared: the first line is the charset of its Content-Type, the rest its bytes. The text is
 * valid and has no zero bytes, is the same each time, and text in UTF-8 stays as it is. An invalid byte spoils no more
 * than what it belongs to: in UTF-16, what follows is still read.
 */
#include "tests/fuzz/fuzz.h"
#include "workerd/crawl/extract/charset.h"

static void
decode(struct buf *out, struct slice label, struct slice bytes)
{
	struct charset c;

	/* Each byte becomes at most U+FFFD, or a character of two code points. */
	buf_init(out, 8 * bytes.len + 16);
	charset_open(&c, bytes, label);
	must(charset_decode(&c, bytes, out) == 0);
	charset_close(&c);
	must(utf8_valid(buf_slice(out)));
	must(buf_len(out) == 0 || memchr(buf_data(out), '\0', buf_len(out)) == NULL);
}

static void
check_utf8(struct slice in)
{
	struct buf text, out;

	buf_init(&text, 3 * in.len + 8);
	fuzz_text(&text, in);
	decode(&out, slice_str("utf-8"), buf_slice(&text));
	if (memchr(buf_data(&text), '\0', buf_len(&text)) == NULL)
		must(buf_len(&out) == buf_len(&text) || buf_len(&out) + 3 == buf_len(&text));
	buf_clear(&out);
	buf_clear(&text);
}

static void
check_utf16(struct slice in)
{
	static const uint8_t end[] = "\0e\0n\0d";
	struct buf bytes, out;

	buf_init(&bytes, in.len + 8);
	fuzz_put(&bytes, slice_str("\xfe\xff"));
	fuzz_put(&bytes, (struct slice){in.p, in.len & ~(size_t)1});
	fuzz_put(&bytes, (struct slice){end, 6});
	decode(&out, slice_str(""), buf_slice(&bytes));
	must(buf_len(&out) >= 3 && memcmp(buf_data(&out) + buf_len(&out) - 3, "end", 3) == 0);
	buf_clear(&bytes);
	buf_clear(&out);
}

FUZZ(charset)
{
	const uint8_t *end = in.len == 0 ? NULL : memchr(in.p, '\n', in.len);
	size_t line = end == NULL ? 0 : (size_t)(end - in.p) + 1;
	struct slice bytes = {in.p + line, in.len - line};
	struct slice label = {in.p, line == 0 ? 0 : line - 1};
	struct buf out, again;

	decode(&out, label, bytes);
	decode(&again, label, bytes);
	must(slice_eq(buf_slice(&out), buf_slice(&again)));
	buf_clear(&again);
	buf_clear(&out);
	check_utf8(bytes);
	check_utf16(bytes);
}
