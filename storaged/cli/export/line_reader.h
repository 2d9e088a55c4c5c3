/*
 * Lines of a file or pipe, one after the other, each of a bounded length.
 */
#ifndef STORAGED_CLI_EXPORT_LINE_READER_H
#define STORAGED_CLI_EXPORT_LINE_READER_H

#include "proto/base/buf.h"

struct line_reader {
	int fd; /* the caller's */
	struct buf in;
	size_t max;      /* bytes of a line, without its break */
	size_t searched; /* bytes of in without a line break */
	size_t taken;    /* bytes of in that the last line took */
	uint64_t number; /* of the last line; the first is 1 */
	uint64_t bytes;  /* read so far */
	bool ended;
	/* Called before each read(2), which may wait, unless NULL; other than 0 ends the reading as
	 * LINE_FAILED. Set after line_reader_init(). */
	int (*before)(void *arg);
	void *arg;
};

enum line_result {
	LINE_READ,
	LINE_NONE,     /* there are no more */
	LINE_TOO_LONG, /* nothing further can be read */
	LINE_FAILED,   /* likewise; errno says why */
};

void line_reader_init(struct line_reader *r, int fd, size_t max);
void line_reader_clear(struct line_reader *r);

/* The next line, without its break; the last one may lack it. Borrowed until the next call. */
[[gnu::warn_unused_result]] enum line_result line_reader_next(
    struct line_reader *r, struct slice *line);

#endif
