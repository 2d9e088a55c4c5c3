/*
 * Ids: 16 bytes, UUID version 7 (RFC 9562, section 5.7), so that records created together lie
 * together in the store. Text form: 36 characters, lower case.
 */
#ifndef PROTO_BASE_IDS_H
#define PROTO_BASE_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/buf.h"

#define ID_TEXT_LEN 36

struct id {
	uint8_t b[16];
};

/* A new id: 48 bits of wall-clock milliseconds, 12 bits that count up within a millisecond of this
 * process, 62 random bits. Later ids of one process sort after earlier ones. Main thread only. */
struct id id_new(void);

bool id_equal(const struct id *a, const struct id *b);
bool id_is_zero(const struct id *a);

/* The time in an id: wall-clock milliseconds. */
uint64_t id_ms(const struct id *id);

/* Writes the 36 characters and a NUL. */
void id_format(const struct id *id, char out[ID_TEXT_LEN + 1]);

/* Reads exactly the form that id_format() writes (upper-case digits are accepted too); 0, or -1
 * with *out unchanged. */
[[gnu::warn_unused_result]] int id_parse(struct slice text, struct id *out);

#endif
