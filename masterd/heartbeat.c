#include "masterd/heartbeat.h"

#include "proto/base/basics.h"

struct heartbeat_rounds
heartbeat_rounds_start(uint32_t limit_ms, uint64_t now_ms)
{
	must(limit_ms >= HEARTBEAT_ROUNDS);
	return (struct heartbeat_rounds){
	    .period_ms = limit_ms / HEARTBEAT_ROUNDS, .last_ms = now_ms};
}

bool
heartbeat_rounds_next(struct heartbeat_rounds *r, uint64_t now_ms)
{
	bool in_time = now_ms - r->last_ms < 2 * r->period_ms;

	r->last_ms = now_ms;
	return in_time;
}

enum heartbeat_verdict
heartbeat_check(struct heartbeat *p, bool counts, uint64_t now_ms)
{
	if (!p->asked) {
		*p = (struct heartbeat){.asked = true, .asked_ms = now_ms};
		return HEARTBEAT_ASK;
	}
	if (counts)
		p->missed++;
	return p->missed < HEARTBEAT_ROUNDS ? HEARTBEAT_WAIT : HEARTBEAT_HANGS;
}

bool
heartbeat_answer(struct heartbeat *p)
{
	bool asked = p->asked;

	*p = (struct heartbeat){0};
	return asked;
}
