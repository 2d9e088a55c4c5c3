/*
 * What the calls of a turn may cost. With a budget, storaged has reserved tokens for a turn: no request is sent that
 * may use more, with those before it whose usage nobody reported.
 */
#ifndef WORKERD_TURN_TURN_COST_H
#define WORKERD_TURN_TURN_COST_H

#include "workerd/turn/prompt.h"

struct turn;

struct turn_cost {
	uint64_t prompt, completion; /* reserved tokens; 0: no budget limits the reply */
	uint32_t most_output;        /* that the model may write in one call */
	/* Calls before the last one that may have cost something. */
	unsigned lost;
	uint64_t lost_request; /* bytes of their requests */
	uint64_t estimated;    /* tokens */
	/* The last call. */
	size_t request;      /* bytes; 0: it costs nothing */
	size_t pieces, text; /* of its text, and their bytes */
};

/* The most tokens that the model may write for a reply of this agent without a budget. */
uint32_t turn_cost_most_output(
    const struct prompt_defaults *defaults, const struct msg_agent_record *agent);

/* The turn has begun. */
void turn_cost_begin(struct turn *t, const struct msg_turn_begun *begun);

/* A trial: no budget limits it. */
void turn_cost_begin_trial(struct turn *t, const struct msg_agent_record *agent);

/* Whether enough is reserved for a request of so many bytes. Otherwise storaged is asked, and the turn goes on with
 * turn_send_request(), or fails. */
bool turn_cost_is_reserved(struct turn *t, size_t request);

/* The request is sent. */
void turn_cost_sent(struct turn *t, size_t request);

/* The last request cost nothing: the server did not get it, or refused it. */
void turn_cost_nothing(struct turn *t);

/* The last call ended before its first token; another one follows. */
void turn_cost_lose(struct turn *t);

/* Counts a piece of the model's text. False: it is beyond what the model may write, although its server was told so. A
 * piece may be less than a token, so it needs as many bytes as tokens usually have. */
bool turn_cost_count(struct turn *t, size_t bytes);

/* What budgets pay beside the usage that the model has reported. */
uint32_t turn_cost_estimated(const struct turn *t);

#endif
