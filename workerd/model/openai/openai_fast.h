/*
 * A fast path for nearly all events of a model's stream: one choice with its delta, or a delta of text of the Responses
 * API, and members that are strings, numbers, true, false or null. It needs no JSON tree, because it runs for each
 * token: about 0.25 µs instead of 4 (make bench-events).
 *
 * It accepts a subset of JSON: jansson accepts all of it and reads the same (fuzz_openai_delta
 * compares them). Everything else is left to openai_delta.c.
 */
#ifndef WORKERD_MODEL_OPENAI_OPENAI_FAST_H
#define WORKERD_MODEL_OPENAI_OPENAI_FAST_H

#include "proto/base/buf.h"

struct openai_fast {
	struct slice content; /* points into data or unescaped; empty: none */
	bool thinks;          /* it has a part of the model's thoughts */
	uint32_t item;        /* as in openai_delta.h */
	/* It has a list of choices; a delta of its own; the type that says that this is text. */
	bool choices, flat, typed;
	struct slice finish_reason; /* points into data; empty: none */
};

/* Parses data; false if it is not such an event, or out of memory. unescaped needs room for as
 * many bytes as data has; it may have content even if the result is false. */
[[gnu::warn_unused_result]] bool openai_fast_read(
    struct slice data, struct buf *unescaped, struct openai_fast *u);

#endif
