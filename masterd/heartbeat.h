/*
 * Decides whether a worker hangs; has no clock, socket or signal of its own.
 *
 * Once per round masterd sends each worker a check, which its event loop answers. A worker that has
 * not answered after HEARTBEAT_ROUNDS more rounds hangs. Rounds are counted instead of time,
 * because what delays a worker without its fault (a suspended or overloaded machine) delays
 * masterd, too: there are no rounds while masterd does not run, and a round that is late by a whole
 * period does not count.
 *
 * A worker is not checked again before it has answered: at most one check and one answer are in
 * flight.
 */
#ifndef MASTERD_HEARTBEAT_H
#define MASTERD_HEARTBEAT_H

#include <stdbool.h>
#include <stdint.h>

/* Rounds that a check may stay unanswered. */
#define HEARTBEAT_ROUNDS 10

/* The rounds; the same for all workers. */
struct heartbeat_rounds {
	uint64_t period_ms; /* between two rounds */
	uint64_t last_ms;   /* time of the last round */
};

/* One worker's state; initially zero. */
struct heartbeat {
	bool asked;        /* a check is unanswered */
	uint64_t asked_ms; /* when it was sent */
	unsigned missed;   /* rounds since then */
};

enum heartbeat_verdict {
	HEARTBEAT_ASK,   /* send a check now */
	HEARTBEAT_WAIT,  /* a check is unanswered, within the limit */
	HEARTBEAT_HANGS, /* a check is unanswered, beyond the limit */
};

/* Starts rounds that detect a silence of limit_ms (at least HEARTBEAT_ROUNDS). Times are
 * clock_mono_ms() here and below. */
struct heartbeat_rounds heartbeat_rounds_start(uint32_t limit_ms, uint64_t now_ms);

/* Starts the next round; returns whether it counts as a missed round for unanswered checks. */
bool heartbeat_rounds_next(struct heartbeat_rounds *r, uint64_t now_ms);

/* What to do about a worker in this round. */
enum heartbeat_verdict heartbeat_check(struct heartbeat *p, bool counts, uint64_t now_ms);

/* The worker has answered. False if no check was unanswered. */
[[gnu::warn_unused_result]] bool heartbeat_answer(struct heartbeat *p);

#endif
