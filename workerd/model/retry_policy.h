/*
 * Whether a failed request to a model server is sent again, and when.
 *
 * Knows neither turns nor connections: workerd/turn/turn_request.c asks after each failure that came
 * before the first token, and sends the request.
 */
#ifndef WORKERD_MODEL_RETRY_POLICY_H
#define WORKERD_MODEL_RETRY_POLICY_H

#include "workerd/model/upstream_events.h"

/* A request that failed. */
struct retry_failure {
	unsigned attempts; /* requests so far, 1 or more */
	enum upstream_end how;
	int status;              /* HTTP status; 0: no response */
	unsigned retry_after_ms; /* from the server's Retry-After; 0: none */
	uint64_t time_left_ms;   /* until the reply's total timeout */
};

/* Whether to retry; then *wait_ms is the delay in milliseconds. */
[[gnu::warn_unused_result]] bool retry_policy_allows(
    const struct retry_failure *f, unsigned *wait_ms);

#endif
