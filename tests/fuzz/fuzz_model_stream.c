/*
 * A model's whole response from the network, split anywhere: the text is valid and the same for
 * every split. The first four bytes select the split; the fifth selects whether the rest is the
 * stream, or only the content of its events.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "tests/fuzz/fuzz.h"
#include "workerd/model/openai/openai_delta.h"
#include "workerd/model/openai/sse.h"

/* A parsed response: its text, and how its events ended. */
struct answer {
	struct utf8_reassembly reassembly;
	struct buf text;
	unsigned errors, finishes;
	bool done;
};

static int
take_event(void *arg, struct slice data)
{
	struct answer *a = arg;
	struct openai_delta d;
	int result;

	openai_delta_read(&a->reassembly, data, &d);
	if (d.kind == OPENAI_TEXT) {
		must(utf8_valid(d.text));
		must(buf_append(&a->text, d.text.p, d.text.len) == 0);
	}
	a->errors += d.kind == OPENAI_ERROR || d.kind == OPENAI_BAD;
	a->finishes += d.has_finish;
	a->done = d.kind == OPENAI_DONE;
	result = d.kind == OPENAI_DONE || d.kind == OPENAI_ERROR ? -1 : 0;
	openai_delta_clear(&d);
	return result;
}

static void
read_answer(struct answer *a, struct slice rest, struct fuzz_cuts cuts)
{
	struct sse_reader r;
	struct slice piece;

	*a = (struct answer){.done = false};
	buf_init(&a->text, UTF8_REASSEMBLY_ROOM(rest.len));
	sse_init(&r);
	while (fuzz_piece(&cuts, &rest, &piece)) {
		uint8_t *copy = fuzz_copy(piece);
		int result = sse_feed(&r, (struct slice){copy, piece.len}, take_event, a);

		free(copy);
		if (result == -1)
			break;
	}
	piece = utf8_reassembly_end(&a->reassembly);
	must(buf_append(&a->text, piece.p, piece.len) == 0);
	sse_clear(&r);
}

/* A stream in which each line of the input is one event's content, unchanged. */
static void
write_stream(struct buf *out, struct slice lines)
{
	while (lines.len > 0) {
		const uint8_t *lf = memchr(lines.p, '\n', lines.len);
		size_t n = lf == NULL ? lines.len : (size_t)(lf - lines.p);

		must(buf_append_str(out,
			 "data: {\"choices\":[{\"index\":0,\"delta\":{"
			 "\"content\":\"") == 0);
		must(buf_append(out, lines.p, n) == 0);
		must(buf_append_str(out, "\"},\"finish_reason\":null}]}\n\n") == 0);
		n += lf != NULL;
		lines = (struct slice){lines.p + n, lines.len - n};
	}
	must(buf_append_str(out, "data: [DONE]\n\n") == 0);
}

static void
check_same(const struct answer *a, const struct answer *b)
{
	must(slice_eq(buf_slice(&a->text), buf_slice(&b->text)));
	must(a->errors == b->errors && a->finishes == b->finishes && a->done == b->done);
}

int
fuzz_model_stream(const uint8_t *data, size_t size)
{
	struct slice in = {data, size}, stream;
	struct fuzz_cuts cuts = fuzz_cuts(&in);
	bool written = fuzz_byte(&in) % 2 == 1;
	struct answer whole, split, bytewise;
	struct buf made;

	buf_init(&made, 80 * in.len + 64);
	if (written)
		write_stream(&made, in);
	stream = written ? buf_slice(&made) : in;
	read_answer(&whole, stream, fuzz_whole);
	read_answer(&split, stream, cuts);
	read_answer(&bytewise, stream, fuzz_bytewise);
	must(utf8_valid(buf_slice(&whole.text)));
	check_same(&whole, &split);
	check_same(&whole, &bytewise);
	buf_clear(&whole.text);
	buf_clear(&split.text);
	buf_clear(&bytewise.text);
	buf_clear(&made);
	return 0;
}
