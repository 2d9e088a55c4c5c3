/*
 * Which faults of a lookup are a damaged store, and which end the process.
 */
#include "storaged/engine/safe_read.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/unit.h"

#define MAP_BYTES ((size_t)1 << 20)

static char dir[] = "/tmp/test_safe_read.XXXXXX";
static MDB_env *mdb;
static MDB_txn *txn;
static MDB_dbi dbi;
static char key_text[] = "key", value_text[] = "value";

static void
begin(unsigned flags)
{
	assert_int_equal(mdb_txn_begin(mdb, NULL, flags, &txn), 0);
	assert_int_equal(mdb_dbi_open(txn, NULL, 0, &dbi), 0);
}

FIXTURE(set_up)
{
	MDB_val k = {sizeof(key_text), key_text}, v = {sizeof(value_text), value_text};

	snprintf(dir, sizeof(dir), "/tmp/test_safe_read.XXXXXX");
	assert_non_null(mkdtemp(dir));
	assert_int_equal(mdb_env_create(&mdb), 0);
	assert_int_equal(safe_read_init(mdb), 0);
	assert_int_equal(mdb_env_set_mapsize(mdb, MAP_BYTES), 0);
	assert_int_equal(mdb_env_open(mdb, dir, MDB_NOTLS, 0600), 0);
	safe_read_mapped(mdb);
	begin(0);
	assert_int_equal(mdb_put(txn, dbi, &k, &v, 0), 0);
	assert_int_equal(mdb_txn_commit(txn), 0);
	begin(MDB_RDONLY);
}

FIXTURE(tear_down)
{
	char command[64];

	mdb_txn_abort(txn);
	safe_read_unmapped(mdb);
	mdb_env_close(mdb);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(system(command), 0);
}

static int
look_up(void)
{
	MDB_val k = {sizeof(key_text), key_text}, v;

	return safe_read_get(txn, dbi, &k, &v);
}

/* Runs a lookup in a child. Returns the status of waitpid(2). */
static int
in_child(void (*prepare)(void))
{
	const struct rlimit no_core = {0, 0};
	pid_t pid = fork();
	int status;

	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		setrlimit(RLIMIT_CORE, &no_core);
		/* cmocka has handlers of its own. */
		assert_int_equal(safe_read_init(mdb), 0);
		prepare();
		_exit(look_up() == MDB_CORRUPTED ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void
assert_damaged(int status)
{
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void
assert_dies(int status, int signal_number)
{
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), signal_number);
}

FIXTURE_TEST(a_lookup_finds_what_is_stored)
{
	assert_int_equal(look_up(), 0);
}

static void
lock_page(void)
{
	MDB_val k = {sizeof(key_text), key_text}, v;
	uintptr_t page;

	assert_int_equal(mdb_get(txn, dbi, &k, &v), 0);
	page = (uintptr_t)v.mv_data & ~(uintptr_t)4095;
	assert_int_equal(mprotect((void *)page, 4096, PROT_NONE), 0);
}

FIXTURE_TEST(a_page_of_the_map_that_cannot_be_read_is_damaged)
{
	assert_damaged(in_child(lock_page));
}

static void
truncate_file(void)
{
	mdb_filehandle_t fd;

	assert_int_equal(mdb_env_get_fd(mdb, &fd), 0);
	assert_int_equal(ftruncate(fd, 0), 0);
}

FIXTURE_TEST(a_file_that_has_lost_its_end_is_damaged)
{
	assert_damaged(in_child(truncate_file));
}

/* Called by LMDB within the lookup. */
static int
compare_by_wild_pointer(const MDB_val *a, const MDB_val *b)
{
	static volatile uintptr_t place = 16;
	const volatile int *wild = (const volatile int *)place;

	(void)a;
	(void)b;
	return *wild;
}

static void
compare_wildly(void)
{
	assert_int_equal(mdb_set_compare(txn, dbi, compare_by_wild_pointer), 0);
}

FIXTURE_TEST(a_fault_outside_of_the_map_ends_the_process)
{
	assert_dies(in_child(compare_wildly), SIGSEGV);
}

static int
compare_with_signal(const MDB_val *a, const MDB_val *b)
{
	(void)a;
	(void)b;
	(void)kill(getpid(), SIGBUS);
	return 0;
}

static void
compare_and_signal(void)
{
	assert_int_equal(mdb_set_compare(txn, dbi, compare_with_signal), 0);
}

FIXTURE_TEST(a_signal_of_another_process_ends_the_process)
{
	assert_dies(in_child(compare_and_signal), SIGBUS);
}

TEST_MAIN(NULL, NULL)
