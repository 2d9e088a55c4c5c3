/*
 * The event that nearly all events of a model's stream are: one choice, its delta, and members that
 * are plain strings, numbers, true, false or null around it. Read where it lies, without a tree,
 * because it is read for every token: some 0.25 µs instead of 4 (make bench-events).
 *
 * It takes less than JSON, never more: whatever it takes, jansson takes too, and reads the same in
 * it (fuzz_openai_delta compares). Anything else is left to openai_delta.c.
 */
#ifndef WORKERD_MODEL_OPENAI_FAST_H
#define WORKERD_MODEL_OPENAI_FAST_H

#include "proto/base/buf.h"

struct openai_fast {
	struct slice content; /* in the data, or in unescaped; empty: none */
	bool has_finish;
};

/* True: data is such an event, and this is what it says. False: it is none, or memory is out;
 * unescaped, which needs room for as many bytes as data has, may have got some then. */
[[gnu::warn_unused_result]] bool openai_fast_read(
    struct slice data, struct buf *unescaped, struct openai_fast *u);

#endif
