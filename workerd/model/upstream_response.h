/*
 * An HTTP/1.1 answer as a client reads it (RFC 9112), from any split of its bytes: status, the few
 * fields that matter, and the body without its framing. No I/O; nothing is trusted: lines, the head
 * and the framing of chunks are bounded, and whatever is not clearly right is RESPONSE_BAD.
 *
 * One per connection of upstream_plain.c, read for one answer after the other.
 */
#ifndef WORKERD_MODEL_UPSTREAM_RESPONSE_H
#define WORKERD_MODEL_UPSTREAM_RESPONSE_H

#include "proto/base/buf.h"

#define RESPONSE_LINE_MAX 8192  /* bytes of a line of the head or the framing */
#define RESPONSE_HEAD_MAX 65536 /* of all heads, interim ones included, and of a trailer */

enum response_result {
	RESPONSE_MORE,  /* all bytes are taken, and more are to come */
	RESPONSE_HEAD,  /* the head is whole: status and retry_after_s say what it said */
	RESPONSE_PIECE, /* a piece of the body, in *piece */
	RESPONSE_WHOLE, /* it was the answer's end */
	RESPONSE_BAD,
};

struct upstream_response {
	enum {
		RESPONSE_AT_STATUS,
		RESPONSE_AT_FIELD,
		RESPONSE_AT_BODY,  /* of a length, or up to the connection's end */
		RESPONSE_AT_SIZE,  /* of a chunk */
		RESPONSE_AT_CHUNK, /* its bytes */
		RESPONSE_AT_CRLF,  /* after them */
		RESPONSE_AT_TRAILER,
		RESPONSE_AT_END,
	} at;
	int status;
	uint64_t retry_after_s; /* 0: no time was named */
	uint64_t left;          /* bytes of the body or the chunk to come */
	size_t read;            /* bytes of heads and trailer so far */
	struct buf line;        /* one that is not whole yet */
	bool chunked, has_length;
	bool keep_alive; /* once the answer is whole: the connection can be used again */
};

void upstream_response_init(struct upstream_response *a);
void upstream_response_clear(struct upstream_response *a);

/* Ready for the next answer. */
void upstream_response_reset(struct upstream_response *a);

/*
 * Takes bytes off the front of *in until there is something to tell, so that it is called again and
 * again until it says RESPONSE_MORE, RESPONSE_WHOLE or RESPONSE_BAD. A piece lies in what in was.
 */
[[gnu::warn_unused_result]] enum response_result upstream_response_read(
    struct upstream_response *a, struct slice *in, struct slice *piece);

/* The connection has ended: whether that was the answer's end. */
[[gnu::warn_unused_result]] bool upstream_response_ends_here(const struct upstream_response *a);

#endif
