/*
 * Makes JSON readable for jansson whose strings contain invalid UTF-8 or lone surrogate escapes
 * (RFC 8259, sections 8.1 and 8.2), which jansson refuses. The bytes are encoded, not lost: they
 * may be the first part of a character whose rest comes with the next event.
 */
#ifndef WORKERD_MODEL_OPENAI_JSON_REPAIR_H
#define WORKERD_MODEL_OPENAI_JSON_REPAIR_H

#include "proto/base/buf.h"

/* Appends a repaired JSON text to out, at most 3 * text.len bytes; other errors stay. 0, or -1
 * when out has less room, or out of memory. */
[[gnu::warn_unused_result]] int json_repair(struct buf *out, struct slice text);

/* Decodes a string of a repaired text and appends it to out: invalid bytes as received, lone
 * surrogates in three bytes. At most string.len bytes: 0, or -1. */
[[gnu::warn_unused_result]] int json_repair_undo(struct buf *out, struct slice string);

#endif
