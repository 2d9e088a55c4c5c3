/*
 * Writes text into JSON strings (RFC 8259, section 7): for the places where a string is all there
 * is to write, a token or a question, and a tree of values would be waste.
 */
#ifndef PROTO_BASE_JSON_ESCAPE_H
#define PROTO_BASE_JSON_ESCAPE_H

#include "proto/base/buf.h"

/*
 * Appends valid UTF-8 text as the inside of a JSON string, without the quotes. Besides what JSON
 * demands, U+007F, U+2028 and U+2029 are escaped: they are line ends or worse to some readers of
 * NDJSON and JavaScript. 0, or -1 with ENOBUFS (then a part may have been written).
 */
[[gnu::warn_unused_result]] int json_escape(struct buf *out, struct slice text);

#endif
