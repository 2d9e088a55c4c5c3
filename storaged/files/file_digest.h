/*
 * SHA-256 of bytes that come in pieces, over restarts: the state after each piece has the size of the result, because all
 * pieces but the last have whole blocks of 64 bytes (FIPS 180-4, section 6.2).
 */
#ifndef STORAGED_FILES_FILE_DIGEST_H
#define STORAGED_FILES_FILE_DIGEST_H

#include <stdbool.h>

#include "proto/base/secrets.h"

/* Adds a piece, which begins at this offset. state: that of the pieces before it, any at offset 0; it becomes that with the
 * piece, or, with the last one, the SHA-256. */
void file_digest_add(struct hash256 *state, uint32_t offset, struct slice piece, bool last);

#endif
