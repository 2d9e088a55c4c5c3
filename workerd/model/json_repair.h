/*
 * JSON whose strings hold what JSON strings must not: invalid UTF-8, and surrogate escapes without
 * their other half (RFC 8259, sections 8.1 and 8.2). jansson refuses such a text as a whole. Mended,
 * it takes it, and nothing of what the strings held is lost: it may be the half of a character
 * whose other half comes with the next event.
 */
#ifndef WORKERD_MODEL_JSON_REPAIR_H
#define WORKERD_MODEL_JSON_REPAIR_H

#include "proto/base/buf.h"

/* Appends a JSON text to out, mended; what else is wrong with it stays wrong. At most 3 * text.len
 * bytes: 0, or -1 when out has less room, or memory is out. */
[[gnu::warn_unused_result]] int json_repair(struct buf *out, struct slice text);

/* Appends to out what a string of a mended text really held: invalid bytes as they came, lone
 * surrogates in their three-byte form. At most string.len bytes: 0, or -1. */
[[gnu::warn_unused_result]] int json_repair_undo(struct buf *out, struct slice string);

#endif
