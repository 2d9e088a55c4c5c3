/*
 * Reads a file or pipe line by line, with bounded line length.
 */
#ifndef STORAGED_CLI_EXPORT_LINE_READER_H
#define STORAGED_CLI_EXPORT_LINE_READER_H

#include "proto/base/buf.h"

struct line_reader {
	int fd; /* the caller's */
	struct buf in;
	size_t max;      /* bytes of a line without its line break, at most */
	size_t searched; /* bytes of in without a line break */
	size_t taken;    /* bytes of in that the last line used */
	uint64_t number; /* number of the last line, from 1 */
	uint64_t bytes;  /* read so far */
	bool ended;
	/* Called before each read(2), which may block, unless NULL. A result other than 0 ends the
	 * reading with LINE_FAILED. Set it after line_reader_init(). */
	int (*before)(void *arg);
	void *arg;
};

enum line_result {
	LINE_READ,
	LINE_NONE,     /* end of input */
	LINE_TOO_LONG, /* reading cannot continue */
	LINE_FAILED,   /* reading cannot continue; errno has the error */
};

void line_reader_init(struct line_reader *r, int fd, size_t max);
void line_reader_clear(struct line_reader *r);

/* Returns the next line without its line break, which the last one may lack. Borrowed until the
 * next call. */
[[gnu::warn_unused_result]] enum line_result line_reader_next(
    struct line_reader *r, struct slice *line);

#endif
