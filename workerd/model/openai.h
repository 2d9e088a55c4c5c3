/*
 * The question to a model, as OpenAI's chat completions want it (platform.openai.com, API
 * reference, "Chat"). Knows the format, not the transport; what comes back is read by
 * openai_delta.h.
 */
#ifndef WORKERD_MODEL_OPENAI_H
#define WORKERD_MODEL_OPENAI_H

#include "proto/ipc/messages.h"
#include "proto/settings/settings.h"

#define OPENAI_BODY_MAX (16u * 1024 * 1024) /* bytes of a question */

/* What is asked of the model beside the messages. */
struct openai_settings {
	struct slice model, system_prompt;
	uint32_t max_completion_tokens;     /* 0: not named */
	struct setting_decimal temperature; /* not given: not named */
	bool usage; /* the stream is to end with the tokens' count (stream_options) */
};

/*
 * Appends the start of a request body: the settings, streaming, and the system prompt. Then one
 * openai_add_message() for each message, oldest first, and openai_end(). 0, or -1 with ENOBUFS.
 */
[[gnu::warn_unused_result]] int openai_begin(
    struct buf *body, const struct openai_settings *settings);
[[gnu::warn_unused_result]] int openai_add_message(
    struct buf *body, enum message_role role, struct slice text);
[[gnu::warn_unused_result]] int openai_end(struct buf *body);

#endif
