/*
 * A model's text with thoughts, whole, byte by byte, and split where the input's first four bytes say: the same text each
 * time, and no byte of it that the model has not written.
 */
#include "tests/fuzz/fuzz.h"
#include "workerd/model/openai/thoughts.h"

struct reading {
	struct thoughts thoughts;
	struct buf *out;
};

static bool
feed(void *arg, struct slice piece)
{
	struct reading *r = arg;
	struct buf cut;
	struct slice text;

	buf_init(&cut, THOUGHTS_ROOM(piece.len));
	text = thoughts_cut(&r->thoughts, piece, &cut);
	if (r->thoughts.restarted)
		buf_reset(r->out);
	r->thoughts.restarted = false;
	fuzz_put(r->out, text);
	buf_clear(&cut);
	return true;
}

static void
read_text(struct buf *out, struct slice in, struct fuzz_cuts cuts, const void *inside)
{
	struct reading r = {.out = out};
	struct buf rest;

	buf_init(out, in.len + 1);
	thoughts_init(&r.thoughts);
	if (*(const bool *)inside)
		thoughts_begin_inside(&r.thoughts);
	fuzz_feed(in, cuts, feed, &r);
	buf_init(&rest, THOUGHTS_ROOM(0));
	fuzz_put(out, thoughts_end(&r.thoughts, &rest));
	buf_clear(&rest);
	thoughts_clear(&r.thoughts);
}

/* Whether the bytes are in the input in the same order. */
static bool
is_part_of(struct slice text, struct slice in)
{
	size_t at = 0;

	for (size_t i = 0; i < text.len; i++) {
		while (at < in.len && in.p[at] != text.p[i])
			at++;
		if (at++ == in.len)
			return false;
	}
	return true;
}

FUZZ(thoughts)
{
	const bool inside = fuzz_byte(&in) == 'i';
	struct fuzz_cuts cuts = fuzz_cuts(&in);
	struct buf out;

	fuzz_read_all_ways(&out, in, cuts, read_text, &inside);
	must(is_part_of(buf_slice(&out), in));
	buf_clear(&out);
}
