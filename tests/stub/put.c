#include "tests/stub/put.h"

#include <string.h>

#include <jansson.h>

#include "proto/base/basics.h"

struct buf
put_start(void)
{
	struct buf b;

	buf_init(&b, (size_t)512 << 20);
	return b;
}

uint8_t *
put_reserve(struct buf *out, size_t n)
{
	uint8_t *at = buf_reserve(out, n);

	must(at != NULL);
	return at;
}

void
put(struct buf *out, const void *p, size_t n)
{
	must(buf_append(out, p, n) == 0);
}

void
put_str(struct buf *out, const char *s)
{
	put(out, s, strlen(s));
}

void
put_slice(struct buf *out, struct slice s)
{
	put(out, s.p, s.len);
}

void
putf(struct buf *out, const char *fmt, ...)
{
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = buf_vprintf(out, fmt, ap);
	va_end(ap);
	must(r == 0);
}

static int
put_piece(const char *piece, size_t n, void *out)
{
	put(out, piece, n);
	return 0;
}

void
put_json(struct buf *out, struct slice text, bool in_ascii)
{
	json_t *string = json_stringn((const char *)text.p, text.len);
	struct buf quoted = put_start();

	must(string != NULL);
	must(json_dump_callback(string, put_piece, &quoted,
		 JSON_ENCODE_ANY | (in_ascii ? JSON_ENSURE_ASCII : 0)) == 0);
	put(out, buf_data(&quoted) + 1, buf_len(&quoted) - 2);
	buf_clear(&quoted);
	json_decref(string);
}
