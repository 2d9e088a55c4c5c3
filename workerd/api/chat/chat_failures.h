/*
 * How a reply can fail, in the words of the API.
 */
#ifndef WORKERD_API_CHAT_CHAT_FAILURES_H
#define WORKERD_API_CHAT_CHAT_FAILURES_H

#include "workerd/api/request/json_writer.h"
#include "workerd/http/reply.h"
#include "workerd/turn/turn.h"

/* Answers with the failure's status. retry_after_ms 0: a usual time, where waiting helps. */
void chat_failure_reply(
    struct http_exchange *x, enum turn_failure failure, unsigned retry_after_ms);

/* What it is called, and a sentence for the visitor; static. */
const char *chat_failure_code(enum turn_failure failure);
const char *chat_failure_message(enum turn_failure failure);

/* Writes its "error" and "code", as members of an event in a stream that has begun. */
void chat_failure_write(struct json_writer *j, enum turn_failure failure);

/* Whether a reply that ended so is kept, as interrupted. */
bool chat_failure_is_kept(enum turn_failure failure);

#endif
