/*
 * Requests that wait: organizations take turns, and clients that are behind or gone get none.
 */
#include "storaged/request/long_reads.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"

static struct long_reads reads;
static struct client clients[2];
static struct buf outs[2];

static int
set_up(void **state)
{
	(void)state;
	long_reads_init(&reads);
	for (size_t i = 0; i < 2; i++) {
		buf_init(&outs[i], 2 * LONG_READS_UNSENT);
		client_init(&clients[i], &outs[i]);
	}
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	long_reads_clear(&reads);
	for (size_t i = 0; i < 2; i++)
		buf_clear(&outs[i]);
	return 0;
}

static bool
add(size_t client, uint8_t org, uint64_t request)
{
	const struct id id = {.b = {org}};

	return long_reads_add(&reads, &clients[client], &id, request, 7, slice_str("payload"));
}

/* The number of the next request; 0: there is none. */
static uint64_t
take(void)
{
	struct long_read *q = long_reads_take(&reads);
	uint64_t request = q == NULL ? 0 : q->request;

	if (q != NULL)
		assert_memory_equal(q->payload, "payload", q->len);
	free(q);
	return request;
}

static void
expect_order(const uint64_t *numbers, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_int_equal(take(), numbers[i]);
	assert_int_equal(take(), 0);
}

TEST_WITH(organizations_take_turns, set_up, tear_down)
{
	for (uint64_t i = 1; i <= 4; i++)
		assert_true(add(0, 'a', i));
	assert_true(add(1, 'b', 11));
	assert_true(add(1, 'b', 12));
	assert_true(add(0, 'c', 21));
	expect_order((const uint64_t[]){1, 11, 21, 2, 12, 3, 4}, 7);
}

TEST_WITH(who_comes_later_has_no_turns_in_arrears, set_up, tear_down)
{
	for (uint64_t i = 1; i <= 6; i++)
		assert_true(add(0, 'a', i));
	for (uint64_t i = 1; i <= 3; i++)
		assert_int_equal(take(), i);
	assert_true(add(1, 'b', 11));
	assert_true(add(1, 'b', 12));
	expect_order((const uint64_t[]){4, 11, 5, 12, 6}, 5);
}

TEST_WITH(a_client_may_let_only_some_wait, set_up, tear_down)
{
	for (uint64_t i = 0; i < LONG_READS_MAX; i++)
		assert_true(add(0, 'a', i + 1));
	assert_false(add(0, 'a', 100));
	assert_true(add(1, 'a', 101));
	assert_int_equal(take(), 1);
	assert_true(add(0, 'a', 102));
}

TEST_WITH(a_client_that_is_behind_waits, set_up, tear_down)
{
	static const char much[LONG_READS_UNSENT + 1];

	assert_true(add(0, 'a', 1));
	assert_true(add(1, 'a', 2));
	assert_int_equal(buf_append(&outs[0], much, sizeof(much)), 0);
	assert_int_equal(take(), 2);
	assert_int_equal(take(), 0);
	buf_reset(&outs[0]);
	assert_int_equal(take(), 1);
}

TEST_WITH(a_client_that_is_gone_has_none, set_up, tear_down)
{
	assert_true(add(0, 'a', 1));
	assert_true(add(1, 'a', 2));
	assert_true(add(0, 'b', 3));
	long_reads_forget(&reads, &clients[0]);
	assert_int_equal(clients[0].long_reads, 0);
	expect_order((const uint64_t[]){2}, 1);
}

TEST_MAIN(NULL, NULL)
