/*
 * The events of the Responses API (platform.openai.com, API reference, "Responses", "Streaming events"): what chat.c sends
 * in place of chunks if the call came to /v1/responses. Each function appends one or more whole events.
 */
#ifndef TESTS_STUB_RESPONSES_H
#define TESTS_STUB_RESPONSES_H

#include "tests/stub/chat.h"

/* The response, a reasoning item, and the start of the message. */
void responses_begin(struct chat *c, struct buf *out);

/* One token's event is responses_before_token(), the token, responses_after_token(). */
void responses_before_token(struct chat *c, struct buf *out);
void responses_after_token(struct chat *c, struct buf *out);

/* The end of the message, a call of hand_over if the script wants one, and of the response. */
void responses_end(struct chat *c, struct buf *out);

void responses_error(struct chat *c, const struct api_error *error, struct buf *out);

#endif
