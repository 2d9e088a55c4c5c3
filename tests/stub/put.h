/*
 * Writing into a struct buf. Too much, or no memory, ends the program: a test must fail loudly.
 */
#ifndef TESTS_STUB_PUT_H
#define TESTS_STUB_PUT_H

#include "proto/base/buf.h"

/* An empty buffer. Its users limit the sizes (the maximum of a body, the directives' ranges); the
 * buffer's maximum of 512 MiB only catches a forgotten limit. */
struct buf put_start(void);

void put(struct buf *out, const void *p, size_t n);
void put_str(struct buf *out, const char *s);
void put_slice(struct buf *out, struct slice s);
[[gnu::format(printf, 2, 3)]] void putf(struct buf *out, const char *fmt, ...);

/* Writes text, which is UTF-8, as the content of a JSON string (RFC 8259, section 7), without
 * quotes; in_ascii: other characters as \uXXXX. */
void put_json(struct buf *out, struct slice text, bool in_ascii);

/* Makes room for n more bytes; write them and call buf_commit(). */
[[gnu::returns_nonnull]] uint8_t *put_reserve(struct buf *out, size_t n);

#endif
