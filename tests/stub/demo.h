/*
 * What the bundled demo model says to somebody who has no model of their own yet.
 */
#ifndef TESTS_STUB_DEMO_H
#define TESTS_STUB_DEMO_H

#include "tests/stub/bytes.h"

/* Appends a short reply to message (UTF-8) that takes up its words: the same for the same message,
 * three or four sentences, some 40 to 60 tokens, never over 600 bytes. */
void demo_reply(struct span message, struct bytes *out);

#endif
