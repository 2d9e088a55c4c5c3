/*
 * GET /metrics: the scoreboard, and what storaged counts of the content, in Prometheus's text format (exposition format 0.0.4).
 *
 * Counters are sums over all workers, also those that have ended; gauges are given per running worker.
 */
#ifndef WORKERD_API_METRICS_H
#define WORKERD_API_METRICS_H

#include "proto/ipc/scoreboard.h"
#include "workerd/api/request/api_call.h"

/* Appends all metrics; out must have room for 1 MB. */
void metrics_write(const struct scoreboard *board, struct buf *out);

api_handler_fn handle_metrics;

#endif
