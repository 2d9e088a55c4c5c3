/*
 * The character encoding of a document, and its text in UTF-8 (https://encoding.spec.whatwg.org).
 */
#ifndef WORKERD_CRAWL_EXTRACT_CHARSET_H
#define WORKERD_CRAWL_EXTRACT_CHARSET_H

#include <iconv.h>
#include <stdbool.h>

#include "proto/base/buf.h"

#define CHARSET_TEXT_MAX (64u * 1024 * 1024)

struct charset {
	bool utf8;
	uint8_t unit;      /* bytes that an invalid character is skipped by, unless utf8 */
	iconv_t converter; /* unless utf8 */
};

/* Decides by the byte order mark, else by declared (of the Content-Type; may be empty), else by what the beginning of the
 * document says, else by its bytes. Loads the converter, which is a file: before the process is restricted. */
void charset_open(struct charset *c, struct slice bytes, struct slice declared);
void charset_close(struct charset *c);

/* Appends the text in valid UTF-8 without zero bytes; what is invalid becomes U+FFFD. 0, or -1 if out is full. */
[[gnu::warn_unused_result]] int charset_decode(
    struct charset *c, struct slice bytes, struct buf *out);

#endif
