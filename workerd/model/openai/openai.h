/*
 * The request to a model in the format of OpenAI's chat completions (platform.openai.com, API
 * reference, "Chat"). The format only, no I/O; responses are read by openai_delta.h.
 */
#ifndef WORKERD_MODEL_OPENAI_OPENAI_H
#define WORKERD_MODEL_OPENAI_OPENAI_H

#include "proto/ipc/messages.h"
#include "proto/settings/settings.h"

#define OPENAI_BODY_MAX (16u * 1024 * 1024) /* bytes of a request */

/* The request's parameters except the messages. */
struct openai_settings {
	struct slice model, system_prompt;
	uint32_t max_completion_tokens;     /* 0: left out */
	struct setting_decimal temperature; /* not given: left out */
	bool usage;                         /* request the token counts (stream_options) */
	bool hand_over; /* offer the tool to ask for a person (hand_over.h) */
};

/*
 * Appends the start of a request body: parameters, streaming and system prompt. Then call
 * openai_add_message() for each message, oldest first, and openai_end(). 0, or -1 with ENOBUFS.
 */
[[gnu::warn_unused_result]] int openai_begin(
    struct buf *body, const struct openai_settings *settings);
[[gnu::warn_unused_result]] int openai_add_message(
    struct buf *body, enum message_role role, struct slice text);
[[gnu::warn_unused_result]] int openai_end(struct buf *body);

#endif
