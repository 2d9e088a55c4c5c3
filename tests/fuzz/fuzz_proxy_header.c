/*
 * A PROXY header and what follows it, behind four bytes that say how it is split (fuzz_cuts). It ends at the same byte
 * with the same client however it is split, and an announced client has an address.
 */
#include "tests/fuzz/fuzz.h"
#include "workerd/http/message/proxy_header.h"

struct reading {
	struct proxy_header header;
	enum proxy_header_result result;
	size_t used;
};

static bool
take(void *arg, struct slice piece)
{
	struct reading *r = arg;
	size_t used;

	r->result = proxy_header_take(&r->header, piece, &used);
	must(used <= piece.len && (used == piece.len || r->result != PROXY_HEADER_MORE));
	r->used += used;
	return r->result == PROXY_HEADER_MORE;
}

static void
read_header(struct buf *out, struct slice in, struct fuzz_cuts cuts, const void *arg)
{
	struct reading r = {.result = PROXY_HEADER_MORE};
	char text[IP_TEXT_SIZE];

	(void)arg;
	buf_init(out, 256);
	proxy_header_init(&r.header);
	fuzz_feed(in, cuts, take, &r);
	must(r.used <= 16 + PROXY_HEADER_BLOCK_MAX);
	must(r.result == PROXY_HEADER_DONE || r.header.address.len == 0);
	must((r.result == PROXY_HEADER_BAD) == (r.header.why != NULL));
	ip_format(&r.header.address, text);
	must(buf_printf(out, "%d %zu %s %u %s", (int)r.result, r.used, text, r.header.port,
		 r.result == PROXY_HEADER_BAD ? r.header.why : "") == 0);
}

FUZZ(proxy_header)
{
	struct fuzz_cuts cuts = fuzz_cuts(&in);
	struct buf out;

	fuzz_read_all_ways(&out, in, cuts, read_header, NULL);
	buf_clear(&out);
}
