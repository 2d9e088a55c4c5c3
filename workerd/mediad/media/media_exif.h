/*
 * The orientation in a picture's Exif data (Exif 2.32): all that banter reads of it.
 */
#ifndef WORKERD_MEDIAD_MEDIA_MEDIA_EXIF_H
#define WORKERD_MEDIAD_MEDIA_MEDIA_EXIF_H

#include "proto/base/buf.h"

/* 1 to 8, from a TIFF header and what follows it, with or without "Exif\0\0" before; 1 if there is none, or it is invalid. */
unsigned media_exif_orientation(struct slice exif);

#endif
