/*
 * The answers to failed replies: status, code and message of each failure.
 */
#ifndef WORKERD_API_CHAT_CHAT_FAILURES_H
#define WORKERD_API_CHAT_CHAT_FAILURES_H

#include "workerd/api/request/json_writer.h"
#include "workerd/http/reply.h"
#include "workerd/turn/turn.h"

/* Answers with the failure's status. */
void chat_failure_reply(struct http_exchange *x, const struct turn_error *error);

/* The code, and a sentence for the visitor; static. */
const char *chat_failure_code(enum turn_failure failure);
const char *chat_failure_message(enum turn_failure failure);

/* What the visitor reads: the widget's words, or else the sentence. */
struct slice chat_failure_text(const struct turn_error *error);

/* When the same message may be sent again, in ms; 0: another attempt is of no use. */
unsigned chat_failure_retry_after_ms(const struct turn_error *error);

/* Writes "fields" and "reasons" of an answer that does not fit, as 422 has them; of other failures nothing. */
void chat_failure_write_fields(struct json_writer *j, const struct turn_error *error);

/* Writes "error" and "code" as members of an event of a stream. */
void chat_failure_write(struct json_writer *j, const struct turn_error *error);

/* Whether a reply that failed this way is stored, as interrupted. */
bool chat_failure_is_kept(enum turn_failure failure);

#endif
