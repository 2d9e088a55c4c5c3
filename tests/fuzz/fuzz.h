/*
 * Fuzz targets: each takes any bytes and aborts by must() if an invariant fails. They detect more
 * than crashes: every target checks a property of its module.
 *
 * `make fuzz` links each target with libFuzzer, which calls it as LLVMFuzzerTestOneInput; its
 * findings are in build/fuzz/. `make test` links all of them into test_fuzz_corpus, which runs the
 * seeds and every file of corpus/. An input that showed a bug becomes a file there, named after the
 * bug.
 *
 * The first bytes of an input may be parameters (such as where to split the rest). Letters and
 * digits are valid parameters, so that inputs can be written and read by hand.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include "proto/base/buf.h"

/* fuzz_NAME(data, size): runs one input; always returns 0, as libFuzzer requires. */
#define TARGET(name, seeds, holds) int fuzz_##name(const uint8_t *data, size_t size);
#include "tests/fuzz/targets.def"

/* Takes the first byte from in; 0 if it is empty. */
uint8_t fuzz_byte(struct slice *in);

/* A copy with exactly the size of s, so that AddressSanitizer detects a read past either end. Never
 * NULL; free() it. */
[[gnu::malloc, gnu::returns_nonnull]] uint8_t *fuzz_copy(struct slice s);

/* Appends s to out with invalid UTF-8 replaced: for functions that take only valid text. out must
 * have room. */
void fuzz_text(struct buf *out, struct slice s);

/* Where to split an input: four piece lengths from 1 to 32, used in turn ('a' is 1, 'b' 2, …, '0'
 * 16). */
struct fuzz_cuts {
	uint8_t step[4];
	size_t next;
};

/* Takes four bytes from in. */
struct fuzz_cuts fuzz_cuts(struct slice *in);

/* Splits into single bytes, and into one piece. */
extern const struct fuzz_cuts fuzz_bytewise, fuzz_whole;

/* Takes the next piece from rest; false at the end. */
bool fuzz_piece(struct fuzz_cuts *cuts, struct slice *rest, struct slice *piece);

#endif
