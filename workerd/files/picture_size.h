/*
 * The sides of a picture, as the start of its file says them. Nothing is decoded: a file that has sides may still be damaged.
 */
#ifndef WORKERD_FILES_PICTURE_SIZE_H
#define WORKERD_FILES_PICTURE_SIZE_H

#include "workerd/files/file_kinds.h"

/* Of a file of the kinds JPEG, PNG, WebP and GIF, before an orientation is applied; both sides are at least 1. False: of
 * another kind, cut before its sides, or damaged there. */
[[nodiscard]] bool picture_size_read(struct slice file, uint32_t *width, uint32_t *height);

#endif
