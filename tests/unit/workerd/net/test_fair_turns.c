/*
 * Fair turns: an organization has one at a time, and half of the time once its burst is used.
 */
#include "tests/unit/unit.h"
#include "workerd/net/fair_turns.h"

#define MS 1000000u

static struct id
org(size_t n)
{
	return (struct id){.b = {(uint8_t)(n >> 8), (uint8_t)n, 1}};
}

static void
use(struct fair_turns *t, struct id who, uint64_t from, uint64_t to)
{
	fair_turns_begin(t, &who, from);
	fair_turns_end(t, &who, to);
}

TEST(an_organization_has_one_turn_and_others_do_not_wait_for_it)
{
	struct fair_turns t = {.most = 2 * MS};
	struct id a = org(1), b = org(2);

	assert_int_equal(fair_turns_wait(&t, &a, 0), 0);
	fair_turns_begin(&t, &a, 0);
	assert_int_equal(fair_turns_wait(&t, &a, 0), UINT64_MAX);
	assert_int_equal(fair_turns_wait(&t, &b, 0), 0);
	fair_turns_end(&t, &a, MS);
	assert_int_equal(fair_turns_wait(&t, &a, MS), 0);
}

TEST(who_uses_little_never_waits)
{
	struct fair_turns t = {.most = 2 * MS};
	struct id a = org(1);

	for (uint64_t at = 0; at < 10000 * (uint64_t)MS; at += 2 * MS) {
		assert_int_equal(fair_turns_wait(&t, &a, at), 0);
		use(&t, a, at, at + MS);
	}
}

TEST(who_always_asks_gets_half_of_the_time_after_its_burst)
{
	struct fair_turns t = {.most = 2 * MS};
	struct id a = org(1);
	uint64_t at = 0, used = 0;

	while (at < 10000 * (uint64_t)MS) {
		at += fair_turns_wait(&t, &a, at);
		use(&t, a, at, at + MS);
		at += MS;
		used += MS;
	}
	assert_in_range(used, 5000 * (uint64_t)MS, 5200 * (uint64_t)MS);
}

TEST(who_waits_long_for_its_turns_pays_little)
{
	struct fair_turns t = {.most = 2 * MS};
	struct id a = org(1);

	for (uint64_t at = 0; at < 10000 * (uint64_t)MS; at += 20 * MS) {
		assert_int_equal(fair_turns_wait(&t, &a, at), 0);
		use(&t, a, at, at + 20 * MS);
	}
}

TEST(organizations_that_are_idle_leave_room)
{
	struct fair_turns t = {.most = 2 * MS};

	for (size_t i = 0; i < 1000; i++) {
		struct id a = org(i);

		assert_int_equal(fair_turns_wait(&t, &a, i * MS), 0);
		use(&t, a, i * MS, i * MS + MS / 100);
	}
	for (size_t i = 0; i < FAIR_TURNS_MAX; i++) {
		struct id a = org(i);

		fair_turns_begin(&t, &a, 2000 * (uint64_t)MS);
	}
	assert_int_equal(
	    fair_turns_wait(&t, &(struct id){.b = {9}}, 3000 * (uint64_t)MS), UINT64_MAX);
}

TEST_MAIN(NULL, NULL)
