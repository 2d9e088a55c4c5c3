/*
 * The output of an export: a file or a pipe, written in large pieces.
 *
 * A slow reader of a pipe blocks us, and while we read the store, the pages of our snapshot cannot
 * be reused. So the export ends if a piece is not taken within SINK_SECONDS.
 */
#ifndef STORAGED_CLI_EXPORT_SINK_H
#define STORAGED_CLI_EXPORT_SINK_H

#include "proto/base/buf.h"

#define SINK_PIECE   65536u
#define SINK_SECONDS 60u

struct sink {
	int fd;           /* owned by the caller */
	unsigned seconds; /* SINK_SECONDS, except in tests */
	struct buf out;   /* the output: append here */
};

/* max: bytes that are appended between two calls of sink_write(), at most. */
void sink_init(struct sink *s, int fd, size_t max);
void sink_clear(struct sink *s);

/* Writes the output if it is a full piece; sink_flush() in any case. 0, or -1 with errno: ETIMEDOUT
 * when the reader is too slow. */
[[gnu::warn_unused_result]] int sink_write(struct sink *s);
[[gnu::warn_unused_result]] int sink_flush(struct sink *s);

#endif
