/*
 * Connections per address: counts of one worker and of all, a full group, and a dead worker.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "proto/ipc/connection_counts.h"
#include "tests/unit/unit.h"

#define WORKERS 4

static const uint8_t secret[32] = {1, 2, 3};
static struct connection_counts *tables;

FIXTURE(set_up)
{
	tables = mmap(NULL, WORKERS * sizeof(*tables), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(tables != MAP_FAILED);
}

static int
tear_down([[gnu::unused]] void **state)
{
	return munmap(tables, WORKERS * sizeof(*tables));
}

static uint64_t
key_of(uint32_t address)
{
	return connection_counts_key(
	    secret, (struct slice){(const uint8_t *)&address, sizeof(address)});
}

static void
expect_sum(uint64_t key, unsigned sum)
{
	assert_int_equal(connection_counts_sum(tables, WORKERS, key), sum);
}

FIXTURE_TEST(the_count_is_the_sum_over_all_workers)
{
	uint64_t a = key_of(1), b = key_of(2);

	expect_sum(a, 0);
	for (size_t w = 0; w < WORKERS; w++)
		for (size_t i = 0; i <= w; i++)
			assert_true(connection_counts_add(&tables[w], a));
	assert_true(connection_counts_add(&tables[0], b));
	expect_sum(a, 10);
	assert_int_equal(connection_counts_sum(tables, 2, a), 3);
	expect_sum(b, 1);
	connection_counts_remove(&tables[3], a);
	connection_counts_remove(&tables[0], a);
	connection_counts_remove(&tables[0], b);
	expect_sum(a, 8);
	expect_sum(b, 0);
}

FIXTURE_TEST(a_key_depends_on_the_secret_and_the_address)
{
	static const uint8_t other[32] = {9};
	const struct slice v4 = {(const uint8_t *)"\x0a\0\0\x01", 4};
	const struct slice v6 = {(const uint8_t *)"\x0a\0\0\x01\0\0\0\0", 8};

	assert_true(connection_counts_key(secret, v4) == connection_counts_key(secret, v4));
	assert_true(connection_counts_key(secret, v4) != connection_counts_key(other, v4));
	assert_true(connection_counts_key(secret, v4) != connection_counts_key(secret, v6));
}

/* Constructs keys of one group, which clients cannot. */
FIXTURE_TEST(the_ninth_of_a_group_is_not_counted_until_there_is_room)
{
	enum { ways = CONNECTION_COUNTS_WAYS };
	uint64_t keys[ways + 1];

	for (size_t i = 0; i <= ways; i++)
		keys[i] = (uint64_t)(i + 1) << 32 | 5;
	for (size_t i = 0; i < ways; i++)
		assert_true(connection_counts_add(&tables[0], keys[i]));
	assert_false(connection_counts_add(&tables[0], keys[ways]));
	expect_sum(keys[ways], 0);
	/* Another connection of a known address uses the existing cell. */
	assert_true(connection_counts_add(&tables[0], keys[3]));
	expect_sum(keys[3], 2);
	connection_counts_remove(&tables[0], keys[3]);
	connection_counts_remove(&tables[0], keys[3]);
	assert_true(connection_counts_add(&tables[0], keys[ways]));
	expect_sum(keys[ways], 1);
	expect_sum(keys[3], 0);
}

FIXTURE_TEST(ten_thousand_addresses_are_nearly_all_counted)
{
	size_t counted = 0;

	for (uint32_t i = 0; i < 10000; i++)
		counted += connection_counts_add(&tables[1], key_of(i));
	assert_true(counted > 9900);
	for (uint32_t i = 0; i < 10000; i++)
		assert_true(connection_counts_sum(tables, WORKERS, key_of(i)) <= 1);
}

FIXTURE_TEST(clearing_a_dead_workers_table_removes_its_connections)
{
	uint64_t a = key_of(7);
	int status;
	pid_t pid;

	assert_true(connection_counts_add(&tables[0], a));
	pid = fork();
	assert_true(pid != -1);
	if (pid == 0) {
		for (int i = 0; i < 50; i++)
			if (!connection_counts_add(&tables[2], a))
				_exit(1);
		(void)raise(SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	expect_sum(a, 51);
	connection_counts_clear(&tables[2]);
	expect_sum(a, 1);
}

TEST_MAIN(NULL, NULL)
