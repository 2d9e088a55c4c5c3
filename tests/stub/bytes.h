/*
 * Text under construction: a growable run of bytes, a borrowed view of one, and the JSON escaper.
 *
 * Every answer of the stand-in is built in a struct bytes. Sizes are bounded by those who fill
 * them (the reader's body limit, the directives' ranges); BYTES_MAX only catches a bound that was
 * forgotten, and then aborts, as does memory running out: tests want a loud end.
 */
#ifndef TESTS_STUB_BYTES_H
#define TESTS_STUB_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BYTES_MAX ((size_t)512 << 20)

/* A borrowed run of bytes, not NUL-terminated; valid as long as what it was taken from. */
struct span {
	const char *p;
	size_t len;
};

/* Owned bytes. All zero is empty and holds no memory. */
struct bytes {
	char *p;
	size_t len;
	size_t cap;
};

/* Frees the memory; empty again afterwards. */
void bytes_clear(struct bytes *b);

/* Forgets the bytes. The memory is kept for the next use unless it grew beyond keep bytes. */
void bytes_reset(struct bytes *b, size_t keep);

/* Room for n more bytes; returns where they go. Add them to len when they are written. */
[[gnu::returns_nonnull]] char *bytes_reserve(struct bytes *b, size_t n);

void bytes_add(struct bytes *b, const void *p, size_t n);
void bytes_add_str(struct bytes *b, const char *s);
void bytes_add_span(struct bytes *b, struct span s);
void bytes_add_uint(struct bytes *b, uint64_t n);
[[gnu::format(printf, 2, 3)]] void bytes_addf(struct bytes *b, const char *fmt, ...);

/* The inside of a JSON string (RFC 8259, section 7) for s, which is UTF-8; no quotes around it. */
void bytes_add_json(struct bytes *b, struct span s);

/* The same, with everything beyond ASCII as \uXXXX, in surrogate pairs where UTF-16 needs them.
 * The result is valid whatever bytes s holds. */
void bytes_add_json_ascii(struct bytes *b, struct span s);

struct span bytes_span(const struct bytes *b);
struct span span_str(const char *s);
bool span_eq_str(struct span s, const char *str);
bool span_contains(struct span s, struct span part);

/* What is left of s after its first n bytes (n at most s.len). */
struct span span_from(struct span s, size_t n);

/* FNV-1a, 64 bits: to tell messages apart and to vary the demo's words, nothing more. */
uint64_t span_hash(struct span s);

/* A whole decimal number from min to max: 0, or -1 if s is anything else. */
[[gnu::warn_unused_result]] int span_uint(
    struct span s, uint64_t min, uint64_t max, uint64_t *out);

#endif
