/*
 * Fair slots: one organization takes half, several take equal parts, and a new one always finds a slot.
 */
#include "tests/unit/unit.h"
#include "workerd/net/fair_slots.h"

static struct id
org(size_t n)
{
	return (struct id){.b = {(uint8_t)(n + 1)}};
}

/* Takes what the organization may have; returns how many. */
static size_t
take_all(struct fair_slots *s, struct id who)
{
	size_t n = 0;

	while (fair_slots_has(s, &who)) {
		fair_slots_take(s, &who);
		n++;
	}
	return n;
}

TEST(one_takes_half_and_the_next_ones_find_slots)
{
	struct fair_slots s = {.most = 64};
	static const size_t expected[] = {32, 16, 8, 4, 2, 1, 1, 0};

	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		assert_int_equal(take_all(&s, org(i)), expected[i]);
}

TEST(equal_demand_gets_equal_parts)
{
	struct fair_slots s = {.most = 16};
	size_t used[3] = {0};

	for (size_t round = 0; round < 16; round++)
		for (size_t i = 0; i < 3; i++) {
			struct id who = org(i);

			if (!fair_slots_has(&s, &who))
				continue;
			fair_slots_take(&s, &who);
			used[i]++;
		}
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(used[i], 4);
	assert_int_equal(s.used, 12);
}

TEST(slots_that_are_given_back_are_free_again)
{
	struct fair_slots s = {.most = 4};
	struct id one = org(0), other = org(1);

	assert_int_equal(take_all(&s, one), 2);
	assert_int_equal(take_all(&s, other), 1);
	assert_false(fair_slots_has(&s, &one));
	fair_slots_give(&s, &other);
	assert_true(fair_slots_has(&s, &other));
	fair_slots_give(&s, &one);
	fair_slots_give(&s, &one);
	assert_int_equal(s.used, 0);
	assert_int_equal(s.n, 0);
	assert_int_equal(take_all(&s, other), 2);
}

TEST_MAIN(NULL, NULL)
