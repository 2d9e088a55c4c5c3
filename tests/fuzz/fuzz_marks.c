/*
 * A model's text with marks, whole, byte by byte, and split where the input's first four bytes say: the same text and
 * marks each time, and no byte of the text is lost or added.
 */
#include "tests/fuzz/fuzz.h"
#include "workerd/knowledge/marks.h"

/* A mark is written as a zero byte and its number in decimal, and a zero byte; a text has no zero bytes. */
static void
note_text(void *arg, struct slice text)
{
	fuzz_put(arg, text);
}

static void
note_mark(void *arg, unsigned number)
{
	must(buf_printf(arg, "%c%u%c", 0, number, 0) == 0);
}

static const struct marks_events events = {note_text, note_mark};

struct reading {
	struct marks marks;
	struct buf *out;
};

static bool
feed(void *arg, struct slice piece)
{
	struct reading *r = arg;

	marks_feed(&r->marks, piece, &events, r->out);
	must(r->marks.n_held <= MARKS_HELD_MAX);
	return true;
}

static void
read_text(struct buf *out, struct slice in, struct fuzz_cuts cuts, const void *unused)
{
	struct reading r = {.out = out};

	(void)unused;
	buf_init(out, 8 * in.len + 64);
	fuzz_feed(in, cuts, feed, &r);
	marks_end(&r.marks, &events, out);
}

/* Whether what was read is the input, without marks and the spaces before them. */
static bool
is_rest_of(struct slice text, struct slice in)
{
	size_t at = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.p[i] == '\0') {
			while (text.p[++i] != '\0')
				continue;
			continue;
		}
		while (at < in.len && in.p[at] != text.p[i])
			at++;
		if (at++ == in.len)
			return false;
	}
	return true;
}

FUZZ(marks)
{
	struct fuzz_cuts cuts = fuzz_cuts(&in);
	struct buf out;

	if (memchr(in.p, '\0', in.len) != NULL)
		return;
	fuzz_read_all_ways(&out, in, cuts, read_text, NULL);
	must(is_rest_of(buf_slice(&out), in));
	buf_clear(&out);
}
