/*
 * A reply's bytes, in events and split anywhere: the text is valid, the same for every split, and
 * equal to the result of a simpler parser of the whole. The first four bytes select the split, the
 * fifth whether surrogates are escaped.
 */
#include <iconv.h>

#include "tests/fuzz/fuzz.h"
#include "workerd/model/openai/openai_delta.h"

/* The surrogate whose three bytes are at the front of s; 0 if there is none. */
static unsigned
surrogate(struct slice s)
{
	if (s.len < 3 || s.p[0] != 0xed || s.p[1] < 0xa0 || s.p[1] > 0xbf ||
	    (s.p[2] & 0xc0) != 0x80)
		return 0;
	return 0xd000u | (unsigned)(s.p[1] & 0x3f) << 6 | (s.p[2] & 0x3f);
}

/* The C library's conversion of a pair; false if it is invalid. */
static bool
add_pair(struct buf *out, unsigned high, unsigned low)
{
	char in[] = {(char)(high >> 8), (char)high, (char)(low >> 8), (char)low};
	char utf8[4], *from = in, *to = utf8;
	size_t in_left = sizeof(in), out_left = sizeof(utf8);
	static iconv_t cd;

	if (cd == NULL)
		cd = iconv_open("UTF-8", "UTF-16BE");
	must(cd != (iconv_t)-1); /* NOLINT(performance-no-int-to-ptr) */
	if (high == 0 || low == 0 || iconv(cd, &from, &in_left, &to, &out_left) == (size_t)-1)
		return false;
	must(buf_append(out, utf8, sizeof(utf8) - out_left) == 0);
	return true;
}

/* Surrogates first, then everything else. */
static void
reference(struct buf *out, struct slice s)
{
	struct buf chars;

	buf_init(&chars, s.len);
	while (s.len > 0) {
		unsigned one = surrogate(s);
		size_t n = one == 0 ? 1 : 3;

		if (one == 0) {
			must(buf_append(&chars, s.p, 1) == 0);
		} else if (add_pair(
			       &chars, one, surrogate((struct slice){s.p + 3, s.len - 3}))) {
			n = 6;
		} else {
			must(buf_append_str(&chars, "\xef\xbf\xbd") == 0);
		}
		s = (struct slice){s.p + n, s.len - n};
	}
	fuzz_text(out, buf_slice(&chars));
	buf_clear(&chars);
}

/* An event with these bytes as its content, as a careless server would write it. */
static void
write_event(struct buf *event, struct slice s, bool escapes)
{
	must(buf_append_str(event, "{\"choices\":[{\"delta\":{\"content\":\"") == 0);
	while (s.len > 0) {
		unsigned one = escapes ? surrogate(s) : 0;
		size_t n = one == 0 ? 1 : 3;

		if (one == 0 && (*s.p < ' ' || *s.p == '"' || *s.p == '\\'))
			one = *s.p;
		else if (one == 0)
			must(buf_append(event, s.p, 1) == 0);
		if (one != 0 || *s.p == 0)
			must(buf_printf(event, "\\u%04x", one) == 0);
		s = (struct slice){s.p + n, s.len - n};
	}
	must(buf_append_str(event, "\"}}]}") == 0);
}

struct reading {
	struct utf8_reassembly reassembly;
	struct buf *text;
	bool escapes;
};

/* One event with this piece. */
static bool
feed(void *arg, struct slice piece)
{
	struct reading *r = arg;
	struct openai_delta d;
	struct buf event;

	buf_init(&event, 6 * piece.len + 64);
	write_event(&event, piece, r->escapes);
	openai_delta_read(&r->reassembly, buf_slice(&event), &d);
	must(d.kind == (d.text.len > 0 ? OPENAI_TEXT : OPENAI_NOTHING));
	must(utf8_valid(d.text));
	must(buf_append(r->text, d.text.p, d.text.len) == 0);
	openai_delta_clear(&d);
	buf_clear(&event);
	return true;
}

/* The text of a reply whose bytes come in these pieces. */
static void
read_reply(struct buf *text, struct slice in, struct fuzz_cuts cuts, const void *escapes)
{
	struct reading r = {.text = text, .escapes = *(const bool *)escapes};
	struct slice rest;

	buf_init(text, UTF8_REASSEMBLY_ROOM(in.len) + 3);
	fuzz_feed(in, cuts, feed, &r);
	rest = utf8_reassembly_end(&r.reassembly);
	must(buf_append(text, rest.p, rest.len) == 0);
}

/* After a letter nothing is incomplete. */
static void
check_whole(struct slice s)
{
	struct utf8_reassembly j = {.len = 0};
	struct buf closed, expected, got;

	buf_init(&closed, s.len + 1);
	must(buf_append(&closed, s.p, s.len) == 0 && buf_append(&closed, ".", 1) == 0);
	buf_init(&expected, 3 * s.len + 3);
	reference(&expected, buf_slice(&closed));
	buf_init(&got, UTF8_REASSEMBLY_ROOM(s.len + 1));
	must(utf8_reassembly_add(&j, &got, buf_slice(&closed)) == 0);
	must(utf8_reassembly_end(&j).len == 0);
	must(slice_eq(buf_slice(&got), buf_slice(&expected)));
	buf_clear(&closed);
	buf_clear(&expected);
	buf_clear(&got);
}

FUZZ(utf8_reassembly)
{
	struct fuzz_cuts cuts = fuzz_cuts(&in);
	bool escapes = fuzz_byte(&in) % 2 == 1;
	struct buf text;

	check_whole(in);
	fuzz_read_all_ways(&text, in, cuts, read_reply, &escapes);
	buf_clear(&text);
}
