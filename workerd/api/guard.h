/*
 * Who may call what: origins, rate limits, keys and sessions, checked before a handler runs.
 *
 * The order is that of API.md: origin (403), route (404, 405), then for chat the rate limit (429)
 * and the key (401). Keys and tokens are compared in constant time.
 */
#ifndef WORKERD_API_GUARD_H
#define WORKERD_API_GUARD_H

#include "workerd/api/api.h"

/* The name of the dashboard's session cookie. */
#define SESSION_COOKIE "banter_session"

/* false: the request's Origin may not call us, and 403 was answered. */
[[gnu::warn_unused_result]] bool guard_origin(const struct api_call *c);

/* Answers OPTIONS: a preflight, or a plain question for what is allowed. */
void guard_preflight(const struct api_call *c);

/* Adds the CORS headers that every answer to this request carries; 0, or -1 when out is full. */
int guard_cors_headers(const struct api *api, struct http_exchange *x, struct buf *out);

/* Checks what the call's route asks for, and calls its handler, perhaps later; or answers. */
void guard_pass(const struct api_call *c);

/* Counts one request of this client against a rule; false: 429 was answered, with error. */
[[gnu::warn_unused_result]] bool guard_rate(
    const struct api_call *c, const struct ratelimit_rule *rule, const char *error);

/* The session cookie's value; empty when there is none. */
struct slice guard_session_token(const struct http_request *req);

/* Whether the request's Origin is this service itself, by its Host. */
bool guard_same_origin(const struct http_request *req);

#endif
