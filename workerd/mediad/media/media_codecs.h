/*
 * The formats of pictures: each reader checks the sides in the header before it allocates pixels, then decodes the first
 * frame. They trust nothing: they run in a process without rights.
 */
#ifndef WORKERD_MEDIAD_MEDIA_MEDIA_CODECS_H
#define WORKERD_MEDIAD_MEDIA_MEDIA_CODECS_H

#include "proto/base/buf.h"
#include "workerd/mediad/media/picture.h"

/* What a reader finds. */
struct media_source {
	uint32_t width,
	    height; /* in the file; the picture may be decoded smaller, but not below PICTURE_SHOWN_MAX */
	unsigned orientation;
	bool
	    photo; /* its colours were stored with half of the resolution: the copy may do that, too */
	struct picture picture;
};

/* The source is zero before; the caller clears its picture after any result. */
typedef enum media_status media_read_fn(struct slice bytes, struct media_source *out);
media_read_fn media_jpeg_read;
media_read_fn media_png_read;
media_read_fn media_webp_read;
media_read_fn media_gif_read;

/* Append the file of a picture to out, without any other data. JPEG has no alpha. photo: see above. MEDIA_TOO_LARGE: out is
 * full, or there is no memory. */
[[nodiscard]] enum media_status media_jpeg_write(
    const struct picture *p, bool photo, struct buf *out);
[[nodiscard]] enum media_status media_png_write(const struct picture *p, struct buf *out);

#endif
