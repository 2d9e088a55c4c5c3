/*
 * Counting the rounds in which a worker owes an answer.
 */
#include "masterd/heartbeat.h"

#include "proto/base/basics.h"

struct pulse_rounds
pulse_rounds_begin(uint32_t limit_ms, uint64_t now_ms)
{
	must(limit_ms >= PULSE_ROUNDS);
	return (struct pulse_rounds){.period_ms = limit_ms / PULSE_ROUNDS, .last_ms = now_ms};
}

bool
pulse_rounds_next(struct pulse_rounds *r, uint64_t now_ms)
{
	bool in_time = now_ms - r->last_ms < 2 * r->period_ms;

	r->last_ms = now_ms;
	return in_time;
}

enum pulse_verdict
pulse_look(struct pulse *p, bool counts, uint64_t now_ms)
{
	if (!p->asked) {
		*p = (struct pulse){.asked = true, .asked_ms = now_ms};
		return PULSE_ASK;
	}
	if (counts)
		p->missed++;
	return p->missed < PULSE_ROUNDS ? PULSE_WAIT : PULSE_HANGS;
}

bool
pulse_answer(struct pulse *p)
{
	bool asked = p->asked;

	*p = (struct pulse){0};
	return asked;
}
