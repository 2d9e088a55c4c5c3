/*
 * Which workers hang, round by round.
 */
#include "masterd/heartbeat.h"
#include "tests/unit/unit.h"

#define PERIOD   3000
#define LIMIT_MS (PERIOD * HEARTBEAT_ROUNDS)
#define STARTED  1000000

enum {
	ASK = HEARTBEAT_ASK,
	WAIT = HEARTBEAT_WAIT,
	HANGS = HEARTBEAT_HANGS,
	ANSWERED = 16, /* the worker answers after the round */
};

struct scenario {
	const char *name;
	struct {
		unsigned times;    /* 0: the end */
		uint64_t after_ms; /* the previous round */
		int verdict;
	} rounds[7];
};

/* What delayed masterd may have delayed the worker, too: a round that is late by a period or more
 * does not count. */
static const struct scenario scenarios[] = {
    {"a worker that answers is asked every round", {{50, PERIOD, ASK | ANSWERED}}},
    {"a silent worker is asked once and hangs at the limit",
	{{1, PERIOD, ASK}, {9, PERIOD, WAIT}, {1, PERIOD, HANGS}}},
    {"an answer before the last round counts",
	{{1, PERIOD, ASK}, {8, PERIOD, WAIT}, {1, PERIOD, WAIT | ANSWERED}, {1, PERIOD, ASK},
	    {9, PERIOD, WAIT}, {1, PERIOD, HANGS}}},
    {"a round that is late by less than a period counts",
	{{1, PERIOD, ASK}, {1, 2 * PERIOD - 1, WAIT}, {8, PERIOD, WAIT}, {1, PERIOD, HANGS}}},
    {"a round that is late by a period does not count",
	{{1, PERIOD, ASK}, {1, 2 * PERIOD, WAIT}, {9, PERIOD, WAIT}, {1, PERIOD, HANGS}}},
    {"a round that is late by the limit does not count",
	{{1, PERIOD, ASK}, {1, LIMIT_MS, WAIT}, {9, PERIOD, WAIT}, {1, PERIOD, HANGS}}},
    {"a round that is late by a hundred limits does not count",
	{{1, PERIOD, ASK}, {1, 100 * LIMIT_MS, WAIT}, {9, PERIOD, WAIT}, {1, PERIOD, HANGS}}},
    {"a late last round gives another round",
	{{1, PERIOD, ASK}, {9, PERIOD, WAIT}, {1, LIMIT_MS, WAIT}, {1, PERIOD, HANGS}}},
    {"rounds that are always late abort no worker",
	{{1, PERIOD, ASK}, {100, 2 * PERIOD, WAIT}}},
};

static void
run(const struct scenario *s)
{
	struct heartbeat_rounds rounds = heartbeat_rounds_start(LIMIT_MS, STARTED);
	struct heartbeat heartbeat = {0};
	uint64_t now = STARTED, asked = 0;

	for (size_t i = 0; s->rounds[i].times > 0; i++)
		for (unsigned n = 1; n <= s->rounds[i].times; n++) {
			int verdict;

			now += s->rounds[i].after_ms;
			verdict = (int)heartbeat_check(
			    &heartbeat, heartbeat_rounds_next(&rounds, now), now);
			if (verdict != (s->rounds[i].verdict & ~ANSWERED))
				fail_msg("%s: step %zu, round %u", s->name, i + 1, n);
			if (verdict == ASK)
				asked = now;
			assert_int_equal(heartbeat.asked_ms, asked);
			if (s->rounds[i].verdict & ANSWERED)
				assert_true(heartbeat_answer(&heartbeat));
		}
}

TEST(a_worker_hangs_if_no_answer_comes_within_the_limit)
{
	assert_int_equal(heartbeat_rounds_start(LIMIT_MS, STARTED).period_ms, PERIOD);
	for (size_t i = 0; i < ARRAY_LEN(scenarios); i++)
		run(&scenarios[i]);
}

TEST(an_answer_without_a_check_is_invalid)
{
	struct heartbeat heartbeat = {0};

	assert_false(heartbeat_answer(&heartbeat));
	assert_int_equal(heartbeat_check(&heartbeat, true, STARTED), ASK);
	assert_true(heartbeat_answer(&heartbeat));
	assert_false(heartbeat_answer(&heartbeat));
}

TEST_MAIN(NULL, NULL)
