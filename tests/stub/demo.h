/*
 * The reply of the bundled demo model, for users who have no API key yet.
 */
#ifndef TESTS_STUB_DEMO_H
#define TESTS_STUB_DEMO_H

#include "tests/stub/put.h"

/* Appends a short reply that repeats words of the message (UTF-8). Deterministic: three or four
 * sentences, some 40 to 60 tokens, at most 600 bytes. */
void demo_reply(struct slice message, struct buf *out);

#endif
