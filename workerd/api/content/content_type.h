/*
 * The Content-Type of an upload: which ones crawld can read, and what the store keeps of the header.
 */
#ifndef WORKERD_API_CONTENT_CONTENT_TYPE_H
#define WORKERD_API_CONTENT_CONTENT_TYPE_H

#include "proto/base/buf.h"

/* Bytes, as in SOURCE_UPLOAD. */
#define CONTENT_TYPE_MAX 100

struct content_type {
	char text[CONTENT_TYPE_MAX + 1];
};

/* Reads the header's value (p is NULL without the header). The parameters, such as a charset, are kept if the whole value
 * is a line of text within CONTENT_TYPE_MAX; otherwise the type alone is kept. False, with *out unchanged, if the type is
 * not one that crawld reads. */
[[gnu::warn_unused_result]] bool content_type_read(
    struct slice value, struct content_type *out);

#endif
