/*
 * Ends of processes: each counts once, for ten minutes.
 */
#include "proto/ipc/crashes.h"

#include "tests/unit/unit.h"

static struct crashes crashes;

FIXTURE(set_up)
{
	crashes = (struct crashes){.total = 0};
}

TEST_WITH(a_process_counts_once_whoever_sees_it_end, set_up, NULL)
{
	assert_int_equal(crashes_recent(&crashes, 5000), 0);
	crashes_add(&crashes, 7, 1000);
	crashes_add(&crashes, 7, 1001);
	assert_int_equal(crashes_recent(&crashes, 5000), 1);
	crashes_add(&crashes, 8, 2000);
	crashes_add(&crashes, 7, 2001);
	crashes_add(&crashes, 8, 2002);
	assert_int_equal(crashes_recent(&crashes, 5000), 2);
	assert_int_equal(metric_get(&crashes.total), 2);
}

TEST_WITH(an_end_counts_for_ten_minutes, set_up, NULL)
{
	crashes_add(&crashes, 7, 1000);
	crashes_add(&crashes, 8, 1000 + CRASHES_RECENT_MS - 1);
	assert_int_equal(crashes_recent(&crashes, 1000 + CRASHES_RECENT_MS - 1), 2);
	assert_int_equal(crashes_recent(&crashes, 1000 + CRASHES_RECENT_MS), 1);
	assert_int_equal(metric_get(&crashes.total), 2);
}

TEST_WITH(many_ends_count_as_the_most, set_up, NULL)
{
	for (uint64_t i = 1; i <= 3 * CRASHES_MAX; i++)
		crashes_add(&crashes, i, 1000);
	assert_int_equal(crashes_recent(&crashes, 1000), CRASHES_MAX);
	assert_int_equal(metric_get(&crashes.total), 3 * CRASHES_MAX);
}

TEST_MAIN(NULL, NULL)
