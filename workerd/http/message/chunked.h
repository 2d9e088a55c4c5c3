/*
 * A strict decoder of the chunked transfer coding of a request's body (RFC 9112, section 7.1): no I/O, no
 * allocation, no copy; input may be split at any byte.
 *
 *	5;name="value" CRLF hello CRLF 0 CRLF Trailer: value CRLF CRLF
 *
 * Chunk extensions and trailer fields are checked, bounded and dropped. White space may be around the parts of an
 * extension (RFC 9110, section 5.6.3). Everything that two parsers could read differently is refused: white
 * space or a sign before a size, white space at the end of its line, more than 16 digits, line ends other than
 * CRLF, control characters, a trailer field about framing, connection or host (RFC 9110, section 6.5.1).
 */
#ifndef WORKERD_HTTP_MESSAGE_CHUNKED_H
#define WORKERD_HTTP_MESSAGE_CHUNKED_H

#include "proto/base/buf.h"

/* Longer than each name of a trailer field that is refused. */
#define CHUNKED_NAME_MAX 18

enum chunked_result { CHUNKED_MORE, CHUNKED_PIECE, CHUNKED_END, CHUNKED_BAD };

/* One body that is being received. */
struct chunked {
	uint64_t left; /* the size so far, then the bytes of the chunk that are still to come */
	uint32_t room; /* bytes that the following chunks may have */
	uint32_t extra; /* bytes that the following extensions and trailer fields may have */
	uint8_t state;
	uint8_t digits;                 /* of the current size */
	uint8_t named;                  /* bytes of `name` */
	uint8_t name[CHUNKED_NAME_MAX]; /* of the current trailer field, cut off there */
};

/* Begins a body of at most body_max bytes, with at most extra_max bytes of extensions and trailer fields.
 * Both are at most BUF_MAX. */
void chunked_init(struct chunked *c, size_t body_max, size_t extra_max);

/*
 * Reads from the front of *in and removes what it has read.
 *
 * CHUNKED_PIECE: *piece is the next part of the body, a slice of *in; call again. CHUNKED_MORE: *in is
 * empty and the body incomplete. CHUNKED_END: the body is complete; *in begins with the next request.
 * CHUNKED_BAD: *status is the status to reply before closing: 400, 413 (the body or its extensions are too
 * long), 431 (the trailer fields are too long).
 */
[[gnu::warn_unused_result]] enum chunked_result chunked_read(
    struct chunked *c, struct slice *in, struct slice *piece, int *status);

/* Bytes of the current chunk that are still to come. */
size_t chunked_left(const struct chunked *c);

#endif
