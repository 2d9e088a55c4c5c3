/*
 * A model's HTTP response, parsed whole, byte by byte, and split where the input's first four bytes
 * say. Each time the result must be the same: status, body, and whether it is complete, invalid or
 * unfinished; a complete response has no more bytes than were received.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "tests/fuzz/fuzz.h"
#include "workerd/model/upstream_response.h"

struct reading {
	int status;
	bool keep_alive, ends_here;
	enum response_result result; /* the last one */
	size_t taken;                /* bytes, if it is complete */
	struct buf body;
};

/* Feeds one piece. false if nothing may follow. */
static bool
feed(struct upstream_response *a, struct slice piece, struct reading *r)
{
	struct slice in = piece, body;

	do {
		r->result = upstream_response_read(a, &in, &body);
		if (r->result == RESPONSE_HEAD)
			must(r->status == 0 && a->status >= 200);
		if (r->result == RESPONSE_HEAD)
			r->status = a->status;
		if (r->result != RESPONSE_PIECE)
			continue;
		must(r->status != 0 && body.len > 0 && body.p >= piece.p &&
		    body.p + body.len == in.p);
		must(buf_append(&r->body, body.p, body.len) == 0);
	} while (r->result == RESPONSE_HEAD || r->result == RESPONSE_PIECE);
	must(r->result != RESPONSE_MORE || in.len == 0);
	r->taken += piece.len - in.len;
	return r->result == RESPONSE_MORE;
}

static void
read_answer(struct reading *r, struct slice rest, struct fuzz_cuts cuts)
{
	struct slice piece;
	struct upstream_response a;
	bool goes_on = true;

	*r = (struct reading){.result = RESPONSE_MORE};
	buf_init(&r->body, rest.len);
	upstream_response_init(&a);
	while (goes_on && fuzz_piece(&cuts, &rest, &piece)) {
		uint8_t *copy = fuzz_copy(piece);

		goes_on = feed(&a, (struct slice){copy, piece.len}, r);
		free(copy);
	}
	r->keep_alive = a.keep_alive;
	r->ends_here = upstream_response_ends_here(&a);
	upstream_response_clear(&a);
}

/* An invalid response is parsed up to the piece that shows it: only the fact that it is invalid is
 * the same. */
static void
check_same(const struct reading *a, const struct reading *b)
{
	must(a->result == b->result && a->status == b->status);
	if (a->result == RESPONSE_BAD)
		return;
	must(a->keep_alive == b->keep_alive && a->ends_here == b->ends_here);
	must(a->taken == b->taken);
	must(slice_eq(buf_slice(&a->body), buf_slice(&b->body)));
}

int
fuzz_upstream_response(const uint8_t *data, size_t size)
{
	struct slice in = {data, size};
	struct fuzz_cuts cuts = fuzz_cuts(&in);
	struct reading whole, split, bytewise;

	read_answer(&whole, in, fuzz_whole);
	read_answer(&split, in, cuts);
	read_answer(&bytewise, in, fuzz_bytewise);
	check_same(&whole, &split);
	check_same(&whole, &bytewise);
	buf_clear(&whole.body);
	buf_clear(&split.body);
	buf_clear(&bytewise.body);
	return 0;
}
