/*
 * Joins text that comes in pieces, where a cut may fall into a character: models emit bytes, and
 * servers that don't wait for the rest of a character send its halves in two events. What cannot
 * be joined is repaired, so that all that comes out is valid UTF-8, the same however it was cut.
 *
 * One for each reply; all zero is one that nothing has come to. Holds no memory of its own.
 */
#ifndef WORKERD_MODEL_UTF8_REASSEMBLY_H
#define WORKERD_MODEL_UTF8_REASSEMBLY_H

#include "proto/base/buf.h"

#define UTF8_REASSEMBLY_PENDING_MAX \
	5 /* a high surrogate, and a low one without its last byte */

struct utf8_reassembly {
	uint8_t
	    half[UTF8_REASSEMBLY_PENDING_MAX]; /* bytes whose meaning the next piece decides */
	uint8_t len;
};

/*
 * Appends to out the text of all that waited and of piece, but for what only the next piece can
 * decide. Surrogates may come as three bytes each: a pair becomes its character, a lone one
 * U+FFFD, as does every other invalid sequence (as in utf8_repair()). At most
 * UTF8_REASSEMBLY_ROOM(piece.len) bytes: 0, or -1 when out has less room, or memory is out.
 */
#define UTF8_REASSEMBLY_ROOM(len) (3 * ((len) + UTF8_REASSEMBLY_PENDING_MAX))
[[gnu::warn_unused_result]] int utf8_reassembly_add(
    struct utf8_reassembly *j, struct buf *out, struct slice piece);

/* Nothing more comes: U+FFFD if something still waited, else the empty text. It is forgotten. */
struct slice utf8_reassembly_end(struct utf8_reassembly *j);

#endif
