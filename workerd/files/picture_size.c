/*
 * Where the sides are: JPEG, in the header of its frame (ITU-T T.81, B.2.2); PNG, in its first chunk (RFC 2083, 4.1.1); WebP, in
 * its first chunk, of which there are three kinds (RFC 9649, 2.5 to 2.7; VP8: RFC 6386, 9.1); GIF, in the screen's descriptor
 * (GIF89a, 18).
 */
#include "workerd/files/picture_size.h"

#include <string.h>

#define PNG_SIDE_MAX 0x7fffffffu

struct sides {
	uint32_t width, height; /* 0: not found */
};

static uint32_t
picture_size_big(const uint8_t *p, size_t n)
{
	uint32_t value = 0;

	for (size_t i = 0; i < n; i++)
		value = value << 8 | p[i];
	return value;
}

static uint32_t
picture_size_little(const uint8_t *p, size_t n)
{
	uint32_t value = 0;

	while (n > 0)
		value = value << 8 | p[--n];
	return value;
}

/* A frame's header; three markers between those of the frames are others. */
static bool
picture_size_is_frame(uint8_t marker)
{
	return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 &&
	    marker != 0xcc;
}

/* A marker without a segment, or one behind which no frame's header can be. */
static bool
picture_size_has_segment(uint8_t marker)
{
	return marker > 0x01 && (marker < 0xd0 || marker > 0xda);
}

/* Each segment is skipped once, so this ends. */
static struct sides
picture_size_of_jpeg(struct slice s)
{
	size_t at = 2, length;
	uint8_t marker;

	for (;;) {
		if (at >= s.len || s.p[at] != 0xff)
			return (struct sides){0};
		while (at < s.len && s.p[at] == 0xff)
			at++;
		if (s.len - at < 3 || !picture_size_has_segment(s.p[at]))
			return (struct sides){0};
		marker = s.p[at++];
		length = picture_size_big(s.p + at, 2);
		if (length < 2 || length > s.len - at)
			return (struct sides){0};
		if (picture_size_is_frame(marker))
			break;
		at += length;
	}
	if (length < 7)
		return (struct sides){0};
	return (struct sides){
	    picture_size_big(s.p + at + 5, 2), picture_size_big(s.p + at + 3, 2)};
}

static struct sides
picture_size_of_png(struct slice s)
{
	struct sides sides;

	if (s.len < 24 || memcmp(s.p + 12, "IHDR", 4) != 0)
		return (struct sides){0};
	sides = (struct sides){picture_size_big(s.p + 16, 4), picture_size_big(s.p + 20, 4)};
	return sides.width > PNG_SIDE_MAX || sides.height > PNG_SIDE_MAX ? (struct sides){0}
									 : sides;
}

static struct sides
picture_size_of_webp(struct slice s)
{
	const uint8_t *data = s.p + 20;
	uint32_t bits;

	if (s.len < 30)
		return (struct sides){0};
	if (memcmp(s.p + 12, "VP8X", 4) == 0)
		return (struct sides){
		    picture_size_little(data + 4, 3) + 1, picture_size_little(data + 7, 3) + 1};
	if (memcmp(s.p + 12, "VP8L", 4) == 0 && data[0] == 0x2f) {
		bits = picture_size_little(data + 1, 4);
		return (struct sides){(bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1};
	}
	if (memcmp(s.p + 12, "VP8 ", 4) == 0 && memcmp(data + 3, "\x9d\x01\x2a", 3) == 0)
		return (struct sides){picture_size_little(data + 6, 2) & 0x3fff,
		    picture_size_little(data + 8, 2) & 0x3fff};
	return (struct sides){0};
}

static struct sides
picture_size_of_gif(struct slice s)
{
	if (s.len < 10)
		return (struct sides){0};
	return (struct sides){picture_size_little(s.p + 6, 2), picture_size_little(s.p + 8, 2)};
}

static struct sides
picture_size_find(struct slice file)
{
	switch (file_kind_of(file, false)) {
	case FILE_JPEG:
		return picture_size_of_jpeg(file);
	case FILE_PNG:
		return picture_size_of_png(file);
	case FILE_WEBP:
		return picture_size_of_webp(file);
	case FILE_GIF:
		return picture_size_of_gif(file);
	default:
		return (struct sides){0};
	}
}

bool
picture_size_read(struct slice file, uint32_t *width, uint32_t *height)
{
	const struct sides sides = picture_size_find(file);

	*width = sides.width;
	*height = sides.height;
	return sides.width > 0 && sides.height > 0;
}
