/*
 * Escapes text for JSON strings (RFC 8259, section 7): for code that writes a single string, such
 * as a token or a prompt, and needs no tree of values.
 */
#ifndef PROTO_BASE_JSON_ESCAPE_H
#define PROTO_BASE_JSON_ESCAPE_H

#include "proto/base/buf.h"

/* Appends valid UTF-8 text as the content of a JSON string, without the quotes. Also escapes
 * U+007F, U+2028 and U+2029, which some readers of NDJSON and JavaScript treat as line ends or
 * control characters. 0, or -1 with ENOBUFS (part of the text may have been written). */
[[gnu::warn_unused_result]] int json_escape(struct buf *out, struct slice text);

#endif
