/*
 * What the demo model says about the passages that workerd puts before a message (workerd/knowledge/found_passages.c).
 */
#ifndef TESTS_STUB_DEMO_PASSAGES_H
#define TESTS_STUB_DEMO_PASSAGES_H

#include "tests/stub/put.h"

/* The visitor's own message, without the passages before it. */
struct slice demo_message_of(struct slice prompt);

/* Appends the sentences that share the most words with the message, with their mark, or that there is no answer.
 * False: the prompt has no passages, and says nothing about them. */
bool demo_quote(struct slice prompt, struct buf *out);

#endif
