/*
 * A circuit breaker (Nygard, "Release It!"): an upstream that fails again and again is left alone
 * for a while, and whoever asks meanwhile is told so at once instead of after a time limit.
 *
 *	closed     all is asked; so many failures in a row open it
 *	open       nothing is asked until its time is over
 *	half open  one question is asked, the probe: its answer closes, its failure opens again
 *
 * One per worker and server. Shared through the scoreboard it would open a few failures sooner, but then a
 * worker that cannot reach the model for a reason of its own (descriptors, a stalled resolver)
 * would cut off all others, and one killed in the middle of a probe would leave it half open.
 *
 * Knows no network and no clock: whoever owns it says what happened and what time it is.
 */
#ifndef WORKERD_MODEL_BREAKER_H
#define WORKERD_MODEL_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/ipc/scoreboard.h"

enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF_OPEN };

struct breaker {
	const char *name; /* of the server, for the log; NULL: none */
	enum breaker_state state;
	unsigned threshold; /* failures in a row; 0: never opens */
	unsigned open_ms;
	unsigned failures; /* in a row */
	uint64_t until_ms; /* open: when a probe may be sent */
	bool probing;      /* half open: it is on its way */
	struct scoreboard_worker *board;
};

/* The name is borrowed. */
void breaker_init(struct breaker *b, const char *name, unsigned threshold, unsigned open_ms,
    struct scoreboard_worker *board);

/* Whether a question may be asked now; if not, *wait_ms is when to try again, at least 1. */
[[gnu::warn_unused_result]] bool breaker_admits(
    const struct breaker *b, uint64_t now_ms, unsigned *wait_ms);

/* A question is asked, which breaker_admits() has allowed. Whether it is the probe; how it ended
 * must then be told. */
[[gnu::warn_unused_result]] bool breaker_ask(struct breaker *b);

/* How a question ended. probe is what breaker_ask() said of it. */
void breaker_success(struct breaker *b);
void breaker_failure(struct breaker *b, bool probe, uint64_t now_ms);

/* It was given up before that was known: the next one may be the probe. */
void breaker_abandon(struct breaker *b, bool probe);

#endif
