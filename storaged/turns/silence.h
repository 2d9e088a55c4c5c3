/*
 * Ends the takeovers of operators who have written nothing for OPERATOR_TIMEOUT_MS, if the agent allows it
 * (no_return): the conversation is open again, and those who follow it are told.
 *
 * If the visitor's last message has no answer, one worker, the holder of the lease, is asked to begin its reply
 * (MSG_LIVE_LEFT). Its MSG_TURN_BEGIN ends the takeover and opens the turn in one transaction, so nothing is
 * lost when the worker dies before it: the next pass asks again. Without a worker, the conversation waits.
 *
 * A pass looks at each conversation that a person has, by the label of that state, in steps between batches.
 */
#ifndef STORAGED_TURNS_SILENCE_H
#define STORAGED_TURNS_SILENCE_H

#include "storaged/live/live.h"

/* Keys that a step looks at, and takeovers that it ends, at most. */
#define SILENCE_LOOKS 200u
#define SILENCE_ENDS  50u

struct silence {
	bool runs;
	struct key at; /* of the label at which the pass continues */
};

/* How often a pass is due, in ms; 0: never. */
unsigned silence_interval(const struct env *env);

/* Begins a pass, unless one runs. */
void silence_start(struct silence *s);

/* The next step; not during a batch. True: the pass is not complete, call again soon. */
bool silence_step(struct silence *s, struct env *env, struct live *live);

#endif
