#include "workerd/crawl/fetch/gunzip.h"

#include <string.h>
#include <zlib.h>

#define STEP 65536

bool
gunzip_is(struct slice bytes)
{
	return bytes.len > 2 && bytes.p[0] == 0x1f && bytes.p[1] == 0x8b;
}

/* One step; Z_OK: there is more, Z_STREAM_END, or an error. */
static int
gunzip_step(z_stream *z, struct buf *out)
{
	size_t n = buf_room(out) < STEP ? buf_room(out) : STEP;
	uint8_t *at = n == 0 ? NULL : buf_reserve(out, n);
	int rc;

	if (at == NULL)
		return Z_MEM_ERROR;
	z->next_out = at;
	z->avail_out = (uInt)n;
	rc = inflate(z, Z_NO_FLUSH);
	buf_commit(out, n - z->avail_out);
	return rc;
}

/* Decompresses one member. 0, or -1. */
static int
gunzip_member(z_stream *z, struct buf *out)
{
	int rc;

	do
		rc = gunzip_step(z, out);
	while (rc == Z_OK);
	return rc == Z_STREAM_END ? 0 : -1;
}

/* Whether another member follows; anything else behind the last one is ignored, as by gzip(1). */
static bool
gunzip_has_more(const z_stream *z)
{
	return gunzip_is((struct slice){z->next_in, z->avail_in});
}

int
gunzip_add(struct buf *out, struct slice bytes)
{
	z_stream z = {.avail_in = (uInt)bytes.len};
	int rc;

	/* zlib does not write there; its type says otherwise unless ZLIB_CONST is defined. */
	memcpy(&z.next_in, &bytes.p, sizeof(z.next_in));
	if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
		return -1;
	do
		rc = gunzip_member(&z, out);
	while (rc == 0 && gunzip_has_more(&z) && inflateReset(&z) == Z_OK);
	inflateEnd(&z);
	return rc;
}
