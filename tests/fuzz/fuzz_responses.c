/*
 * A stream of the Responses API, whole, byte by byte and split where the input's first bytes say: each time it gives the
 * same valid text of its first message, and the same end.
 */
#include "proto/base/utf8.h"
#include "tests/fuzz/fuzz.h"
#include "workerd/model/openai/openai_delta.h"
#include "workerd/net/sse.h"

struct reading {
	struct sse_reader reader;
	struct utf8_reassembly reassembly;
	struct buf *text;
	bool has_item;
	uint32_t item;
};

static int
note_event(void *arg, struct slice data)
{
	struct reading *r = arg;
	struct openai_delta d;
	bool last;

	openai_delta_read(&r->reassembly, data, &d);
	must((d.kind != OPENAI_TEXT && d.kind != OPENAI_ERROR) || utf8_valid(d.text));
	if (d.kind == OPENAI_TEXT && !(r->has_item && (d.whole || d.item != r->item))) {
		r->has_item = true;
		r->item = d.item;
		must(buf_append(r->text, d.text.p, d.text.len) == 0);
	}
	last =
	    d.ends || d.kind == OPENAI_DONE || d.kind == OPENAI_ERROR || d.kind == OPENAI_BAD;
	must(!d.ends || d.finish != OPENAI_GOES_ON);
	if (last)
		must(buf_printf(r->text, "|%d %d %u %u", (int)d.kind, (int)d.finish,
			 d.prompt_tokens, d.completion_tokens) == 0);
	openai_delta_clear(&d);
	return last ? -1 : 0;
}

static bool
feed(void *arg, struct slice piece)
{
	struct reading *r = arg;

	return sse_feed(&r->reader, piece, note_event, r) == 0;
}

static void
read_stream(struct buf *text, struct slice in, struct fuzz_cuts cuts, const void *unused)
{
	struct reading r = {.text = text};

	(void)unused;
	buf_init(text, 5 * in.len + 256);
	sse_init(&r.reader);
	fuzz_feed(in, cuts, feed, &r);
	sse_clear(&r.reader);
}

FUZZ(responses)
{
	struct fuzz_cuts cuts = fuzz_cuts(&in);
	struct buf text;

	fuzz_read_all_ways(&text, in, cuts, read_stream, NULL);
	buf_clear(&text);
}
