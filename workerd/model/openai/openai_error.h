/*
 * Errors of OpenAI-compatible servers and of the gateways in front of them: the body of a response, or an event of a
 * stream. Each vendor has its own form and its own names; openai_error.c has the tables. The format only, no I/O.
 */
#ifndef WORKERD_MODEL_OPENAI_OPENAI_ERROR_H
#define WORKERD_MODEL_OPENAI_OPENAI_ERROR_H

#include "workerd/model/openai/openai_json.h"

enum openai_error_kind {
	OPENAI_ERROR_OTHER,
	OPENAI_ERROR_BILLING, /* the owner's account has no money or quota: only the owner can mend it */
	OPENAI_ERROR_FILTERED, /* the server's content filter refuses the prompt */
};

struct openai_error {
	enum openai_error_kind kind;
	int status; /* HTTP status that it stands for, 400 to 599; 0: the error does not say it */
};

/* What an error means. status: of the response; 200 for an error in a stream or in a body with this status, which
 * then has to say itself what it stands for. */
struct openai_error openai_error_read(struct slice body, int status);

/* When the error allows the next request, in milliseconds from now, for servers that say it in the body alone; 0: it
 * does not say. */
uint64_t openai_error_retry_ms(struct slice body);

/* Writes an error's message to out for the log: NUL-terminated, truncated between characters; "" if there is
 * none. */
void openai_error_message(struct slice body, char *out, size_t size);

/* The error in the JSON of an event or a body, which belongs to it; NULL: none. It is at the top, in a choice
 * (OpenRouter), in the response that failed (Responses API), in an array (Google), or the JSON itself (vLLM and gateways, without choices). */
const json_t *openai_error_find(const json_t *root);

/* Writes an error's message to out, which it initializes: valid UTF-8, independent of a reply's. 0, or -1 when out
 * of memory. */
[[gnu::warn_unused_result]] int openai_error_text(
    struct buf *out, const json_t *error, bool repaired);

#endif
