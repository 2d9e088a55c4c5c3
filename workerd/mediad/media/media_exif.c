/*
 * TIFF 6.0, section 2: a header with the byte order and the place of the first directory, and in it entries of 12 bytes.
 */
#include "workerd/mediad/media/media_exif.h"

#include <string.h>

#include "proto/base/basics.h"

#define TAG_ORIENTATION 0x0112u
#define TYPE_SHORT      3u
#define ENTRY_SIZE      12u

static uint32_t
media_exif_number(const uint8_t *p, unsigned bytes, bool big)
{
	uint32_t n = 0;

	for (unsigned i = 0; i < bytes; i++)
		n = n << 8 | p[big ? i : bytes - 1 - i];
	return n;
}

static unsigned
media_exif_find(struct slice tiff, bool big)
{
	uint32_t at = media_exif_number(tiff.p + 4, 4, big);
	uint32_t entries;

	if (at > tiff.len - 2)
		return 1;
	entries = media_exif_number(tiff.p + at, 2, big);
	at += 2;
	for (; entries > 0 && tiff.len - at >= ENTRY_SIZE; entries--, at += ENTRY_SIZE) {
		const uint8_t *entry = tiff.p + at;
		uint32_t value = media_exif_number(entry + 8, 2, big);

		if (media_exif_number(entry, 2, big) == TAG_ORIENTATION &&
		    media_exif_number(entry + 2, 2, big) == TYPE_SHORT)
			return value >= 1 && value <= 8 ? value : 1;
	}
	return 1;
}

unsigned
media_exif_orientation(struct slice exif)
{
	static const char prefix[] = "Exif\0";

	if (exif.len >= sizeof(prefix) && memcmp(exif.p, prefix, sizeof(prefix)) == 0)
		exif = (struct slice){exif.p + sizeof(prefix), exif.len - sizeof(prefix)};
	if (exif.len < 8)
		return 1;
	if (memcmp(exif.p, "II\x2a\0", 4) == 0)
		return media_exif_find(exif, false);
	if (memcmp(exif.p, "MM\0\x2a", 4) == 0)
		return media_exif_find(exif, true);
	return 1;
}
