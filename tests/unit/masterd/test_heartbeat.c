/*
 * Who hangs and who does not, round by round.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "masterd/heartbeat.h"

#define PERIOD   3000
#define LIMIT_MS (PERIOD * PULSE_ROUNDS)
#define STARTED  1000000

static struct pulse_rounds rounds;
static struct pulse pulse;
static uint64_t now;

static int
set_up(void **state)
{
	(void)state;
	now = STARTED;
	rounds = pulse_rounds_begin(LIMIT_MS, now);
	pulse = (struct pulse){0};
	return 0;
}

/* The next round, so long after the one before. */
static enum pulse_verdict
after(uint64_t ms)
{
	now += ms;
	return pulse_look(&pulse, pulse_rounds_next(&rounds, now), now);
}

static void
the_limit_is_so_many_rounds(void **state)
{
	(void)state;
	assert_int_equal(rounds.period_ms, PERIOD);
}

static void
who_answers_is_asked_every_round(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 5 * PULSE_ROUNDS; i++) {
		assert_int_equal(after(PERIOD), PULSE_ASK);
		assert_true(pulse_answer(&pulse));
	}
}

static void
who_is_silent_for_the_limit_hangs_and_is_asked_once(void **state)
{
	(void)state;
	assert_int_equal(after(PERIOD), PULSE_ASK);
	for (unsigned i = 1; i < PULSE_ROUNDS; i++) {
		assert_int_equal(after(PERIOD), PULSE_WAIT);
		assert_int_equal(pulse.missed, i);
	}
	assert_int_equal(after(PERIOD), PULSE_HANGS);
	assert_int_equal(now - pulse.asked_ms, LIMIT_MS);
}

static void
an_answer_in_the_last_moment_counts(void **state)
{
	(void)state;
	for (unsigned i = 0; i < PULSE_ROUNDS; i++)
		assert_int_not_equal(after(PERIOD), PULSE_HANGS);
	assert_true(pulse_answer(&pulse));
	assert_int_equal(pulse.missed, 0);
	assert_int_equal(after(PERIOD), PULSE_ASK);
	for (unsigned i = 1; i < PULSE_ROUNDS; i++)
		assert_int_equal(after(PERIOD), PULSE_WAIT);
}

static void
nobody_answers_unasked(void **state)
{
	(void)state;
	assert_false(pulse_answer(&pulse));
	assert_int_equal(after(PERIOD), PULSE_ASK);
	assert_true(pulse_answer(&pulse));
	assert_false(pulse_answer(&pulse));
}

/* Whatever stopped masterd for that long may have stopped the worker. */
static void
a_late_round_counts_for_nobody(void **state)
{
	static const struct {
		uint64_t after_ms;
		unsigned missed;
	} cases[] = {{PERIOD, 1}, {2 * PERIOD - 1, 1}, {2 * PERIOD, 0}, {LIMIT_MS, 0},
	    {100 * (uint64_t)LIMIT_MS, 0}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		set_up(state);
		assert_int_equal(after(PERIOD), PULSE_ASK);
		assert_int_equal(after(cases[i].after_ms), PULSE_WAIT);
		assert_int_equal(pulse.missed, cases[i].missed);
		/* The next one is a round like any other. */
		assert_int_equal(after(PERIOD), PULSE_WAIT);
		assert_int_equal(pulse.missed, cases[i].missed + 1);
	}
}

static void
a_machine_that_is_always_late_ends_nobody(void **state)
{
	(void)state;
	assert_int_equal(after(PERIOD), PULSE_ASK);
	for (unsigned i = 0; i < 10 * PULSE_ROUNDS; i++)
		assert_int_equal(after(2 * PERIOD), PULSE_WAIT);
}

static void
a_late_round_in_the_last_moment_gives_another(void **state)
{
	(void)state;
	for (unsigned i = 0; i < PULSE_ROUNDS; i++)
		assert_int_not_equal(after(PERIOD), PULSE_HANGS);
	assert_int_equal(after(LIMIT_MS), PULSE_WAIT);
	assert_int_equal(after(PERIOD), PULSE_HANGS);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, set_up)
	const struct CMUnitTest tests[] = {
	    TEST(the_limit_is_so_many_rounds),
	    TEST(who_answers_is_asked_every_round),
	    TEST(who_is_silent_for_the_limit_hangs_and_is_asked_once),
	    TEST(an_answer_in_the_last_moment_counts),
	    TEST(nobody_answers_unasked),
	    TEST(a_late_round_counts_for_nobody),
	    TEST(a_machine_that_is_always_late_ends_nobody),
	    TEST(a_late_round_in_the_last_moment_gives_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
