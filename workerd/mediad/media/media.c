#include "workerd/mediad/media/media.h"

#include <string.h>

#include "proto/base/basics.h"
#include "workerd/mediad/media/media_codecs.h"

static const uint32_t media_sides[MEDIA_SIZES] = {
    [MEDIA_SHOWN] = PICTURE_SHOWN_MAX,
    [MEDIA_SMALL] = PICTURE_SMALL_MAX,
};

static media_read_fn *
media_reader(struct slice bytes)
{
	switch (file_kind_of(bytes, true)) {
	case FILE_JPEG:
		return media_jpeg_read;
	case FILE_PNG:
		return media_png_read;
	case FILE_WEBP:
		return media_webp_read;
	case FILE_GIF:
		return media_gif_read;
	default:
		return NULL;
	}
}

static enum media_status
media_write(const struct picture *p, bool photo, struct media_copy *copy, struct buf *file)
{
	bool opaque = picture_is_opaque(p);
	enum media_status status =
	    opaque ? media_jpeg_write(p, photo, file) : media_png_write(p, file);

	*copy = (struct media_copy){
	    .kind = opaque ? FILE_JPEG : FILE_PNG,
	    .width = p->width,
	    .height = p->height,
	    .bytes = buf_slice(file),
	};
	return status;
}

/* Replaces the picture by one whose sides are at most max. */
static enum media_status
media_shrink(struct picture *p, uint32_t max)
{
	uint32_t width = p->width, height = p->height;
	struct picture out;
	enum media_status status;

	picture_fit(&width, &height, max);
	if (width == p->width && height == p->height)
		return MEDIA_OK;
	status = picture_scale(p, width, height, &out);
	picture_clear(p);
	*p = out;
	return status;
}

/* The picture is turned when it is small, which takes less time and memory. */
static enum media_status
media_make_copies(struct media_source *source, struct media_result *out)
{
	enum media_status status = MEDIA_OK;

	for (enum media_size i = 0; i < MEDIA_SIZES && status == MEDIA_OK; i++) {
		status = media_shrink(&source->picture, media_sides[i]);
		if (status == MEDIA_OK && i == 0)
			status = picture_orient(&source->picture, source->orientation);
		if (status == MEDIA_OK)
			status = media_write(
			    &source->picture, source->photo, &out->copies[i], &out->files[i]);
	}
	return status;
}

void
media_convert(struct slice bytes, struct media_result *out)
{
	media_read_fn *read = media_reader(bytes);
	struct media_source source = {.orientation = 1};

	*out = (struct media_result){.status = MEDIA_UNSUPPORTED};
	for (size_t i = 0; i < MEDIA_SIZES; i++)
		buf_init(&out->files[i], MEDIA_COPY_MAX);
	if (bytes.len > MEDIA_FILE_MAX)
		out->status = MEDIA_TOO_LARGE;
	else if (read != NULL)
		out->status = read(bytes, &source);
	if (out->status == MEDIA_OK) {
		bool swapped = source.orientation >= 5;

		out->width = swapped ? source.height : source.width;
		out->height = swapped ? source.width : source.height;
		out->status = media_make_copies(&source, out);
	}
	picture_clear(&source.picture);
}

void
media_result_clear(struct media_result *r)
{
	for (size_t i = 0; i < MEDIA_SIZES; i++)
		buf_clear(&r->files[i]);
}
