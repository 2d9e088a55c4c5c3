/*
 * The reply of the bundled demo model, for users who have no API key yet.
 */
#ifndef TESTS_STUB_DEMO_H
#define TESTS_STUB_DEMO_H

#include "tests/stub/put.h"

/* Appends a short reply that repeats words of the prompt's message (UTF-8), or quotes a passage that comes with it.
 * Deterministic: three or four sentences, some 40 to 100 tokens, at most 600 bytes. */
void demo_reply(struct slice prompt, struct buf *out);

#endif
