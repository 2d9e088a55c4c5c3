/*
 * POST /v1/embeddings: vectors made of words, so that texts with the same words are near each other. They say nothing
 * of how good a real model is. A request with a text that has [[too-long]] is refused, as llama.cpp and Ollama do: 500;
 * the vector of one that has [[zero]] is zero, and of [[short]], it has three numbers. The model NAME-most-N takes at most
 * N texts at once.
 */
#ifndef TESTS_STUB_EMBED_H
#define TESTS_STUB_EMBED_H

#include "tests/stub/answer.h"

#define EMBED_DIMENSIONS 64

/* The response to a body, or NULL with the error. *texts: how many it had. */
json_t *embed_answer(struct slice body, size_t *texts, struct api_error *error);

#endif
