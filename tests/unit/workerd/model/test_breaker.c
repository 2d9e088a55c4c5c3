/*
 * The circuit breaker: when it opens, which requests it allows, and when it closes again.
 */
#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "tests/unit/unit.h"
#include "workerd/model/breaker.h"

#define THRESHOLD 3
#define OPEN_MS   1000

enum action {
	END,
	FAILS,         /* a request is sent and fails */
	PROBE_STARTS,  /* a request is sent, which must be the probe */
	PROBE_FAILS,   /* its result */
	PROBE_STOPS,   /* it is cancelled */
	EARLIER_FAILS, /* a request that was sent before the breaker opened */
	EARLIER_STOPS,
	SUCCEEDS, /* any request */
	NOTHING,
};

struct step {
	enum action action;
	unsigned times;
	uint64_t now_ms;
	/* And then: */
	enum breaker_state state;
	int wait_ms; /* until a request is allowed; 0: at once; LATER: some time */
};

#define LATER     (-1)
#define CLOSED    BREAKER_CLOSED
#define OPEN      BREAKER_OPEN
#define HALF_OPEN BREAKER_HALF_OPEN

static void
act(struct breaker *b, enum action action, uint64_t now_ms)
{
	switch (action) {
	case FAILS:
		breaker_failure(b, breaker_ask(b), now_ms);
		break;
	case PROBE_STARTS:
		assert_true(breaker_ask(b));
		break;
	case PROBE_FAILS:
	case EARLIER_FAILS:
		breaker_failure(b, action == PROBE_FAILS, now_ms);
		break;
	case PROBE_STOPS:
	case EARLIER_STOPS:
		breaker_abandon(b, action == PROBE_STOPS);
		break;
	case SUCCEEDS:
		breaker_success(b);
		break;
	case END:
	case NOTHING:
		break;
	}
}

static const struct scenario {
	const char *name;
	unsigned threshold;
	struct step steps[8];
} scenarios[] = {
    {"failures in a row open it for a time", THRESHOLD,
	{
	    {FAILS, 2, 0, CLOSED, 0},
	    {SUCCEEDS, 1, 0, CLOSED, 0},
	    {FAILS, 2, 0, CLOSED, 0},
	    {FAILS, 1, 500, OPEN, OPEN_MS},
	    {NOTHING, 0, 500 + OPEN_MS - 1, OPEN, 1},
	    {NOTHING, 0, 500 + OPEN_MS, OPEN, 0},
	}},
    {"a probe that succeeds closes it", THRESHOLD,
	{
	    {FAILS, 3, 0, OPEN, OPEN_MS},
	    {PROBE_STARTS, 1, OPEN_MS, HALF_OPEN, LATER},
	    {NOTHING, 0, 100 * OPEN_MS, HALF_OPEN, LATER},
	    {SUCCEEDS, 1, OPEN_MS, CLOSED, 0},
	    {FAILS, 2, OPEN_MS, CLOSED, 0},
	    {FAILS, 1, OPEN_MS, OPEN, OPEN_MS},
	}},
    {"a probe that fails opens it for the same time again", THRESHOLD,
	{
	    {FAILS, 3, 0, OPEN, OPEN_MS},
	    {PROBE_STARTS, 1, OPEN_MS, HALF_OPEN, LATER},
	    {PROBE_FAILS, 1, OPEN_MS, OPEN, OPEN_MS},
	    {NOTHING, 0, 2 * OPEN_MS, OPEN, 0},
	}},
    {"a cancelled probe lets the next request be the probe", THRESHOLD,
	{
	    {FAILS, 3, 0, OPEN, OPEN_MS},
	    {PROBE_STARTS, 1, OPEN_MS, HALF_OPEN, LATER},
	    {EARLIER_STOPS, 1, OPEN_MS, HALF_OPEN, LATER},
	    {PROBE_STOPS, 1, OPEN_MS, HALF_OPEN, 0},
	    {PROBE_STARTS, 1, OPEN_MS, HALF_OPEN, LATER},
	}},
    {"requests from before it opened may close it but do not keep it open", THRESHOLD,
	{
	    {FAILS, 3, 0, OPEN, OPEN_MS},
	    {EARLIER_FAILS, 1, OPEN_MS / 2, OPEN, OPEN_MS / 2},
	    {PROBE_STARTS, 1, OPEN_MS, HALF_OPEN, LATER},
	    {EARLIER_FAILS, 1, OPEN_MS, HALF_OPEN, LATER},
	    {SUCCEEDS, 1, OPEN_MS, CLOSED, 0},
	    {PROBE_FAILS, 1, OPEN_MS, CLOSED, 0},
	}},
    {"without a threshold it never opens", 0,
	{
	    {FAILS, 1000, 0, CLOSED, 0},
	}},
};

static void
run(const struct scenario *s)
{
	static struct scoreboard_worker board;
	unsigned opened = 0;
	struct breaker b;

	log_open("test", LOG_ERROR);
	board = (struct scoreboard_worker){0};
	breaker_init(&b, NULL, s->threshold, OPEN_MS, &board);
	for (size_t i = 0; s->steps[i].action != END; i++) {
		const struct step *step = &s->steps[i];
		unsigned wait_ms = 0;
		bool admitted;

		opened += step->state == OPEN && b.state != OPEN;
		for (unsigned k = 0; k < step->times; k++)
			act(&b, step->action, step->now_ms);
		admitted = breaker_admits(&b, step->now_ms, &wait_ms);
		if (b.state != step->state || board.breaker_opened != opened ||
		    board.breaker_open != (b.state != CLOSED) ||
		    admitted != (step->wait_ms == 0) || (!admitted && wait_ms == 0) ||
		    (step->wait_ms > 0 && wait_ms != (unsigned)step->wait_ms))
			fail_msg("%s, step %zu: state %d, wait %u ms", s->name, i, (int)b.state,
			    wait_ms);
	}
}

TEST(each_scenario_has_the_expected_states)
{
	for (size_t i = 0; i < ARRAY_LEN(scenarios); i++)
		run(&scenarios[i]);
}

TEST_MAIN(NULL, NULL)
