/*
 * A bounded byte queue: append at the end, consume from the front.
 *
 * Everything that a peer can make grow lives in one of these, and each has its maximum from
 * birth, so that no input can make a process grow without bound. Memory is taken when the first
 * byte comes and can be given back with buf_release() when the buffer is empty.
 *
 * Owned by whoever embeds it; not shared between threads.
 */
#ifndef PROTO_BASE_BUF_H
#define PROTO_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A borrowed run of bytes: valid as long as what it was taken from. Not NUL-terminated. */
struct slice {
	const uint8_t *p;
	size_t len;
};

/* Small, because an open stream has ten of them: hence no size_t. */
struct buf {
	uint8_t *mem;   /* NULL until the first byte comes */
	uint32_t start; /* first byte not yet consumed */
	uint32_t end;   /* one past the last byte */
	uint32_t cap;   /* bytes allocated */
	uint32_t max;   /* bytes that may wait at most (end - start) */
};

#define BUF_MAX ((size_t)1 << 31)

/* An empty buffer that will never hold more than max bytes, BUF_MAX at most. Takes no memory yet. */
void buf_init(struct buf *b, size_t max);

/* Frees the memory; the buffer is as after buf_init(). */
void buf_clear(struct buf *b);

/* As buf_clear(), the memory overwritten first: for secrets. Make room for all of one before it
 * comes (buf_reserve()), as memory that a buffer outgrew is gone without that. */
void buf_wipe(struct buf *b);

/* Forgets the bytes, keeps the memory for the next use. */
void buf_reset(struct buf *b);

/* Gives the memory back if the buffer is empty (an idle connection then costs none). */
void buf_release(struct buf *b);

/* Bytes waiting, and where they are; the pointer is never NULL, and valid until the next
 * change. */
size_t buf_len(const struct buf *b);
const uint8_t *buf_data(const struct buf *b);
struct slice buf_slice(const struct buf *b);

/* How many more bytes fit under the maximum. */
size_t buf_room(const struct buf *b);

/* How many of them fit without the bytes that wait being moved. */
size_t buf_spare(const struct buf *b);

/*
 * Makes room for n more bytes and returns where to write them; call buf_commit() with the number
 * really written. NULL when n would pass the maximum (errno ENOBUFS) or memory is out (ENOMEM);
 * the buffer is unchanged. The functions that append fail in the same two ways.
 */
[[gnu::warn_unused_result]] uint8_t *buf_reserve(struct buf *b, size_t n);
void buf_commit(struct buf *b, size_t n);

/* Appends n bytes, whole or not at all: 0, or -1 with ENOBUFS when they would pass the maximum. */
[[gnu::warn_unused_result]] int buf_append(struct buf *b, const void *p, size_t n);
[[gnu::warn_unused_result]] int buf_append_str(struct buf *b, const char *s);

/* Appends formatted text (without the NUL), whole or not at all; 0, or -1 with ENOBUFS. */
[[gnu::warn_unused_result, gnu::format(printf, 2, 3)]] int buf_printf(
    struct buf *b, const char *fmt, ...);
[[gnu::warn_unused_result, gnu::format(printf, 2, 0)]] int buf_vprintf(
    struct buf *b, const char *fmt, va_list ap);

/* Takes back what was appended since the buffer held len bytes; nothing of it was consumed. */
void buf_truncate(struct buf *b, size_t len);

/* Drops the first n bytes; n must not be over buf_len(). */
void buf_consume(struct buf *b, size_t n);

/* A slice of a C string (without its NUL), and comparisons that need no NUL. */
struct slice slice_str(const char *s);
bool slice_eq(struct slice a, struct slice b);
bool slice_eq_str(struct slice a, const char *s);

#endif
