/*
 * Inputs made from the program's own tables, so that they never fall behind them: a fuzzer starts
 * from every message, every setting and every path that there is.
 */
#ifndef TESTS_FUZZ_SEEDS_H
#define TESTS_FUZZ_SEEDS_H

#include "proto/base/buf.h"

/* Takes one seed: its name (good for a file) and its bytes, both valid during the call. */
typedef void seed_fn(void *arg, const char *name, struct slice bytes);

/* Each message in its frame, and all of them in one stream. */
void seeds_frames(seed_fn *fn, void *arg);

/* Each message and record as a bare payload, behind its type. */
void seeds_records(seed_fn *fn, void *arg);

/* Each raw request of tests/http/corpus.txt, from the top of the tree. */
void seeds_requests(seed_fn *fn, void *arg);

/* Each pattern of routes.def as if it were a path, behind its method. */
void seeds_paths(seed_fn *fn, void *arg);

/* Each setting with its default, or with something of its kind. */
void seeds_settings(seed_fn *fn, void *arg);

#endif
