/*
 * Parser for HTTP/1.1 responses (RFC 9112), fed with pieces of any size: status, the few fields
 * that are needed, and the body without its framing. No I/O. Lines, head and chunk framing are
 * bounded, and everything that is not clearly valid is RESPONSE_BAD.
 *
 * One for each connection of upstream_http1.c, reused for each response.
 */
#ifndef WORKERD_MODEL_UPSTREAM_RESPONSE_H
#define WORKERD_MODEL_UPSTREAM_RESPONSE_H

#include "workerd/http/message/chunked.h"
#include "workerd/model/upstream_events.h"

#define RESPONSE_LINE_MAX   8192  /* bytes of a line of the head */
#define RESPONSE_HEAD_MAX   65536 /* bytes of all heads, interim ones included; of the trailer */
#define RESPONSE_HEAD_FAULT "the response's headers have more than 64 KiB"

enum response_result {
	RESPONSE_MORE,  /* all input is used; more is needed */
	RESPONSE_HEAD,  /* head is set */
	RESPONSE_PIECE, /* a piece of the body, in *piece */
	RESPONSE_WHOLE, /* the response is complete */
	RESPONSE_BAD,
};

struct upstream_response {
	enum {
		RESPONSE_AT_STATUS,
		RESPONSE_AT_FIELD,
		RESPONSE_AT_BODY, /* with a length, or until EOF */
		RESPONSE_AT_CHUNKS,
		RESPONSE_AT_END,
	} at;
	struct upstream_head head;
	uint64_t left; /* bytes of a body with a length that are missing */
	struct chunked chunks;
	size_t read;     /* bytes of heads and trailer so far */
	struct buf line; /* an incomplete line */
	bool chunked, has_length;
	bool keep_alive; /* the connection can be reused after the response */
};

/* A field of the head, in any case; all but a few are ignored. */
void upstream_head_read_field(struct upstream_head *h, struct slice name, struct slice value);

void upstream_response_init(struct upstream_response *a);

/* Frees its memory, and prepares for the next response. */
void upstream_response_clear(struct upstream_response *a);

/*
 * Consumes *in until there is a result; call it again until it returns RESPONSE_MORE,
 * RESPONSE_WHOLE or RESPONSE_BAD. *piece points into the input.
 */
[[gnu::warn_unused_result]] enum response_result upstream_response_read(
    struct upstream_response *a, struct slice *in, struct slice *piece);

/* The connection has ended: whether the response is complete. */
[[gnu::warn_unused_result]] bool upstream_response_ends_here(const struct upstream_response *a);

#endif
