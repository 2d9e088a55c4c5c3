/*
 * One call of chat/completions as its body says it, checked as OpenAI checks it: a JSON object
 * with a model and a list of messages, each with a role. Everything unknown is passed over.
 */
#ifndef TESTS_STUB_CALL_H
#define TESTS_STUB_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/stub/answer.h"
#include "tests/stub/bytes.h"

#define CALL_MODEL_MAX 256 /* bytes */

struct call {
	struct bytes model;
	struct bytes message;   /* the last user message's text; empty if there is none */
	uint64_t prompt_tokens; /* a guess: a quarter of the messages' bytes */
	uint32_t max_tokens;    /* UINT32_MAX without a limit */
	bool stream;
	bool include_usage;
};

/* Reads a body: 0, or -1 with the answer in error. call_clear() is due either way. */
[[gnu::warn_unused_result]] int call_read(
    struct call *call, struct span body, struct api_error *error);
void call_clear(struct call *call);

#endif
