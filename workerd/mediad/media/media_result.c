/*
 * A result as bytes: "bmr1", then numbers of 32 bits, little-endian: status, width and height; if the status is MEDIA_OK, for
 * each copy kind, width, height, number of bytes, and the bytes.
 */
#include <string.h>

#include "proto/base/basics.h"
#include "workerd/mediad/media/media.h"

const char *
media_status_name(enum media_status status)
{
	static const char *const names[MEDIA_STATUSES] = {
	    [MEDIA_OK] = "ok",
	    [MEDIA_UNSUPPORTED] = "unsupported",
	    [MEDIA_TOO_LARGE] = "too_large",
	    [MEDIA_DAMAGED] = "damaged",
	};

	must(status < MEDIA_STATUSES);
	return names[status];
}

#define MAGIC "bmr1"

static bool
media_result_put(struct buf *out, uint32_t n)
{
	const uint8_t bytes[] = {
	    (uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16), (uint8_t)(n >> 24)};

	return buf_append(out, bytes, sizeof(bytes)) == 0;
}

static bool
media_result_take(struct slice *in, uint32_t *n)
{
	if (in->len < 4)
		return false;
	*n = in->p[0] | (uint32_t)in->p[1] << 8 | (uint32_t)in->p[2] << 16 |
	    (uint32_t)in->p[3] << 24;
	*in = (struct slice){in->p + 4, in->len - 4};
	return true;
}

bool
media_result_encode(const struct media_result *r, struct buf *out)
{
	bool ok = buf_append_str(out, MAGIC) == 0 && media_result_put(out, r->status) &&
	    media_result_put(out, r->width) && media_result_put(out, r->height);

	for (size_t i = 0; i < MEDIA_SIZES && ok && r->status == MEDIA_OK; i++) {
		const struct media_copy *c = &r->copies[i];

		ok = media_result_put(out, c->kind) && media_result_put(out, c->width) &&
		    media_result_put(out, c->height) &&
		    media_result_put(out, (uint32_t)c->bytes.len) &&
		    buf_append(out, c->bytes.p, c->bytes.len) == 0;
	}
	return ok;
}

static bool
media_result_take_copy(struct slice *in, uint32_t max, struct media_copy *copy)
{
	uint32_t kind, len;

	if (!media_result_take(in, &kind) || !media_result_take(in, &copy->width) ||
	    !media_result_take(in, &copy->height) || !media_result_take(in, &len) ||
	    len > in->len || len > MEDIA_COPY_MAX)
		return false;
	copy->kind = (enum file_kind)kind;
	copy->bytes = (struct slice){in->p, len};
	*in = (struct slice){in->p + len, in->len - len};
	return (kind == FILE_JPEG || kind == FILE_PNG) && copy->width > 0 &&
	    copy->width <= max && copy->height > 0 && copy->height <= max &&
	    file_kind_of(copy->bytes, true) == copy->kind;
}

bool
media_result_decode(struct slice bytes, struct media_result *out)
{
	uint32_t status;

	*out = (struct media_result){.status = MEDIA_DAMAGED};
	if (bytes.len < strlen(MAGIC) || memcmp(bytes.p, MAGIC, strlen(MAGIC)) != 0)
		return false;
	bytes = (struct slice){bytes.p + strlen(MAGIC), bytes.len - strlen(MAGIC)};
	if (!media_result_take(&bytes, &status) || status >= MEDIA_STATUSES ||
	    !media_result_take(&bytes, &out->width) || !media_result_take(&bytes, &out->height))
		return false;
	out->status = (enum media_status)status;
	if (out->status != MEDIA_OK)
		return bytes.len == 0;
	return picture_check(out->width, out->height) == MEDIA_OK &&
	    media_result_take_copy(&bytes, PICTURE_SHOWN_MAX, &out->copies[MEDIA_SHOWN]) &&
	    media_result_take_copy(&bytes, PICTURE_SMALL_MAX, &out->copies[MEDIA_SMALL]) &&
	    bytes.len == 0;
}
