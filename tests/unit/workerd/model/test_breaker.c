/*
 * The circuit breaker: when it opens, what it lets through, and when it closes again. Time is a
 * number that the test chooses.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "tests/unit/unit.h"
#include "workerd/model/breaker.h"

#define THRESHOLD 3
#define OPEN_MS   1000

struct stage {
	struct scoreboard_worker board;
	struct breaker b;
};

static int
setup(void **state)
{
	struct stage *s = aligned_alloc(_Alignof(struct stage), sizeof(*s));

	assert_non_null(s);
	memset(s, 0, sizeof(*s));
	log_open("test", LOG_ERROR);
	breaker_init(&s->b, NULL, THRESHOLD, OPEN_MS, &s->board);
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	free(*state);
	return 0;
}

static void
fail_times(struct stage *s, unsigned n, uint64_t now)
{
	for (unsigned i = 0; i < n; i++)
		breaker_failure(&s->b, breaker_ask(&s->b), now);
}

static bool
admits(struct stage *s, uint64_t now)
{
	unsigned wait_ms = 0;
	bool yes = breaker_admits(&s->b, now, &wait_ms);

	assert_true(yes || wait_ms >= 1);
	return yes;
}

#define STAGE_TEST(name) TEST_WITH(name, setup, teardown)

STAGE_TEST(so_many_failures_in_a_row_open_it)
{
	struct stage *s = *state;
	unsigned wait_ms;

	fail_times(s, THRESHOLD - 1, 0);
	breaker_success(&s->b);
	fail_times(s, THRESHOLD - 1, 0);
	assert_true(admits(s, 0));
	assert_int_equal(s->board.breaker_open, 0);
	fail_times(s, 1, 500);
	assert_int_equal(s->b.state, BREAKER_OPEN);
	assert_int_equal(s->board.breaker_open, 1);
	assert_int_equal(s->board.breaker_opened, 1);
	assert_false(breaker_admits(&s->b, 500, &wait_ms));
	assert_int_equal(wait_ms, OPEN_MS);
	assert_false(breaker_admits(&s->b, 500 + OPEN_MS - 1, &wait_ms));
	assert_int_equal(wait_ms, 1);
	assert_true(admits(s, 500 + OPEN_MS));
}

STAGE_TEST(one_question_tries_it_and_its_answer_closes_it)
{
	struct stage *s = *state;

	fail_times(s, THRESHOLD, 0);
	assert_true(admits(s, OPEN_MS));
	assert_true(breaker_ask(&s->b));
	assert_int_equal(s->b.state, BREAKER_HALF_OPEN);
	assert_int_equal(s->board.breaker_open, 1);
	assert_false(admits(s, 100 * OPEN_MS));
	breaker_success(&s->b);
	assert_int_equal(s->b.state, BREAKER_CLOSED);
	assert_int_equal(s->board.breaker_open, 0);
	assert_true(admits(s, OPEN_MS));
	assert_false(breaker_ask(&s->b));
	/* The count begins anew. */
	fail_times(s, THRESHOLD - 1, OPEN_MS);
	assert_true(admits(s, OPEN_MS));
}

STAGE_TEST(its_failure_opens_it_for_as_long_again)
{
	struct stage *s = *state;

	fail_times(s, THRESHOLD, 0);
	fail_times(s, 1, OPEN_MS);
	assert_int_equal(s->b.state, BREAKER_OPEN);
	assert_int_equal(s->board.breaker_opened, 2);
	assert_false(admits(s, 2 * OPEN_MS - 1));
	assert_true(admits(s, 2 * OPEN_MS));
}

STAGE_TEST(a_probe_that_is_given_up_makes_room_for_the_next)
{
	struct stage *s = *state;

	fail_times(s, THRESHOLD, 0);
	assert_true(breaker_ask(&s->b));
	assert_false(admits(s, OPEN_MS));
	breaker_abandon(&s->b, false);
	assert_false(admits(s, OPEN_MS));
	breaker_abandon(&s->b, true);
	assert_true(admits(s, OPEN_MS));
	assert_true(breaker_ask(&s->b));
}

STAGE_TEST(questions_from_before_it_opened_close_it_but_keep_it_open_no_longer)
{
	struct stage *s = *state;

	fail_times(s, THRESHOLD, 0);
	breaker_failure(&s->b, false, OPEN_MS / 2);
	assert_true(admits(s, OPEN_MS));
	assert_true(breaker_ask(&s->b));
	breaker_failure(&s->b, false, OPEN_MS);
	assert_int_equal(s->b.state, BREAKER_HALF_OPEN);
	/* One of them answers after all, before the probe does. */
	breaker_success(&s->b);
	assert_int_equal(s->b.state, BREAKER_CLOSED);
	breaker_failure(&s->b, true, OPEN_MS);
	assert_int_equal(s->b.state, BREAKER_CLOSED);
	assert_true(admits(s, OPEN_MS));
}

STAGE_TEST(without_a_threshold_it_never_opens)
{
	struct stage *s = *state;

	breaker_init(&s->b, NULL, 0, OPEN_MS, &s->board);
	fail_times(s, 1000, 0);
	assert_true(admits(s, 0));
	assert_int_equal(s->board.breaker_opened, 0);
}

TEST_MAIN(NULL, NULL)
