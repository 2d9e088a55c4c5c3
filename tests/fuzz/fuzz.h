/*
 * Fuzz targets: each takes any bytes and aborts, by must(), when something does not hold that
 * always must. They look for more than crashes: every target states an invariant.
 *
 * `make fuzz` links each target by itself with libFuzzer, which calls it by the name of
 * LLVMFuzzerTestOneInput; what it finds stays in build/fuzz/. `make test` links all of them into
 * test_fuzz_corpus, which runs the seeds and every file of corpus/. A finding that was put right
 * becomes a file there, named by what it showed.
 *
 * The first bytes of an input may be steering (where to cut the rest, say). They are chosen so
 * that letters and digits do, and an input can be written and read by hand.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include "proto/base/buf.h"

/* fuzz_NAME(data, size): runs one input; always 0, as libFuzzer wants it. */
#define TARGET(name, seeds, holds) int fuzz_##name(const uint8_t *data, size_t size);
#include "tests/fuzz/targets.def"

/* Takes the first byte off in; 0 when there is none. */
uint8_t fuzz_byte(struct slice *in);

/* A copy of exactly the size of s, so that AddressSanitizer sees a read past either end. Never
 * NULL; free() it. */
[[gnu::malloc, gnu::returns_nonnull]] uint8_t *fuzz_copy(struct slice s);

/* Appends s to out with what is no UTF-8 replaced: text for a function that takes only that.
 * out must have room. */
void fuzz_text(struct buf *out, struct slice s);

/* Where an input wants its bytes cut: four piece lengths from 1 to 32, used in turn ('a' is 1, 'b'
 * 2, …, '0' 16). */
struct fuzz_cuts {
	uint8_t step[4];
	size_t next;
};

/* Takes four bytes off in. */
struct fuzz_cuts fuzz_cuts(struct slice *in);

/* Cuts that make single bytes, and a single piece. */
extern const struct fuzz_cuts fuzz_bytewise, fuzz_whole;

/* Takes the next piece off rest; false when nothing is left. */
bool fuzz_piece(struct fuzz_cuts *cuts, struct slice *rest, struct slice *piece);

#endif
