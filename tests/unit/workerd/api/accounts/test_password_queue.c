/*
 * The order of waiting passwords.
 */
#include "proto/base/basics.h"
#include "tests/unit/unit.h"
#include "workerd/api/accounts/password_queue.h"

/* In the order of arrival. */
static const struct {
	struct password_owner owner;
	unsigned order; /* in which they are taken */
} cases[] = {
    {{false, 5}, 7},
    {{false, 1}, 4},
    {{true, 9}, 5},
    {{false, 1}, 2},
    {{true, 0}, 1},
    {{false, 0}, 0},
    {{true, 1}, 3},
    {{false, 2}, 6},
};

static struct password_queue queue;
static struct password_place places[ARRAY_LEN(cases)];

FIXTURE(set_up)
{
	password_queue_init(&queue);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		places[i].owner = cases[i].owner;
		password_queue_add(&queue, &places[i]);
	}
}

#define QUEUE_TEST(name) TEST_WITH(name, set_up, NULL)

QUEUE_TEST(known_people_and_strangers_take_turns_and_few_attempts_go_first)
{
	struct password_place *taken[ARRAY_LEN(cases)];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		taken[i] = password_queue_take(&queue);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_ptr_equal(taken[cases[i].order], &places[i]);
		assert_false(places[i].waits);
	}
	assert_true(password_queue_is_empty(&queue));
	assert_null(password_queue_take(&queue));
}

static struct password_place *
displace(bool known, uint32_t attempts)
{
	return password_queue_displace(&queue, &(struct password_owner){known, attempts});
}

QUEUE_TEST(the_last_of_a_part_is_displaced_by_one_with_as_few_attempts)
{
	assert_null(displace(false, 6));
	assert_ptr_equal(displace(false, 5), &places[0]);
	assert_ptr_equal(displace(true, 8), &places[2]);
	assert_ptr_equal(displace(true, 0), &places[6]);
	assert_ptr_equal(displace(true, 0), &places[4]);
	assert_null(displace(true, 0));
	password_queue_remove(&queue, &places[5]);
	assert_ptr_equal(displace(false, 0), &places[7]);
	assert_ptr_equal(displace(false, 0), &places[1]);
	assert_ptr_equal(displace(false, 0), &places[3]);
	assert_true(password_queue_is_empty(&queue));
}

TEST_MAIN(NULL, NULL)
