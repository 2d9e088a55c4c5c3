/*
 * Inputs generated from the program's own tables, so that they are always up to date: a fuzzer
 * starts from every message, every setting and every path.
 */
#ifndef TESTS_FUZZ_SEEDS_H
#define TESTS_FUZZ_SEEDS_H

#include "proto/base/buf.h"

/* Takes one seed: its name (valid as a file name) and its bytes, both valid during the call. */
typedef void seed_fn(void *arg, const char *name, struct slice bytes);

/* Each message in its frame, and all of them in one stream. */
void seeds_frames(seed_fn *fn, void *arg);

/* Each message and record as a bare payload after its type. */
void seeds_records(seed_fn *fn, void *arg);

/* Each raw request of tests/http/corpus.def. */
void seeds_requests(seed_fn *fn, void *arg);

/* Each pattern of routes.def as a path, after its method. */
void seeds_paths(seed_fn *fn, void *arg);

/* Each setting with its default, or with an example of its kind. */
void seeds_settings(seed_fn *fn, void *arg);

#endif
