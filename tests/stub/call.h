/*
 * The body of one chat/completions or responses request, checked as OpenAI does: a JSON object with a model and
 * a list of messages (the second API: input), each with a role. Unknown members are ignored. Only streams are supported.
 */
#ifndef TESTS_STUB_CALL_H
#define TESTS_STUB_CALL_H

#include <jansson.h>

#include "tests/stub/answer.h"

struct call {
	json_t *body;
	const char *model;      /* these three are in body */
	struct slice message;   /* text of the last user message; empty if there is none */
	struct slice newest;    /* what stands in it behind its last empty line */
	uint64_t prompt_tokens; /* estimate: a quarter of the messages' bytes */
	uint32_t max_tokens;    /* UINT32_MAX without a limit */
	bool responses;         /* it came to /v1/responses */
	bool include_usage;
	bool has_tools;
};

/* Parses a body: 0, or -1 with the error response in error. Call call_clear() in either case. */
[[gnu::warn_unused_result]] int call_read(
    struct call *call, struct slice body, bool responses, struct api_error *error);
void call_clear(struct call *call);

#endif
