/*
 * Which workers hang, round by round.
 */
#include "masterd/heartbeat.h"
#include "tests/unit/unit.h"

#define PERIOD   3000
#define LIMIT_MS (PERIOD * HEARTBEAT_ROUNDS)
#define STARTED  1000000

static struct heartbeat_rounds rounds;
static struct heartbeat heartbeat;
static uint64_t now;

static int
set_up(void **state)
{
	(void)state;
	now = STARTED;
	rounds = heartbeat_rounds_start(LIMIT_MS, now);
	heartbeat = (struct heartbeat){0};
	return 0;
}

/* The next round, this long after the previous one. */
static enum heartbeat_verdict
after(uint64_t ms)
{
	now += ms;
	return heartbeat_check(&heartbeat, heartbeat_rounds_next(&rounds, now), now);
}

#define HEARTBEAT_TEST(name) TEST_WITH(name, set_up, NULL)

HEARTBEAT_TEST(the_limit_is_a_number_of_rounds)
{
	assert_int_equal(rounds.period_ms, PERIOD);
}

HEARTBEAT_TEST(a_worker_that_answers_is_checked_every_round)
{
	for (unsigned i = 0; i < 5 * HEARTBEAT_ROUNDS; i++) {
		assert_int_equal(after(PERIOD), HEARTBEAT_ASK);
		assert_true(heartbeat_answer(&heartbeat));
	}
}

HEARTBEAT_TEST(a_silent_worker_is_checked_once_and_hangs_at_the_limit)
{
	assert_int_equal(after(PERIOD), HEARTBEAT_ASK);
	for (unsigned i = 1; i < HEARTBEAT_ROUNDS; i++) {
		assert_int_equal(after(PERIOD), HEARTBEAT_WAIT);
		assert_int_equal(heartbeat.missed, i);
	}
	assert_int_equal(after(PERIOD), HEARTBEAT_HANGS);
	assert_int_equal(now - heartbeat.asked_ms, LIMIT_MS);
}

HEARTBEAT_TEST(an_answer_before_the_last_round_counts)
{
	for (unsigned i = 0; i < HEARTBEAT_ROUNDS; i++)
		assert_int_not_equal(after(PERIOD), HEARTBEAT_HANGS);
	assert_true(heartbeat_answer(&heartbeat));
	assert_int_equal(heartbeat.missed, 0);
	assert_int_equal(after(PERIOD), HEARTBEAT_ASK);
	for (unsigned i = 1; i < HEARTBEAT_ROUNDS; i++)
		assert_int_equal(after(PERIOD), HEARTBEAT_WAIT);
}

HEARTBEAT_TEST(an_answer_without_a_check_is_invalid)
{
	assert_false(heartbeat_answer(&heartbeat));
	assert_int_equal(after(PERIOD), HEARTBEAT_ASK);
	assert_true(heartbeat_answer(&heartbeat));
	assert_false(heartbeat_answer(&heartbeat));
}

/* What delayed masterd may have delayed the worker, too. */
HEARTBEAT_TEST(a_late_round_does_not_count)
{
	static const struct {
		uint64_t after_ms;
		unsigned missed;
	} cases[] = {{PERIOD, 1}, {2 * PERIOD - 1, 1}, {2 * PERIOD, 0}, {LIMIT_MS, 0},
	    {100 * (uint64_t)LIMIT_MS, 0}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		set_up(state);
		assert_int_equal(after(PERIOD), HEARTBEAT_ASK);
		assert_int_equal(after(cases[i].after_ms), HEARTBEAT_WAIT);
		assert_int_equal(heartbeat.missed, cases[i].missed);
		/* The next round counts again. */
		assert_int_equal(after(PERIOD), HEARTBEAT_WAIT);
		assert_int_equal(heartbeat.missed, cases[i].missed + 1);
	}
}

HEARTBEAT_TEST(rounds_that_are_always_late_abort_no_worker)
{
	assert_int_equal(after(PERIOD), HEARTBEAT_ASK);
	for (unsigned i = 0; i < 10 * HEARTBEAT_ROUNDS; i++)
		assert_int_equal(after(2 * PERIOD), HEARTBEAT_WAIT);
}

HEARTBEAT_TEST(a_late_last_round_gives_another_round)
{
	for (unsigned i = 0; i < HEARTBEAT_ROUNDS; i++)
		assert_int_not_equal(after(PERIOD), HEARTBEAT_HANGS);
	assert_int_equal(after(LIMIT_MS), HEARTBEAT_WAIT);
	assert_int_equal(after(PERIOD), HEARTBEAT_HANGS);
}

TEST_MAIN(NULL, NULL)
