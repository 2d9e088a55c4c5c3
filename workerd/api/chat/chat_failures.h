/*
 * The answers to failed replies: status, code and message of each failure.
 */
#ifndef WORKERD_API_CHAT_CHAT_FAILURES_H
#define WORKERD_API_CHAT_CHAT_FAILURES_H

#include "workerd/api/request/json_writer.h"
#include "workerd/http/reply.h"
#include "workerd/turn/turn.h"

/* Answers with the failure's status. retry_after_ms: for failures that a retry may solve; 0: the default. */
void chat_failure_reply(
    struct http_exchange *x, enum turn_failure failure, unsigned retry_after_ms);

/* The code, and a sentence for the visitor; static. */
const char *chat_failure_code(enum turn_failure failure);
const char *chat_failure_message(enum turn_failure failure);

/* Writes "error" and "code" as members of an event of a stream. */
void chat_failure_write(struct json_writer *j, enum turn_failure failure);

/* Whether a reply that failed this way is stored, as interrupted. */
bool chat_failure_is_kept(enum turn_failure failure);

#endif
