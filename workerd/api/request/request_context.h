/*
 * The context of a request (http_exchange.context), from its first byte to its end: client address,
 * request id, rate limit state, and the log line and metrics that end it.
 *
 * Every request is counted and logged exactly once. The log line has the route's name, never the path,
 * query, headers or body: nothing that a visitor or an owner wrote reaches the log.
 */
#ifndef WORKERD_API_REQUEST_REQUEST_CONTEXT_H
#define WORKERD_API_REQUEST_REQUEST_CONTEXT_H

#include "proto/ipc/ratelimit.h"
#include "proto/ipc/scoreboard.h"
#include "proto/settings/settings.h"
#include "workerd/api/request/client_address.h"
#include "workerd/http/http_config.h"

struct request_context {
	struct client_address client;
	struct slice request_id; /* X-Request-Id: the client's, or own_id */
	char own_id[ID_TEXT_LEN + 1];
	char *
	    kept_id; /* copy of the client's id for streams, which outlive the request's bytes */
	uint64_t began_ms;
	uint32_t rate_max;            /* of the rate limit that counted it; 0: none did */
	struct ratelimit_answer rate; /* what that limit answered */
	uint64_t connection_key; /* of connection_limit.h, for a counted WebSocket; 0: none */
	metric_cell *open;       /* gauge that counts it until it ends; NULL: none */
	bool origin_refused;     /* the widget does not allow its Origin */
};

static inline struct request_context *
request_context_of(const struct http_exchange *x)
{
	return x->context;
}

/* Fills in the context when the head of the request has been read. */
void request_context_begin(struct http_exchange *x, const struct settings *settings);

/* Adds X-Request-Id; 0, or -1 when out is full. */
[[gnu::warn_unused_result]] int request_context_headers(
    const struct http_exchange *x, struct buf *out);

/* The answer is a stream or a WebSocket that begins now: the gauge counts it until it ends. */
void request_context_stream_begin(struct http_exchange *x, metric_cell *gauge);

/* The request has ended: logs it and counts it under the route's number and name. */
void request_context_end(struct http_exchange *x, struct scoreboard_worker *worker,
    size_t route, const char *route_name);

#endif
