/*
 * Stores opened read-only: which are accepted, and that nothing changes. And subprocesses that read
 * damaged stores.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "tests/unit/storaged/store_fixture.h"

#include "storaged/cli/base/subprocess.h"
#include "storaged/cli/store/snapshot.h"
#include "storaged/server/listen.h"
#include "tests/unit/unit.h"

/* The store of the fixture, without its storaged. */
static int
closed_store(void **state)
{
	struct fixture *f;

	fixture_setup(state);
	f = *state;
	chat(f, "s1", "question", "answer");
	store_close(f);
	return 0;
}

static int
remove_closed_store(void **state)
{
	struct fixture *f = *state;

	remove_store(f->dir);
	buf_clear(&f->kept);
	free(f);
	return 0;
}

static void
path_of(const struct fixture *f, const char *name, char path[160])
{
	snprintf(path, 160, "%s/%s", f->dir, name);
}

static int
status_of_opening(const char *path)
{
	struct snapshot s;
	int status = snapshot_open(&s, path);

	snapshot_close(&s);
	return status;
}

static void
set_schema(struct fixture *f, const char *version)
{
	struct key key = key_meta(META_VERSION);
	struct txn t;

	assert_int_equal(env_open(&f->env, f->dir, STORE_BYTES, organization_make_default), 0);
	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	assert_int_equal(txn_put(&t, TABLE_META, &key, slice_str(version)), 0);
	assert_int_equal(txn_commit(&t), 0);
	env_close(&f->env);
}

static void
expect_messages_in(const char *path, size_t expected)
{
	struct snapshot s;
	struct txn t;
	size_t n;

	assert_int_equal(snapshot_open(&s, path), 0);
	assert_int_equal(txn_begin(&t, &s.env, TXN_READ), 0);
	assert_int_equal(txn_count(&t, TABLE_MESSAGES, &n), 0);
	assert_int_equal(n, expected);
	txn_abort(&t);
	snapshot_close(&s);
}

#define SNAPSHOT_TEST(name) TEST_WITH(name, closed_store, remove_closed_store)

SNAPSHOT_TEST(a_directory_and_a_file_are_read)
{
	const struct fixture *f = *state;
	char from[160], path[160];

	path_of(f, "data.mdb", from);
	path_of(f, "s", path);
	expect_messages_in(f->dir, 2);
	assert_int_equal(rename(from, path), 0);
	expect_messages_in(path, 2);
}

/* Without the lock file, a store in use looks damaged. */
SNAPSHOT_TEST(the_file_of_a_data_directory_is_refused)
{
	const struct fixture *f = *state;
	char path[160], link[160];
	int lock;

	path_of(f, "data.mdb", path);
	path_of(f, "link", link);
	assert_int_equal(symlink("data.mdb", link), 0);
	assert_int_equal(status_of_opening(path), 0);
	assert_int_equal(listen_try_lock(f->dir, &lock), 0);
	assert_int_equal(status_of_opening(path), EX_USAGE);
	assert_int_equal(status_of_opening(link), EX_USAGE);
	assert_int_equal(status_of_opening(f->dir), 0);
	closefd(&lock);
	assert_int_equal(unlink(link), 0);
}

/* As root, LMDB would create a lock file that storaged cannot open. */
SNAPSHOT_TEST(no_lock_file_is_created)
{
	const struct fixture *f = *state;
	char path[160];
	int lock;

	path_of(f, "lock.mdb", path);
	assert_int_equal(unlink(path), 0);
	expect_messages_in(f->dir, 2);
	assert_int_equal(access(path, F_OK), -1);

	/* A starting storaged would not see us. */
	assert_int_equal(listen_try_lock(f->dir, &lock), 0);
	assert_int_equal(status_of_opening(f->dir), EX_TEMPFAIL);
	closefd(&lock);
}

SNAPSHOT_TEST(storaged_is_locked_out_without_a_lock_file)
{
	const struct fixture *f = *state;
	struct snapshot s;
	char path[160];
	int lock;

	path_of(f, "lock.mdb", path);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(snapshot_open(&s, f->dir), 0);
	assert_int_equal(listen_lock(f->dir, &lock), EX_TEMPFAIL);
	snapshot_close(&s);
	assert_int_equal(listen_lock(f->dir, &lock), 0);
	closefd(&lock);
}

SNAPSHOT_TEST(a_directory_that_is_being_restored_is_refused)
{
	const struct fixture *f = *state;
	int dir = open(f->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_int_equal(flock(dir, LOCK_EX | LOCK_NB), 0);
	assert_int_equal(status_of_opening(f->dir), EX_TEMPFAIL);
	closefd(&dir);
	assert_int_equal(status_of_opening(f->dir), 0);
}

SNAPSHOT_TEST(without_a_store_nothing_is_created)
{
	struct fixture *f = *state;
	char path[160];

	path_of(f, "none", path);
	assert_int_equal(status_of_opening(path), EX_NOINPUT);
	assert_int_equal(status_of_opening("/dev/null"), EX_NOINPUT);
	path_of(f, "data.mdb", path);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(status_of_opening(f->dir), EX_NOINPUT);
	assert_int_equal(access(path, F_OK), -1);
}

SNAPSHOT_TEST(files_that_are_not_stores_are_refused)
{
	static const char zeros[8192];
	const struct fixture *f = *state;
	char path[160];
	int fd;

	path_of(f, "data.mdb", path);
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	assert_int_equal(status_of_opening(f->dir), EX_DATAERR);
	assert_int_equal(write(fd, zeros, 100), 100);
	assert_int_equal(status_of_opening(f->dir), EX_DATAERR);
	assert_int_equal(write(fd, zeros, sizeof(zeros)), sizeof(zeros));
	assert_int_equal(status_of_opening(f->dir), EX_DATAERR);
	closefd(&fd);
}

SNAPSHOT_TEST(another_schema_version_is_not_reported_as_damage)
{
	struct fixture *f = *state;
	struct snapshot s;
	uint64_t schema;

	set_schema(f, "999");
	assert_int_equal(status_of_opening(f->dir), EX_CONFIG);
	assert_int_equal(snapshot_open_older(&s, f->dir, &schema), EX_CONFIG);
	snapshot_close(&s);
}

SNAPSHOT_TEST(an_older_schema_is_opened_only_on_request)
{
	struct fixture *f = *state;
	struct snapshot s;
	uint64_t schema;

	set_schema(f, "0");
	assert_int_equal(status_of_opening(f->dir), EX_CONFIG);
	assert_int_equal(snapshot_open_older(&s, f->dir, &schema), 0);
	assert_int_equal(schema, 0);
	snapshot_close(&s);
}

SNAPSHOT_TEST(an_invalid_version_is_damage)
{
	struct fixture *f = *state;

	set_schema(f, "one");
	assert_int_equal(status_of_opening(f->dir), EX_DATAERR);
}

static int
work_that_ends(void *arg)
{
	return *(int *)arg;
}

static int
work_that_dies(void *arg)
{
	raise(*(int *)arg);
	return 0;
}

TEST(the_exit_status_of_a_subprocess_is_returned)
{
	int status = 0, sig;

	assert_int_equal(subprocess_run("x", work_that_ends, NULL, &status), 0);
	status = 74;
	assert_int_equal(subprocess_run("x", work_that_ends, NULL, &status), 74);
	sig = SIGBUS;
	assert_int_equal(subprocess_run("x", work_that_dies, NULL, &sig), EX_DATAERR);
	sig = SIGABRT;
	assert_int_equal(subprocess_run("x", work_that_dies, NULL, &sig), EX_DATAERR);
	sig = SIGKILL;
	assert_int_equal(subprocess_run("x", work_that_dies, NULL, &sig), EX_TEMPFAIL);
}

struct shared {
	volatile int ticks, seen;
};

static int
work_until_three(void *arg)
{
	struct shared *s = arg;

	while (s->ticks < 3)
		usleep(1000);
	s->seen = s->ticks;
	return 0;
}

static void
tick(void *arg)
{
	((struct shared *)arg)->ticks++;
}

TEST(tick_is_called_while_a_subprocess_runs)
{
	struct shared *s = subprocess_memory_new(sizeof(*s));

	assert_int_equal(subprocess_run("x", work_until_three, tick, s), 0);
	assert_true(s->seen >= 3);
	subprocess_memory_free(s, sizeof(*s));
}

TEST_MAIN(NULL, NULL)
