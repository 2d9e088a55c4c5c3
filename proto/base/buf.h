/*
 * A bounded byte queue: append at the end, consume from the front.
 *
 * All data whose size a peer controls is held in one of these. Each has a maximum from the start,
 * so that no input can make a process grow without bound. Memory is allocated when the first byte
 * is appended; buf_release() frees it while the buffer is empty.
 *
 * Owned by the struct that embeds it; not shared between threads.
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

/* An open stream has ten of these, so they are kept small: uint32_t instead of size_t. */
struct buf {
	uint8_t *mem;   /* NULL until the first byte is appended */
	uint32_t start; /* first byte not yet consumed */
	uint32_t end;   /* one past the last byte */
	uint32_t cap;   /* bytes allocated */
	uint32_t max;   /* greatest number of bytes held (end - start) */
};

#define BUF_MAX ((size_t)1 << 31)

/* An empty buffer that holds at most max bytes (max is at most BUF_MAX). Allocates nothing yet. */
void buf_init(struct buf *b, size_t max);

/* Frees the memory; the buffer is in the state after buf_init(). */
void buf_clear(struct buf *b);

/* Like buf_clear(), but overwrites the memory first: for secrets. Reserve room for the whole secret
 * first (buf_reserve()): memory from which the buffer had grown was freed without that. */
void buf_wipe(struct buf *b);

/* Discards the bytes and keeps the memory for the next use. */
void buf_reset(struct buf *b);

/* Frees the memory if the buffer is empty, so that an idle connection needs none. */
void buf_release(struct buf *b);

/* The bytes held: their number and address. The pointer is never NULL, and is valid until the next
 * change. */
size_t buf_len(const struct buf *b);
const uint8_t *buf_data(const struct buf *b);
struct slice buf_slice(const struct buf *b);

/* Number of bytes that can still be appended before the maximum is reached. */
size_t buf_room(const struct buf *b);

/* Number of bytes that can be appended without moving the bytes held. */
size_t buf_spare(const struct buf *b);

/* Makes room for n more bytes and returns the place to write them to; call buf_commit() with
 * the number really written. Returns NULL, with the buffer unchanged, when n would exceed the
 * maximum (errno ENOBUFS) or memory is out (ENOMEM). The functions that append fail in the same
 * two ways. */
[[gnu::warn_unused_result]] uint8_t *buf_reserve(struct buf *b, size_t n);
void buf_commit(struct buf *b, size_t n);

/* Appends all n bytes or none: 0, or -1 with ENOBUFS if they would exceed the maximum. */
[[gnu::warn_unused_result]] int buf_append(struct buf *b, const void *p, size_t n);
[[gnu::warn_unused_result]] int buf_append_str(struct buf *b, const char *s);

/* A number in decimal: without printf, for what is written with each token or short reply. */
[[gnu::warn_unused_result]] int buf_append_number(struct buf *b, uint64_t n);

/* Appends formatted text (without the NUL), all or nothing; 0, or -1 with ENOBUFS. */
[[gnu::warn_unused_result, gnu::format(printf, 2, 3)]] int buf_printf(
    struct buf *b, const char *fmt, ...);
[[gnu::warn_unused_result, gnu::format(printf, 2, 0)]] int buf_vprintf(
    struct buf *b, const char *fmt, va_list ap);

/* Removes what was appended since the buffer held len bytes. Nothing may have been consumed since
 * then. */
void buf_truncate(struct buf *b, size_t len);

/* Removes the first n bytes; n is at most buf_len(). */
void buf_consume(struct buf *b, size_t n);

/* A slice of a C string (without its NUL), and comparisons that need no NUL. */
struct slice slice_str(const char *s);
bool slice_eq(struct slice a, struct slice b);
bool slice_eq_str(struct slice a, const char *s);

/* The only ways to copy bytes that a peer sent (a header, a file name, a URL, a field of a message) to memory of a fixed
 * size: all bytes or none. They return false, with `out` unchanged, if the bytes do not fit into `size`, and
 * slice_copy_text() also if the NUL does not fit or the bytes contain one, which would cut the text. */
[[gnu::warn_unused_result]] bool slice_copy(struct slice s, void *out, size_t size);
[[gnu::warn_unused_result]] bool slice_copy_text(struct slice s, char *out, size_t size);

/* A copy of the bytes with a NUL behind them, in memory of their own; free() it. For bytes whose number is bounded. */
[[gnu::malloc, gnu::returns_nonnull]] char *slice_strdup(struct slice s);

#endif
