/*
 * PNG by libpng's simplified interface, which converts palettes, gray, 16 bits, interlacing and gamma, and has no jumps.
 */
#include <stdlib.h>
#include <string.h>

#include <png.h>

#include "proto/base/basics.h"
#include "workerd/mediad/media/media_codecs.h"
#include "workerd/mediad/media/media_exif.h"

#define SIGNATURE_SIZE 8u
#define CHUNK_SIZE     12u /* length, type, checksum */
#define HEADER_SIZE    13u /* IHDR: the first chunk (PNG 1.2, 11.2.2) */

static uint32_t
media_png_number(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Takes the next chunk from rest; false: there is no whole one. */
static bool
media_png_chunk(struct slice *rest, const uint8_t **type, struct slice *data)
{
	uint32_t len;

	if (rest->len < CHUNK_SIZE)
		return false;
	len = media_png_number(rest->p);
	if (len > rest->len - CHUNK_SIZE)
		return false;
	*type = rest->p + 4;
	*data = (struct slice){rest->p + 8, len};
	rest->p += CHUNK_SIZE + len;
	rest->len -= CHUNK_SIZE + len;
	return true;
}

/* libpng reads up to the last pixel: the end of the file is checked here. */
static enum media_status
media_png_check(struct slice bytes, struct media_source *out)
{
	const uint8_t *type;
	struct slice data;

	bytes = (struct slice){bytes.p + SIGNATURE_SIZE, bytes.len - SIGNATURE_SIZE};
	if (!media_png_chunk(&bytes, &type, &data) || memcmp(type, "IHDR", 4) != 0 ||
	    data.len != HEADER_SIZE)
		return MEDIA_DAMAGED;
	out->width = media_png_number(data.p);
	out->height = media_png_number(data.p + 4);
	while (media_png_chunk(&bytes, &type, &data)) {
		if (memcmp(type, "eXIf", 4) == 0)
			out->orientation = media_exif_orientation(data);
		if (memcmp(type, "IEND", 4) == 0)
			return picture_check(out->width, out->height);
	}
	return MEDIA_DAMAGED;
}

static enum media_status
media_png_decode(png_image *image, struct media_source *out)
{
	enum media_status status;

	/* libpng has read the same header. */
	if (image->width != out->width || image->height != out->height)
		return MEDIA_DAMAGED;
	image->format = PNG_FORMAT_RGBA;
	status = picture_new(&out->picture, image->width, image->height);
	if (status != MEDIA_OK)
		return status;
	if (!png_image_finish_read(image, NULL, out->picture.rgba, 0, NULL))
		return strstr(image->message, "memory") != NULL ? MEDIA_TOO_LARGE
								: MEDIA_DAMAGED;
	return MEDIA_OK;
}

enum media_status
media_png_read(struct slice bytes, struct media_source *out)
{
	png_image image = {.version = PNG_IMAGE_VERSION};
	enum media_status status;

	if (bytes.len < SIGNATURE_SIZE)
		return MEDIA_DAMAGED;
	status = media_png_check(bytes, out);
	if (status != MEDIA_OK)
		return status;
	if (png_image_begin_read_from_memory(&image, bytes.p, bytes.len))
		status = media_png_decode(&image, out);
	else
		status = MEDIA_DAMAGED;
	png_image_free(&image);
	return status;
}

enum media_status
media_png_write(const struct picture *p, struct buf *out)
{
	png_image image = {.version = PNG_IMAGE_VERSION,
	    .width = p->width,
	    .height = p->height,
	    .format = PNG_FORMAT_RGBA,
	    .flags = PNG_IMAGE_FLAG_FAST};
	size_t size = buf_room(out) < PNG_IMAGE_PNG_SIZE_MAX(image)
	    ? buf_room(out)
	    : PNG_IMAGE_PNG_SIZE_MAX(image);
	png_alloc_size_t n = size;
	uint8_t *to = buf_reserve(out, size);

	if (to == NULL || !png_image_write_to_memory(&image, to, &n, 0, p->rgba, 0, NULL)) {
		png_image_free(&image);
		return MEDIA_TOO_LARGE;
	}
	buf_commit(out, n);
	return MEDIA_OK;
}
