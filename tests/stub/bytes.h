/*
 * Text under construction: a growable byte buffer, a borrowed view of bytes, and the JSON escaper.
 *
 * Every response of the stub is built in a struct bytes. Its users limit the sizes (the reader's
 * body limit, the directives' ranges); BYTES_MAX only catches a forgotten limit. Exceeding it
 * aborts, as does running out of memory: a test must fail loudly.
 */
#ifndef TESTS_STUB_BYTES_H
#define TESTS_STUB_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BYTES_MAX ((size_t)512 << 20)

/* Borrowed bytes, not NUL-terminated; valid as long as what they were taken from. */
struct span {
	const char *p;
	size_t len;
};

/* Owned bytes. All zero is empty and has no memory. */
struct bytes {
	char *p;
	size_t len;
	size_t cap;
};

/* Frees the memory; the result is empty. */
void bytes_clear(struct bytes *b);

/* Discards the bytes. Keeps the memory for the next use unless it is larger than keep bytes. */
void bytes_reset(struct bytes *b, size_t keep);

/* Makes room for n more bytes and returns where to write them. Add the number written to len. */
[[gnu::returns_nonnull]] char *bytes_reserve(struct bytes *b, size_t n);

void bytes_add(struct bytes *b, const void *p, size_t n);
void bytes_add_str(struct bytes *b, const char *s);
void bytes_add_span(struct bytes *b, struct span s);
void bytes_add_uint(struct bytes *b, uint64_t n);
[[gnu::format(printf, 2, 3)]] void bytes_addf(struct bytes *b, const char *fmt, ...);

/* Appends s, which is UTF-8, as the content of a JSON string (RFC 8259, section 7), without
 * quotes. */
void bytes_add_json(struct bytes *b, struct span s);

/* The same with non-ASCII characters as \uXXXX, in surrogate pairs where UTF-16 needs them. The
 * result is valid whatever bytes s has. */
void bytes_add_json_ascii(struct bytes *b, struct span s);

struct span bytes_span(const struct bytes *b);
struct span span_str(const char *s);
bool span_eq_str(struct span s, const char *str);
bool span_contains(struct span s, struct span part);

/* The rest of s after its first n bytes (n at most s.len). */
struct span span_from(struct span s, size_t n);

/* FNV-1a, 64 bits: identifies messages and varies the demo's words; not secure. */
uint64_t span_hash(struct span s);

/* A whole decimal number from min to max: 0, or -1 if s is anything else. */
[[gnu::warn_unused_result]] int span_uint(
    struct span s, uint64_t min, uint64_t max, uint64_t *out);

#endif
