/*
 * Penalties: each answer with a controlled clock, forgiven attempts, and clients that are remembered.
 */
#include "proto/ipc/penalties.h"
#include "tests/unit/unit.h"

#define MS UINT64_C(1000000)
#define T0 (5000 * MS) /* a monotonic time, early enough for a machine that has just booted */

/* The third failure blocks for 10 s, then 20, 40, 80 and 100 s. */
static const struct penalty_rule rule = {"rule", 3, 10000, 100000};

static struct ratelimit table;

FIXTURE(set_up)
{
	memset(&table, 0, sizeof(table));
	ratelimit_init(&table);
}

#define PENALTY_TEST(name) TEST_WITH(name, set_up, NULL)

static struct penalty_answer
take(const char *client, uint64_t ms)
{
	return penalty_take(&table, &rule, slice_str(client), T0 + ms * MS);
}

static void
forgive(const char *client, const struct penalty_answer *taken, uint64_t ms)
{
	penalty_forgive(&table, &rule, slice_str(client), taken, T0 + ms * MS);
}

/* An attempt that succeeds. Returns the failures before it. */
static uint32_t
succeed(const char *client, uint64_t ms)
{
	struct penalty_answer taken = take(client, ms);

	assert_true(taken.allowed);
	forgive(client, &taken, ms);
	return taken.failures;
}

PENALTY_TEST(penalties_double_up_to_the_longest_and_failures_are_forgotten_one_by_one)
{
	static const struct {
		uint64_t at; /* ms after T0 */
		bool allowed;
		uint32_t failures, retry_after_ms, reset_ms;
	} steps[] = {
	    {0, true, 0, 0, 100000},
	    {0, true, 1, 0, 200000},
	    {1000, true, 2, 0, 300000},
	    {1000, false, 3, 10000, 300000},
	    {10998, false, 3, 2, 290002},
	    {11000, true, 3, 0, 400000},
	    {11000, false, 4, 20000, 400000},
	    {31000, true, 4, 0, 500000},
	    {70998, false, 5, 2, 460002},
	    {71000, true, 5, 0, 600000}, /* 80 s */
	    {151000, true, 6, 0, 700000},
	    {151000, false, 7, 100000, 700000},
	    {251000, true, 6, 0, 700000}, /* one was forgotten meanwhile */
	    {251000, false, 7, 100000, 700000},
	    {651000, true, 3, 0, 400000},
	    {651000, false, 4, 20000, 400000},
	    {1050999, true, 1, 0, 200000},
	    {1251000, true, 0, 0, 100000},
	};

	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		struct penalty_answer a = take("a", steps[i].at);

		if (a.allowed != steps[i].allowed || a.failures != steps[i].failures ||
		    a.retry_after_ms != steps[i].retry_after_ms ||
		    a.reset_ms != steps[i].reset_ms)
			fail_msg("step %zu: allowed %d, failures %u, retry %u, reset %u", i,
			    a.allowed, a.failures, a.retry_after_ms, a.reset_ms);
	}
}

PENALTY_TEST(a_forgiven_attempt_does_not_count)
{
	struct penalty_answer last = {0};

	for (int i = 0; i < 10; i++)
		assert_int_equal(succeed("a", 0), 0);
	for (uint32_t i = 0; i < 3; i++) {
		last = take("a", 0);
		assert_int_equal(last.failures, i);
	}
	assert_false(take("a", 0).allowed);
	forgive("a", &last, 0);
	assert_true(take("a", 0).allowed);
	/* All are forgotten already. */
	forgive("a", &last, 1000000);
	assert_int_equal(take("a", 1000000).failures, 0);
}

PENALTY_TEST(attempts_at_the_same_time_are_forgiven_in_any_order)
{
	struct penalty_answer first = take("a", 0), second = take("a", 0);

	assert_int_equal(take("a", 0).failures, 2);
	forgive("a", &first, 0);
	forgive("a", &second, 0);
	assert_int_equal(take("a", 0).failures, 1);
}

/* Many people behind one address sign in all the time. */
PENALTY_TEST(successes_prolong_no_block_and_delay_no_forgetting)
{
	for (int i = 0; i < 3; i++)
		assert_true(take("a", 0).allowed);
	for (uint64_t ms = 10000; ms < 100000; ms += 5000)
		assert_int_equal(succeed("a", ms), 3);
	assert_int_equal(succeed("a", 100001), 3 - 1);
	assert_int_equal(succeed("a", 200001), 1);
	assert_int_equal(succeed("a", 300001), 0);
}

PENALTY_TEST(clients_rules_and_limits_do_not_share)
{
	struct penalty_rule other = rule, reloaded = rule;
	const struct ratelimit_rule same = {"rule", 1, 1000};

	other.name = "other";
	reloaded.max_ms = 50000;
	for (int i = 0; i < 3; i++)
		assert_true(take("a", 0).allowed);
	assert_false(take("a", 0).allowed);
	assert_true(take("b", 0).allowed);
	assert_true(penalty_take(&table, &other, slice_str("a"), T0).allowed);
	assert_true(penalty_take(&table, &reloaded, slice_str("a"), T0).allowed);
	assert_true(ratelimit_take(&table, &same, slice_str("a"), T0).allowed);
}

/* Of one process with an earlier clock, and of a cell that was another client's. */
PENALTY_TEST(a_later_or_foreign_time_blocks_no_longer_than_a_penalty)
{
	for (int i = 0; i < 3; i++)
		assert_true(take("a", 1).allowed);
	assert_int_equal(take("a", 0).retry_after_ms, 10000);
	for (size_t i = 0; i < RATELIMIT_GROUPS * RATELIMIT_WAYS; i++)
		atomic_store(
		    &table.cells[i / RATELIMIT_WAYS][i % RATELIMIT_WAYS].tat, T0 + 255);
	assert_true(take("a", 0).allowed);
}

PENALTY_TEST(a_remembered_client_is_known_for_its_time_and_strangers_claim_no_cell)
{
	const struct slice a = slice_str("a"), b = slice_str("b");
	static struct ratelimit before;

	ratelimit_remember(&table, "known", a, T0 + 1000 * MS, T0);
	memcpy(&before, &table, sizeof(table));
	assert_true(ratelimit_remembers(&table, "known", a, T0 + 1000 * MS - 1));
	assert_false(ratelimit_remembers(&table, "known", a, T0 + 1000 * MS));
	assert_false(ratelimit_remembers(&table, "known", b, T0));
	assert_false(ratelimit_remembers(&table, "other", a, T0));
	assert_memory_equal(&before, &table, sizeof(table));
}

TEST_MAIN(NULL, NULL)
