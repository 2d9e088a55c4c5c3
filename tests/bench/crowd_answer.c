#include "tests/bench/crowd_answer.h"

#include <string.h>

#include "proto/base/basics.h"

/* A longer incomplete line keeps its beginning. */
#define LINE_MAX_BYTES ((size_t)16 << 10)

void
answer_init(struct answer *a)
{
	upstream_response_init(&a->response);
	a->result = RESPONSE_MORE;
	buf_init(&a->line, LINE_MAX_BYTES);
}

void
answer_clear(struct answer *a)
{
	upstream_response_clear(&a->response);
	buf_clear(&a->line);
}

void
answer_begin(struct answer *a)
{
	upstream_response_clear(&a->response);
	a->result = RESPONSE_MORE;
	buf_reset(&a->line);
}

static void
add_to_line(struct answer *a, struct slice part)
{
	size_t room = buf_room(&a->line);

	must(buf_append(&a->line, part.p, part.len < room ? part.len : room) == 0);
}

/* Passes the lines of a piece to fn, without copying lines that are complete. */
static void
take_lines(struct answer *a, struct slice piece, answer_line_fn *fn, void *arg)
{
	const uint8_t *end;

	while ((end = memchr(piece.p, '\n', piece.len)) != NULL) {
		struct slice line = {piece.p, (size_t)(end - piece.p)};

		if (buf_len(&a->line) > 0) {
			add_to_line(a, line);
			line = buf_slice(&a->line);
		}
		fn(arg, line);
		buf_reset(&a->line);
		piece = (struct slice){end + 1, piece.len - (size_t)(end + 1 - piece.p)};
	}
	add_to_line(a, piece);
}

bool
answer_feed(struct answer *a, struct slice in, answer_line_fn *fn, void *arg)
{
	struct slice piece;

	do {
		a->result = upstream_response_read(&a->response, &in, &piece);
		if (a->result == RESPONSE_PIECE && fn != NULL)
			take_lines(a, piece, fn, arg);
	} while (a->result == RESPONSE_HEAD || a->result == RESPONSE_PIECE);
	if (a->result == RESPONSE_WHOLE && in.len > 0)
		a->result = RESPONSE_BAD;
	return a->result == RESPONSE_MORE;
}
