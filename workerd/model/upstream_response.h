/*
 * An HTTP/1.1 answer as a client reads it (RFC 9112), from any split of its bytes: status, the few
 * fields that matter, and the body without its framing. No I/O; nothing is trusted: lines, the head
 * and the framing of chunks are bounded, and whatever is not clearly right is ANSWER_BAD.
 *
 * One per connection of upstream_plain.c, read for one answer after the other.
 */
#ifndef WORKERD_MODEL_UPSTREAM_RESPONSE_H
#define WORKERD_MODEL_UPSTREAM_RESPONSE_H

#include "proto/base/buf.h"

#define ANSWER_LINE_MAX 8192  /* bytes of a line of the head or the framing */
#define ANSWER_HEAD_MAX 65536 /* of all heads, interim ones included, and of a trailer */

enum answer_result {
	ANSWER_MORE,  /* all bytes are taken, and more are to come */
	ANSWER_HEAD,  /* the head is whole: status and retry_after_s say what it said */
	ANSWER_PIECE, /* a piece of the body, in *piece */
	ANSWER_WHOLE, /* it was the answer's end */
	ANSWER_BAD,
};

struct answer {
	enum {
		ANSWER_AT_STATUS,
		ANSWER_AT_FIELD,
		ANSWER_AT_BODY,  /* of a length, or up to the connection's end */
		ANSWER_AT_SIZE,  /* of a chunk */
		ANSWER_AT_CHUNK, /* its bytes */
		ANSWER_AT_CRLF,  /* after them */
		ANSWER_AT_TRAILER,
		ANSWER_AT_END,
	} at;
	int status;
	uint64_t retry_after_s; /* 0: no time was named */
	uint64_t left;          /* bytes of the body or the chunk to come */
	size_t read;            /* bytes of heads and trailer so far */
	struct buf line;        /* one that is not whole yet */
	bool chunked, has_length;
	bool keep_alive; /* once the answer is whole: the connection can be used again */
};

void answer_init(struct answer *a);
void answer_clear(struct answer *a);

/* Ready for the next answer. */
void answer_reset(struct answer *a);

/*
 * Takes bytes off the front of *in until there is something to tell, so that it is called again and
 * again until it says ANSWER_MORE, ANSWER_WHOLE or ANSWER_BAD. A piece lies in what in was.
 */
[[gnu::warn_unused_result]] enum answer_result answer_read(
    struct answer *a, struct slice *in, struct slice *piece);

/* The connection has ended: whether that was the answer's end. */
[[gnu::warn_unused_result]] bool answer_ends_here(const struct answer *a);

#endif
