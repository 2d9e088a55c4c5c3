/*
 * A model's HTTP response, parsed whole, byte by byte, and split where the input's first four bytes
 * say. Each time the result must be the same: status, body, and whether it is complete, invalid or
 * unfinished; a complete response has no more bytes than were received.
 */
#include "tests/fuzz/fuzz.h"
#include "workerd/model/upstream_response.h"

struct reading {
	struct upstream_response response;
	enum response_result result; /* the last one */
	int status;
	size_t taken;
	struct buf *body;
};

static bool
feed(void *arg, struct slice piece)
{
	struct reading *r = arg;
	struct slice in = piece, body;

	do {
		r->result = upstream_response_read(&r->response, &in, &body);
		if (r->result == RESPONSE_HEAD) {
			must(r->status == 0 && r->response.head.status >= 200);
			r->status = r->response.head.status;
		}
		if (r->result != RESPONSE_PIECE)
			continue;
		must(r->status != 0 && body.len > 0 && body.p >= piece.p &&
		    body.p + body.len == in.p);
		must(buf_append(r->body, body.p, body.len) == 0);
	} while (r->result == RESPONSE_HEAD || r->result == RESPONSE_PIECE);
	must(r->result != RESPONSE_MORE || in.len == 0);
	r->taken += piece.len - in.len;
	return r->result == RESPONSE_MORE;
}

/* The body, then the other results. An invalid response is parsed up to the piece that shows it:
 * only the fact that it is invalid is the same. */
static void
read_response(struct buf *out, struct slice in, struct fuzz_cuts cuts, const void *unused)
{
	struct reading r = {.result = RESPONSE_MORE, .body = out};

	(void)unused;
	buf_init(out, in.len + 128);
	upstream_response_init(&r.response);
	fuzz_feed(in, cuts, feed, &r);
	if (r.result == RESPONSE_BAD)
		buf_reset(out);
	else
		must(buf_printf(out, " keep %d ends %d taken %zu", r.response.keep_alive,
			 upstream_response_ends_here(&r.response), r.taken) == 0);
	must(buf_printf(out, " result %d status %d", (int)r.result, r.status) == 0);
	upstream_response_clear(&r.response);
}

FUZZ(upstream_response)
{
	struct fuzz_cuts cuts = fuzz_cuts(&in);
	struct buf result;

	fuzz_read_all_ways(&result, in, cuts, read_response, NULL);
	buf_clear(&result);
}
