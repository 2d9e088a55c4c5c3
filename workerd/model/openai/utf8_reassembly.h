/*
 * Joins text that arrives in pieces which may be split inside a character: models emit bytes, and
 * some servers send the parts of a character in two events. Invalid sequences are replaced. The
 * result is valid UTF-8 and does not depend on where the text was split.
 *
 * One for each reply, zero-initialized. Owns no memory.
 */
#ifndef WORKERD_MODEL_OPENAI_UTF8_REASSEMBLY_H
#define WORKERD_MODEL_OPENAI_UTF8_REASSEMBLY_H

#include "proto/base/buf.h"

#define UTF8_REASSEMBLY_PENDING_MAX \
	5 /* a high surrogate, and a low one without its last byte */

struct utf8_reassembly {
	uint8_t pending
	    [UTF8_REASSEMBLY_PENDING_MAX]; /* an incomplete character or surrogate pair */
	uint8_t len;
};

/*
 * Appends the pending bytes and piece to out, except an undecided end. Surrogates may come as
 * three bytes each: a pair becomes its character; a lone one becomes U+FFFD, as does each other
 * invalid sequence (as in utf8_repair()). At most UTF8_REASSEMBLY_ROOM(piece.len) bytes: 0, or -1
 * when out has less room, or out of memory.
 */
#define UTF8_REASSEMBLY_ROOM(len) (3 * ((len) + UTF8_REASSEMBLY_PENDING_MAX))
[[gnu::warn_unused_result]] int utf8_reassembly_add(
    struct utf8_reassembly *j, struct buf *out, struct slice piece);

/* The text has ended: U+FFFD if something was pending, else an empty slice. Resets it. */
struct slice utf8_reassembly_end(struct utf8_reassembly *j);

#endif
