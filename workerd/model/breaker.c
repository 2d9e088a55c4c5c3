/*
 * breaker_enter() is the only place that changes the state.
 */
#include "workerd/model/breaker.h"

#include "proto/base/basics.h"
#include "proto/base/log.h"

#define PROBE_WAIT_MS 1000 /* reported while a probe is under way */

static void
breaker_enter(struct breaker *b, enum breaker_state state)
{
	static const char *const names[] = {[BREAKER_CLOSED] = "closed",
	    [BREAKER_OPEN] = "open",
	    [BREAKER_HALF_OPEN] = "half_open"};

	/* The gauge counts the servers that are not closed. */
	if (b->state == BREAKER_CLOSED)
		metric_add(&b->board->breaker_open, 1);
	if (state == BREAKER_CLOSED)
		metric_sub(&b->board->breaker_open, 1);
	b->state = state;
	if (state == BREAKER_OPEN)
		metric_add(&b->board->breaker_opened, 1);
	log_event(state == BREAKER_OPEN ? LOG_ERROR : LOG_NOTICE, "model_breaker",
	    L_STR("server", b->name), L_STR("state", names[state]),
	    L_UINT("failures", b->failures),
	    L_UINT("open_ms", state == BREAKER_OPEN ? b->open_ms : 0));
}

void
breaker_init(struct breaker *b, const char *name, unsigned threshold, unsigned open_ms,
    struct scoreboard_worker *board)
{
	*b = (struct breaker){.name = name,
	    .state = BREAKER_CLOSED,
	    .threshold = threshold,
	    .open_ms = open_ms,
	    .board = board};
}

bool
breaker_admits(const struct breaker *b, uint64_t now_ms, unsigned *wait_ms)
{
	switch (b->state) {
	case BREAKER_CLOSED:
		return true;
	case BREAKER_OPEN:
		if (now_ms >= b->until_ms)
			return true;
		*wait_ms = (unsigned)(b->until_ms - now_ms);
		return false;
	case BREAKER_HALF_OPEN:
		*wait_ms = PROBE_WAIT_MS;
		return !b->probing;
	}
	never("a state that is none");
}

bool
breaker_ask(struct breaker *b)
{
	if (b->state == BREAKER_CLOSED)
		return false;
	must(!b->probing);
	b->probing = true;
	if (b->state == BREAKER_OPEN)
		breaker_enter(b, BREAKER_HALF_OPEN);
	return true;
}

/* Also for a request that was sent before it opened: the server has just answered. */
void
breaker_success(struct breaker *b)
{
	b->failures = 0;
	b->probing = false;
	if (b->state != BREAKER_CLOSED)
		breaker_enter(b, BREAKER_CLOSED);
}

void
breaker_failure(struct breaker *b, bool probe, uint64_t now_ms)
{
	if (b->failures < UINT32_MAX)
		b->failures++;
	if (b->state == BREAKER_CLOSED) {
		if (b->threshold == 0 || b->failures < b->threshold)
			return;
	} else if (!probe || !b->probing) {
		/* It was sent before the breaker opened. */
		return;
	}
	b->probing = false;
	b->until_ms = now_ms + b->open_ms;
	breaker_enter(b, BREAKER_OPEN);
}

void
breaker_abandon(struct breaker *b, bool probe)
{
	if (probe)
		b->probing = false;
}
