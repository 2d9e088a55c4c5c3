/*
 * A compressed file. The first byte selects how much room there is for its content ('x' 64, 'a' 128, …, 'g' 8192). A content
 * that fits, compressed again, gives the same; it also fits into exactly its own size and one byte more.
 */
#include <zlib.h>

#include "tests/fuzz/fuzz.h"
#include "workerd/crawl/fetch/gunzip.h"

static void
compress_again(struct buf *out, struct slice content)
{
	z_stream z = {.avail_in = (uInt)content.len};

	memcpy(&z.next_in, &content.p, sizeof(z.next_in));
	must(deflateInit2(&z, 1, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
	z.avail_out = (uInt)buf_room(out);
	z.next_out = buf_reserve(out, z.avail_out);
	must(z.next_out != NULL && deflate(&z, Z_FINISH) == Z_STREAM_END);
	buf_commit(out, z.total_out);
	must(deflateEnd(&z) == Z_OK);
}

static void
check_same(struct slice bytes, struct slice content, size_t room)
{
	struct buf out;

	buf_init(&out, room);
	must(gunzip_add(&out, bytes) == 0 && slice_eq(buf_slice(&out), content));
	buf_clear(&out);
}

FUZZ(gunzip)
{
	size_t room = (size_t)64 << fuzz_byte(&in) % 8;
	struct buf out, again;

	buf_init(&out, room);
	if (gunzip_add(&out, in) == 0) {
		must(gunzip_is(in) && buf_len(&out) <= room);
		buf_init(&again, 2 * room + 1024);
		compress_again(&again, buf_slice(&out));
		check_same(buf_slice(&again), buf_slice(&out), room);
		check_same(in, buf_slice(&out), buf_len(&out) + 1);
		buf_clear(&again);
	}
	buf_clear(&out);
}
