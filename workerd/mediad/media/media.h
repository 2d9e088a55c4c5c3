/*
 * A picture of a stranger becomes two new ones, with nothing of the file but its pixels: no Exif data, place, colour profile,
 * comment, or bytes before or behind. The orientation is applied; the first frame of an animation is the picture.
 *
 * Memory: the file, at most 4 bytes for each of 25 million pixels, what the format's library needs (a progressive JPEG up to
 * 8 bytes a pixel, which is then decoded smaller), and the results. The process's limit (MEDIA_MEMORY) bounds all of it: more
 * is MEDIA_TOO_LARGE.
 */
#ifndef WORKERD_MEDIAD_MEDIA_MEDIA_H
#define WORKERD_MEDIAD_MEDIA_MEDIA_H

#include "proto/base/buf.h"
#include "workerd/files/file_kinds.h"
#include "workerd/mediad/media/picture.h"

#define MEDIA_FILE_MAX   (20u * 1024 * 1024 + 1)
#define MEDIA_COPY_MAX   (20u * 1024 * 1024) /* of each copy: RGBA of noise fits */
#define MEDIA_RESULT_MAX (2 * MEDIA_COPY_MAX + 64)

enum media_size {
	MEDIA_SHOWN, /* at most PICTURE_SHOWN_MAX a side */
	MEDIA_SMALL, /* at most PICTURE_SMALL_MAX */
	MEDIA_SIZES,
};

struct media_copy {
	enum file_kind kind; /* FILE_JPEG, or FILE_PNG if it has transparent parts */
	uint32_t width, height;
	struct slice bytes;
};

struct media_result {
	enum media_status status;
	uint32_t width, height;                /* of the file, as it is shown */
	struct media_copy copies[MEDIA_SIZES]; /* if the status is MEDIA_OK */
	struct buf files[MEDIA_SIZES];         /* their bytes; empty in a decoded result */
};

/* Reads a file and fills in the result; clear it. */
void media_convert(struct slice bytes, struct media_result *out);
void media_result_clear(struct media_result *r);

/* The name of a status in logs and in the reason of a refusal. */
const char *media_status_name(enum media_status status);

/* Appends a result in the form in which the child passes it on; and reads it: false if it is invalid, as hostile input may be.
 * The copies of a decoded result point into bytes. */
[[nodiscard]] bool media_result_encode(const struct media_result *r, struct buf *out);
[[nodiscard]] bool media_result_decode(struct slice bytes, struct media_result *out);

#endif
