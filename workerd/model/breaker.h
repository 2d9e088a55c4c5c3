/*
 * A circuit breaker (Nygard, "Release It!"): requests to a server that keeps failing fail at once
 * for a while, not after a timeout.
 *
 *	closed     requests are sent; a number of failures in a row opens it
 *	open       no requests until its time is over
 *	half open  one request is sent, the probe: success closes it, failure opens it again
 *
 * One for each worker and server. Sharing it through the scoreboard would open it a few failures
 * sooner, but a worker that cannot reach the model for a local reason (descriptors, a stalled
 * resolver) would cut off all others, and a worker killed during a probe would leave it half open.
 *
 * No network and no clock: the owner reports results and passes the time.
 */
#ifndef WORKERD_MODEL_BREAKER_H
#define WORKERD_MODEL_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/ipc/scoreboard.h"

enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF_OPEN };

struct breaker {
	const char *name; /* server's name for the log; NULL: none */
	enum breaker_state state;
	unsigned threshold; /* failures in a row that open it; 0: never */
	unsigned open_ms;
	unsigned failures; /* failures in a row */
	uint64_t until_ms; /* open: when a probe may be sent */
	bool probing;      /* half open: the probe is under way */
	struct scoreboard_worker *board;
};

/* The name is borrowed. */
void breaker_init(struct breaker *b, const char *name, unsigned threshold, unsigned open_ms,
    struct scoreboard_worker *board);

/* Whether a request may be sent now; if not, *wait_ms is the time to wait, at least 1. */
[[gnu::warn_unused_result]] bool breaker_admits(
    const struct breaker *b, uint64_t now_ms, unsigned *wait_ms);

/* Records a request that breaker_admits() allowed. Returns whether it is the probe; its result
 * must then be reported. */
[[gnu::warn_unused_result]] bool breaker_ask(struct breaker *b);

/* Report a request's result. probe: as returned by breaker_ask(). */
void breaker_success(struct breaker *b);
void breaker_failure(struct breaker *b, bool probe, uint64_t now_ms);

/* The request was cancelled before its result was known: the next one may be the probe. */
void breaker_abandon(struct breaker *b, bool probe);

#endif
