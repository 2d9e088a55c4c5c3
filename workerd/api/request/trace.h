/*
 * A request's traces: the name it goes by (X-Request-Id), the line in the log, and the counts.
 * api_begin(), api_answered() and api_stream_begin() of api.h live in trace.c.
 */
#ifndef WORKERD_API_REQUEST_TRACE_H
#define WORKERD_API_REQUEST_TRACE_H

#include "workerd/http/conn.h"

/* Adds X-Request-Id; 0, or -1 when out is full. */
[[gnu::warn_unused_result]] int trace_headers(const struct http_exchange *x, struct buf *out);

#endif
