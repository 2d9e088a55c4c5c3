/*
 * The question to a model, as OpenAI's chat completions want it (platform.openai.com, API
 * reference, "Chat"). Knows the format, not the transport; what comes back is read by
 * openai_delta.h.
 */
#ifndef WORKERD_CHAT_OPENAI_H
#define WORKERD_CHAT_OPENAI_H

#include "proto/messages.h"

#define OPENAI_BODY_MAX (16u * 1024 * 1024) /* bytes of a question */

/*
 * Appends the start of a request body: model, streaming with usage, and the system prompt. Then
 * one openai_add_message() for each message, oldest first, and openai_end(). 0, or -1 with
 * ENOBUFS.
 */
[[gnu::warn_unused_result]] int openai_begin(
    struct buf *body, struct slice model, struct slice system_prompt);
[[gnu::warn_unused_result]] int openai_add_message(
    struct buf *body, enum message_role role, struct slice text);
[[gnu::warn_unused_result]] int openai_end(struct buf *body);

#endif
