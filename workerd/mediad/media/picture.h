/*
 * A decoded picture, and the limits of all pictures.
 */
#ifndef WORKERD_MEDIAD_MEDIA_PICTURE_H
#define WORKERD_MEDIAD_MEDIA_PICTURE_H

#include <stdbool.h>
#include <stdint.h>

#define PICTURE_PIXELS_MAX 25000000u
#define PICTURE_SIDE_MAX   16384u
#define PICTURE_SHOWN_MAX  2048u /* longest side of the large size */
#define PICTURE_SMALL_MAX  320u  /* and of the small one */

enum media_status {
	MEDIA_OK,
	MEDIA_UNSUPPORTED, /* another format, or a variant that the library cannot read */
	MEDIA_TOO_LARGE,   /* too many pixels, or too much memory */
	MEDIA_DAMAGED,     /* cut, or not what its beginning says */
	MEDIA_STATUSES,
};

/* Pixels as red, green, blue, alpha (not premultiplied), row by row without gaps. Zero: no picture. */
struct picture {
	uint32_t width, height;
	uint8_t *rgba;
};

/* Whether a picture may have these sides. Readers ask before they allocate anything for pixels. */
enum media_status picture_check(uint64_t width, uint64_t height);

/* Transparent black of a size that was checked. MEDIA_TOO_LARGE: there is no memory. */
[[nodiscard]] enum media_status picture_new(struct picture *p, uint32_t width, uint32_t height);

/* Frees the pixels. */
void picture_clear(struct picture *p);

bool picture_is_opaque(const struct picture *p);

/* The sides of a picture whose longest side becomes at most max. It never grows; no side becomes 0. */
void picture_fit(uint32_t *width, uint32_t *height, uint32_t max);

/* Writes a copy with these sides, each at most that of p, in which a pixel is the mean of the area that it covers, weighted
 * by alpha. */
[[nodiscard]] enum media_status picture_scale(
    const struct picture *p, uint32_t width, uint32_t height, struct picture *out);

/* Applies an orientation (Exif 2.32, 4.6.5): 1 to 8; other values change nothing. */
[[nodiscard]] enum media_status picture_orient(struct picture *p, unsigned orientation);

#endif
