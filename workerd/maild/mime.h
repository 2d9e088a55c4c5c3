/*
 * The parts of a mail as its lines (RFC 5322): headers with any text (RFC 2047), and a text as quoted-printable (RFC 2045,
 * section 6.7). Nothing that a person chose, such as a name, can begin another header or end one: control characters, line
 * breaks and invalid UTF-8 are refused.
 */
#ifndef WORKERD_MAILD_MIME_H
#define WORKERD_MAILD_MIME_H

#include "proto/base/buf.h"

#define MIME_LINE_MAX 76 /* characters, without CRLF */

/* Adds a header with a text of any length, folded. 0; -1: the text is refused, or out is full. */
[[gnu::warn_unused_result]] int mime_add_text(
    struct buf *out, const char *name, struct slice text);

/* Adds a header with an address and the name of its owner (empty: none), such as From. 0, or -1 as above. */
[[gnu::warn_unused_result]] int mime_add_address(
    struct buf *out, const char *name, struct slice owner, struct slice address);

/* Adds a header of ours, which is ASCII and short. 0; -1: it is not, or out is full. */
[[gnu::warn_unused_result]] int mime_add_plain(
    struct buf *out, const char *name, const char *value);

/* Adds a text, whose lines end with LF or CRLF, as quoted-printable; its last line ends with CRLF. 0; -1: it is not UTF-8,
 * or out is full. */
[[gnu::warn_unused_result]] int mime_add_body(struct buf *out, struct slice text);

#endif
