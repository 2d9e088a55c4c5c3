/*
 * Where an export goes: a file or a pipe, written in large pieces.
 *
 * Whoever reads a pipe slowly makes us wait, and as long as we read the store, none of the pages of
 * our snapshot can be used again: a piece that is not taken within SINK_SECONDS ends the export.
 */
#ifndef STORAGED_CLI_EXPORT_SINK_H
#define STORAGED_CLI_EXPORT_SINK_H

#include "proto/base/buf.h"

#define SINK_PIECE   65536u
#define SINK_SECONDS 60u

struct sink {
	int fd;           /* the caller's */
	unsigned seconds; /* SINK_SECONDS, but for tests */
	struct buf out;   /* what is to be written: append here */
};

/* max: bytes of the longest thing that is appended between two calls of sink_write(). */
void sink_init(struct sink *s, int fd, size_t max);
void sink_clear(struct sink *s);

/* Writes what waits, if that is a whole piece; sink_flush() in any case. 0, or -1 with errno:
 * ETIMEDOUT when the reader is too slow. */
[[gnu::warn_unused_result]] int sink_write(struct sink *s);
[[gnu::warn_unused_result]] int sink_flush(struct sink *s);

#endif
