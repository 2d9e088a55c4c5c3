/*
 * Rate limits: exact answers with a controlled clock, comparison with a token bucket, many
 * processes at once, and groups without a free cell. Also tests the scoreboard that contains
 * the cells: created by one process, mapped by others.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "proto/base/clock.h"
#include "proto/ipc/ratelimit.h"
#include "proto/ipc/scoreboard.h"
#include "tests/unit/unit.h"

#define MS UINT64_C(1000000)
#define T0 (5000 * MS) /* a monotonic time, early enough for a machine that has just booted */

static struct ratelimit table;

static void
fresh_table(void)
{
	memset(&table, 0, sizeof(table));
	ratelimit_init(&table);
}

static struct ratelimit_answer
take(const struct ratelimit_rule *rule, const char *client, uint64_t now)
{
	return ratelimit_take(&table, rule, slice_str(client), now);
}

struct step {
	uint64_t at; /* ns after T0 */
	bool allowed;
	uint32_t remaining, retry_after_ms, reset_ms;
};

static void
run_steps(const struct ratelimit_rule *rule, const struct step *steps, size_t n)
{
	fresh_table();
	for (size_t i = 0; i < n; i++) {
		struct ratelimit_answer a = take(rule, "192.0.2.1", T0 + steps[i].at);

		if (a.allowed != steps[i].allowed || a.remaining != steps[i].remaining ||
		    a.retry_after_ms != steps[i].retry_after_ms ||
		    a.reset_ms != steps[i].reset_ms)
			fail_msg("%s, step %zu: allowed %d, remaining %u, retry %u, reset %u",
			    rule->name, i, a.allowed, a.remaining, a.retry_after_ms,
			    a.reset_ms);
	}
}

TEST(each_answer_is_exact_to_the_nanosecond)
{
	static const struct ratelimit_rule three = {"three", 3, 3000}, one = {"one", 1, 500};
	static const struct step steps_of_three[] = {
	    {0, true, 2, 0, 1000},
	    {0, true, 1, 0, 2000},
	    {0, true, 0, 0, 3000},
	    {0, false, 0, 1000, 3000},
	    {1 * MS, false, 0, 999, 2999},
	    {1000 * MS - 1, false, 0, 1, 2001}, /* 1 ns too early */
	    {1000 * MS, true, 0, 0, 3000},
	    {1000 * MS, false, 0, 1000, 3000},
	    {2500 * MS, true, 0, 0, 2500},
	    {2500 * MS, false, 0, 500, 2500},
	    {5000 * MS - 1, true, 1, 0, 1001}, /* 1 ns before the full allowance */
	    {10000 * MS, true, 2, 0, 1000},
	};
	static const struct step steps_of_one[] = {
	    {0, true, 0, 0, 500},
	    {0, false, 0, 500, 500},
	    {499 * MS, false, 0, 1, 1},
	    {500 * MS - 1, false, 0, 1, 1},
	    {500 * MS, true, 0, 0, 500},
	    {1000 * MS, true, 0, 0, 500},
	};

	run_steps(&three, steps_of_three, ARRAY_LEN(steps_of_three));
	run_steps(&one, steps_of_one, ARRAY_LEN(steps_of_one));
}

/* More requests than the window has nanoseconds: each costs one. */
TEST(a_rule_finer_than_the_clock_still_counts)
{
	static const struct ratelimit_rule rule = {"finest", 3000000, 1};
	struct ratelimit_answer a;

	fresh_table();
	assert_int_equal(take(&rule, "a", T0).remaining, 2999999);
	a = take(&rule, "a", T0);
	assert_true(a.allowed);
	assert_int_equal(a.remaining, 2999998);
	assert_int_equal(a.reset_ms, 1);
}

/* A token bucket in nanoseconds, the other formulation of GCRA. Waiting exactly as long as an
 * answer says must be enough, and a millisecond less must not. If the maximum does not divide the window,
 * no additional request may pass. */
TEST(answers_equal_a_token_bucket)
{
	static const struct ratelimit_rule rules[] = {{"a", 5, 1000}, {"b", 30, 60000},
	    {"c", 3, 7}, {"seven", 7, 100}, {"fine", 3000, 1}, {"long", 7, 86400000}};
	uint32_t random = 2463534242;

	for (size_t k = 0; k < ARRAY_LEN(rules); k++) {
		const struct ratelimit_rule *r = &rules[k];
		uint64_t cost = r->window_ms * MS / r->max, full = cost * r->max;
		uint64_t level = full, now = T0;

		fresh_table();
		for (int i = 0; i < 20000; i++) {
			struct ratelimit_answer a;
			uint64_t gap;

			random = random * 1664525 + 1013904223;
			gap = (random >> 8) % 3 == 0 ? 0 : (random >> 4) % (2 * cost);
			now += gap;
			level = level + gap > full ? full : level + gap;
			a = take(r, "2001:db8::/64", now);
			assert_int_equal(a.allowed, level >= cost);
			if (!a.allowed) {
				uint64_t wait = a.retry_after_ms * MS;

				assert_true(level + wait >= cost);
				assert_true(level + wait - MS < cost);
			} else {
				level -= cost;
				assert_int_equal(a.retry_after_ms, 0);
			}
			assert_int_equal(a.remaining, level / cost);
			assert_int_equal(a.reset_ms, (full - level + MS - 1) / MS);
		}
	}
}

TEST(clients_and_rules_do_not_share)
{
	static const struct ratelimit_rule chat = {"chat", 1, 1000}, login = {"login", 1, 1000};
	static const struct ratelimit_rule cha = {"cha", 1, 1000};

	fresh_table();
	assert_true(take(&chat, "a", T0).allowed);
	assert_false(take(&chat, "a", T0).allowed);
	assert_true(take(&chat, "b", T0).allowed);
	assert_true(take(&login, "a", T0).allowed);
	/* "cha" and "t" must differ from "chat" and "". */
	assert_true(take(&chat, "", T0).allowed);
	assert_true(take(&cha, "t", T0).allowed);
}

TEST(two_tables_place_a_client_differently)
{
	static const struct ratelimit_rule rule = {"chat", 1, 1000};
	uint8_t first[32];

	fresh_table();
	memcpy(first, table.secret, sizeof(first));
	assert_true(take(&rule, "a", T0).allowed);
	ratelimit_init(&table);
	assert_memory_not_equal(first, table.secret, sizeof(first));
	assert_true(take(&rule, "a", T0).allowed);
}

/* The same name with fewer requests or a shorter window, as after a reload: no client waits longer
 * than the new rule's window. */
TEST(a_stricter_rule_caps_earlier_counts)
{
	static const struct ratelimit_rule before = {"chat", 10, 3600000},
					   after = {"chat", 2, 1000};
	struct ratelimit_answer a;

	fresh_table();
	for (int i = 0; i < 10; i++)
		assert_true(take(&before, "a", T0).allowed);
	a = take(&after, "a", T0);
	assert_false(a.allowed);
	assert_int_equal(a.retry_after_ms, 500);
	assert_int_equal(a.reset_ms, 1000);
}

/* Finds the group and the key of client "a" from the cell that it changed. */
static struct ratelimit_cell *
group_of_a(const struct ratelimit_rule *rule, uint64_t *key)
{
	fresh_table();
	assert_true(take(rule, "a", T0).allowed);
	for (size_t i = 0; i < RATELIMIT_GROUPS * RATELIMIT_WAYS; i++) {
		struct ratelimit_cell *group = table.cells[i / RATELIMIT_WAYS];

		*key = group[i % RATELIMIT_WAYS].key;
		if (*key != 0)
			return group;
	}
	fail_msg("no cell was changed");
	return NULL;
}

TEST(a_full_group_reuses_the_cell_that_is_free_soonest)
{
	static const struct ratelimit_rule rule = {"chat", 4, 1000};
	/* Still in use, free exactly now, free for long: the client gets a full allowance in each
	 * case. */
	static const uint64_t free_at[] = {
	    T0 + 800 * MS, T0 + 1, T0, T0 - 1, T0 - 3000 * MS, 0};
	uint64_t key = 0;
	struct ratelimit_cell *group = group_of_a(&rule, &key);

	for (size_t n = 0; n < RATELIMIT_WAYS * ARRAY_LEN(free_at); n++) {
		size_t soonest = n / ARRAY_LEN(free_at);

		/* Full of other clients. */
		for (size_t i = 0; i < RATELIMIT_WAYS; i++) {
			group[i].key = key + 1 + i;
			group[i].tat = T0 + 900 * MS + i * MS;
		}
		group[soonest].tat = free_at[n % ARRAY_LEN(free_at)];
		for (uint32_t taken = 1; taken <= 4; taken++) {
			struct ratelimit_answer a = take(&rule, "a", T0);

			assert_true(a.allowed);
			assert_int_equal(a.remaining, 4 - taken);
			assert_int_equal(a.reset_ms, 250 * taken);
		}
		assert_false(take(&rule, "a", T0).allowed);
		for (size_t i = 0; i < RATELIMIT_WAYS; i++) {
			assert_true(group[i].key == (i == soonest ? key : key + 1 + i));
			assert_true(i == soonest || group[i].tat == T0 + 900 * MS + i * MS);
		}
	}
}

TEST(a_client_finds_its_cell_at_every_index)
{
	static const struct ratelimit_rule rule = {"chat", 2, 1000};
	uint64_t key = 0;
	struct ratelimit_cell *group = group_of_a(&rule, &key);

	for (size_t which = 0; which < RATELIMIT_WAYS; which++) {
		/* All other cells are free, and none of them may be used. */
		memset(group, 0, sizeof(table.cells[0]));
		group[which].key = key;
		group[which].tat = T0 + 1000 * MS;
		assert_false(take(&rule, "a", T0).allowed);
		for (size_t i = 0; i < RATELIMIT_WAYS; i++)
			assert_true(group[i].key == (i == which ? key : 0));
	}
}

#define WORKERS  4
#define REQUESTS 40000

static const struct ratelimit_rule shared = {"shared", 80000, 60000};

/* A worker's life: map, count, write its own slot. */
static int
run_worker(int fd, size_t slot)
{
	struct scoreboard *sb = scoreboard_map(fd);

	if (sb == NULL)
		return 1;
	/* A barrier, so that they really run at the same time. */
	atomic_fetch_add(&sb->workers[WORKERS].connections, 1);
	while (atomic_load(&sb->workers[WORKERS].connections) < WORKERS)
		;
	for (int i = 0; i < REQUESTS; i++)
		if (ratelimit_take(&sb->rates, &shared, slice_str("192.0.2.1"), T0).allowed)
			atomic_fetch_add(&sb->workers[slot].model_requests, 1);
	scoreboard_unmap(sb);
	return 0;
}

TEST(processes_together_get_exactly_the_maximum)
{
	int fd = -1;
	struct scoreboard *sb = scoreboard_create(&fd);
	pid_t pids[WORKERS];
	uint64_t passed = 0;

	for (size_t i = 0; i < WORKERS; i++) {
		pids[i] = fork();
		assert_true(pids[i] != -1);
		if (pids[i] == 0) {
			alarm(300);
			_exit(run_worker(fd, i));
		}
	}
	for (size_t i = 0; i < WORKERS; i++) {
		int status;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
		passed += atomic_load(&sb->workers[i].model_requests);
	}
	assert_int_equal(passed, shared.max);
	scoreboard_unmap(sb);
	closefd(&fd);
}

TEST(a_scoreboard_is_shared_sealed_and_closed_on_exec)
{
	int fd = -1;
	struct scoreboard *one = scoreboard_create(&fd), *two = scoreboard_map(fd);

	assert_non_null(two);
	assert_ptr_not_equal(one, two);
	atomic_store(&one->workers[3].model_requests, 7);
	assert_int_equal(atomic_load(&two->workers[3].model_requests), 7);
	assert_memory_equal(one->rates.secret, two->rates.secret, sizeof(one->rates.secret));
	assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
	assert_int_equal(ftruncate(fd, 4096), -1);
	assert_int_equal(errno, EPERM);
	scoreboard_unmap(one);
	scoreboard_unmap(two);
	scoreboard_unmap(NULL);
	closefd(&fd);
}

static void
expect_not_mapped(int *fd, int error)
{
	assert_null(scoreboard_map(*fd));
	assert_int_equal(errno, error);
	closefd(fd);
}

static int
memory_of(off_t size)
{
	int fd = memfd_create("other", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_true(fd != -1);
	assert_int_equal(ftruncate(fd, size), 0);
	return fd;
}

TEST(an_invalid_scoreboard_is_not_mapped)
{
	int fd = -1, other_layout, unsealed = memory_of(sizeof(struct scoreboard)),
	    other_size = memory_of(4096);
	struct scoreboard *sb = scoreboard_create(&other_layout);

	expect_not_mapped(&fd, EBADF);
	expect_not_mapped(&unsealed, EINVAL);
	assert_int_equal(pwrite(other_size, sb, 2 * sizeof(uint64_t), 0), 2 * sizeof(uint64_t));
	assert_int_equal(
	    fcntl(other_size, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL), 0);
	expect_not_mapped(&other_size, EINVAL);
	sb->magic++;
	expect_not_mapped(&other_layout, EINVAL);
	scoreboard_unmap(sb);
}

TEST_MAIN(NULL, NULL)
