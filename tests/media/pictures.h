/*
 * Makes pictures of each format with its odd corners, and damages them: the same ones each time.
 *
 * Each shows four quarters: red, green (right), blue (below) and white, after its orientation was applied; a picture with
 * transparent parts has a transparent quarter in place of the white one, a gray one has the grays of these colours.
 */
#ifndef TESTS_MEDIA_PICTURES_H
#define TESTS_MEDIA_PICTURES_H

#include "proto/base/buf.h"
#include "workerd/files/file_kinds.h"

/* The pictures that have data besides their pixels have this in it. */
#define PICTURES_CANARY "canary-52.3676N-4.9041E"

struct picture_case {
	char name[40];
	enum file_kind kind;
	uint32_t width, height; /* as it is shown */
	bool gray, transparent;
	struct buf bytes;
};

/* Calls fn with each picture, which is valid during the call. */
typedef void picture_case_fn(void *arg, const struct picture_case *c);
void pictures_make(picture_case_fn *fn, void *arg);

/* Those of GIF (gif_pictures.c). */
void pictures_make_gif(picture_case_fn *fn, void *arg);

/* A picture of one colour with any sides, as JPEG (progressive) or PNG (gray, 1 bit): small files of many pixels. */
void pictures_make_large(enum file_kind kind, uint32_t width, uint32_t height, struct buf *out);

/* The colour of a point of a picture without orientation: red, green, blue, alpha. */
void pictures_color(
    uint32_t x, uint32_t y, uint32_t width, uint32_t height, bool transparent, uint8_t out[4]);

/* Writes a damaged copy: cut, with changed, lost, doubled or extreme bytes; seed chooses. */
void pictures_damage(struct slice bytes, uint32_t seed, struct buf *out);

#endif
