/*
 * GET /metrics: the scoreboard, written as Prometheus reads it (exposition format 0.0.4).
 *
 * Counts are sums over all workers, those that have ended included; gauges are told for each
 * worker that lives.
 */
#ifndef WORKERD_API_METRICS_H
#define WORKERD_API_METRICS_H

#include "proto/ipc/scoreboard.h"
#include "workerd/api/request/api_call.h"

/* Appends all metrics; out must have room for a megabyte. */
void metrics_write(const struct scoreboard *board, struct buf *out);

api_handler_fn handle_metrics;

#endif
