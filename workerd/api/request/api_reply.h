/*
 * Answers that all resources share, and the checks that send them.
 */
#ifndef WORKERD_API_REQUEST_API_REPLY_H
#define WORKERD_API_REQUEST_API_REPLY_H

#include "workerd/api/request/api_call.h"

/* A JSON answer with Cache-Control: no-store. */
void api_reply_json(struct http_exchange *x, int status, struct slice json);

/* 400 with the error. Outside production also with details: a sentence that says what would be valid. */
void api_reply_invalid(const struct api_call *c, const char *error, const char *details);

/* The same for the query string, and for the body. */
void api_reply_invalid_query(const struct api_call *c, const char *details);
void api_reply_invalid_body(const struct api_call *c, const char *details);

/* The id in the path. False: it is invalid or the zero id (which messages to the store use for "none"),
 * and 400 with the error was sent. */
[[gnu::warn_unused_result]] bool api_path_id(
    const struct api_call *c, const char *error, struct id *id);

/* Answers a request that storaged refused (MSG_ERROR) or did not answer (type 0): 503 with Retry-After,
 * or 500 for a refusal that no handler expects. */
void api_reply_store_failure(struct http_exchange *x, uint16_t type, const union msg *m);

#endif
