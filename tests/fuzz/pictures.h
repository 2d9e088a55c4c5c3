/*
 * Pictures made from inputs, for the targets of all formats.
 */
#ifndef TESTS_FUZZ_PICTURES_H
#define TESTS_FUZZ_PICTURES_H

#include "proto/base/buf.h"
#include "workerd/mediad/media/media_codecs.h"

/* Reads a picture and passes it through the whole conversion: aborts if the copies are not within the limits. */
void pictures_pass(struct slice in, media_read_fn *read);

#endif
