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

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/buf.h"
#include "proto/base/utf8.h"

/* fuzz_NAME(data, size): runs one input; always returns 0, as libFuzzer requires. */
#define TARGET(name, seeds, holds) int fuzz_##name(const uint8_t *data, size_t size);
#include "tests/fuzz/targets.def"

/* Defines fuzz_NAME(): the block that follows gets the input as `in`, in memory of exactly its size. */
#define FUZZ(name)                                     \
	static void run_input(struct slice in);        \
	int fuzz_##name(const uint8_t *data, size_t n) \
	{                                              \
		run_input((struct slice){data, n});    \
		return 0;                              \
	}                                              \
	static void run_input(struct slice in)

/* Takes the first byte from in; 0 if it is empty. */
uint8_t fuzz_byte(struct slice *in);

/* A copy with exactly the size of s, so that AddressSanitizer detects a read past either end. Never
 * NULL; free() it. */
[[gnu::malloc, gnu::returns_nonnull]] uint8_t *fuzz_copy(struct slice s);

/* Appends s to out, which must have room. */
void fuzz_put(struct buf *out, struct slice s);

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

/* One piece. */
extern const struct fuzz_cuts fuzz_whole;

/* Takes the next piece from rest; false at the end. */
bool fuzz_piece(struct fuzz_cuts *cuts, struct slice *rest, struct slice *piece);

/* Passes all pieces to take(), each in memory of exactly its size, until that returns false. */
void fuzz_feed(struct slice in, struct fuzz_cuts cuts,
    bool (*take)(void *arg, struct slice piece), void *arg);

/* Reads an input whole, byte by byte and in the pieces of cuts. read() initializes out and writes
 * the result in some form to it, which must be the same each time; the caller clears it. */
typedef void fuzz_read_fn(
    struct buf *out, struct slice in, struct fuzz_cuts cuts, const void *arg);
void fuzz_read_all_ways(struct buf *out, struct slice in, struct fuzz_cuts cuts,
    fuzz_read_fn *read, const void *arg);

/* Generates inputs from one of the program's own tables, so that they are always up to date. fn
 * takes a seed: its name (valid as a file name) and its bytes, both valid during the call. */
typedef void seed_fn(void *arg, const char *name, struct slice bytes);

/* Each message in its frame, and all of them in one stream. */
void seeds_frames(seed_fn *fn, void *arg);

/* Each raw request of tests/http/corpus.def. */
void seeds_requests(seed_fn *fn, void *arg);

/* Each pattern of routes.def as a path, after its method. */
void seeds_paths(seed_fn *fn, void *arg);

/* Each setting with its default, or with an example of its kind. */
void seeds_settings(seed_fn *fn, void *arg);

/* The pictures of each format that tests/media makes. */
void seeds_jpeg(seed_fn *fn, void *arg);
void seeds_png(seed_fn *fn, void *arg);
void seeds_webp(seed_fn *fn, void *arg);
void seeds_gif(seed_fn *fn, void *arg);
void seeds_pictures(seed_fn *fn, void *arg); /* all of them */

#endif
