/*
 * Whether a worker's loop still turns: the judging alone, which knows no clock, no socket and no
 * signal.
 *
 * Now and then, once a round, masterd asks each worker a question that its loop answers by itself.
 * Whoever has not answered when HEARTBEAT_ROUNDS more rounds have passed hangs. Rounds are counted, not
 * time: what holds up a worker without its fault (a machine that was frozen, or has too much to do)
 * holds up masterd too. While masterd does not run there are no rounds; and a round that comes a whole
 * period late is none to judge by.
 *
 * Nobody is asked again before he has answered: at most one question and one answer are under way.
 */
#ifndef MASTERD_HEARTBEAT_H
#define MASTERD_HEARTBEAT_H

#include <stdbool.h>
#include <stdint.h>

/* Rounds that a question may stay unanswered. */
#define HEARTBEAT_ROUNDS 10

/* masterd's own; the same for all workers. */
struct heartbeat_rounds {
	uint64_t period_ms; /* from one to the next */
	uint64_t last_ms;   /* when the last one was */
};

/* One worker's; all zero at first. */
struct heartbeat {
	bool asked;        /* and has not answered */
	uint64_t asked_ms; /* when */
	unsigned missed;   /* rounds since then */
};

enum heartbeat_verdict {
	HEARTBEAT_ASK,   /* ask it now */
	HEARTBEAT_WAIT,  /* it has been asked, and has time left */
	HEARTBEAT_HANGS, /* and has none left */
};

/* Rounds by which a silence of limit_ms (at least HEARTBEAT_ROUNDS) is noticed. Times are
 * clock_mono_ms() here and below. */
struct heartbeat_rounds heartbeat_rounds_start(uint32_t limit_ms, uint64_t now_ms);

/* A round: whether it counts for those who have not answered. */
bool heartbeat_rounds_next(struct heartbeat_rounds *r, uint64_t now_ms);

/* What a round that counts, or does not, means for a worker. */
enum heartbeat_verdict heartbeat_check(struct heartbeat *p, bool counts, uint64_t now_ms);

/* It has answered. False if nobody had asked. */
[[gnu::warn_unused_result]] bool heartbeat_answer(struct heartbeat *p);

#endif
