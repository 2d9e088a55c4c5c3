/*
 * Stores opened read-only: which are accepted, and that nothing changes. And subprocesses that read
 * damaged stores.
 */
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "tests/unit/storaged/store_fixture.h"

#include "storaged/cli/base/subprocess.h"
#include "storaged/cli/store/snapshot.h"
#include "storaged/engine/page_tree.h"
#include "storaged/server/listen.h"

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
expect_status(const char *path, int expected)
{
	struct snapshot s;
	int status = snapshot_open(&s, path);

	snapshot_close(&s);
	assert_int_equal(status, expected);
}

static void
set_schema(struct fixture *f, const char *version)
{
	assert_int_equal(env_open(&f->env, f->dir, STORE_BYTES, organization_make_default), 0);
	put_entry(f, TABLE_META, key_meta(META_VERSION), version);
	env_close(&f->env);
}

/* Every record is read, by the check of the store. */
static void
expect_two_messages(const char *path)
{
	struct snapshot s;
	struct txn t;
	size_t n;

	assert_int_equal(snapshot_open(&s, path), 0);
	expect_whole(&s.env);
	assert_int_equal(txn_begin(&t, &s.env, TXN_READ), 0);
	assert_int_equal(txn_count(&t, TABLE_MESSAGES, &n), 0);
	assert_int_equal(n, 2);
	txn_abort(&t);
	snapshot_close(&s);
}

#define SNAPSHOT_TEST(name) STORE_TEST_WITH(name, closed_store, remove_closed_store)

SNAPSHOT_TEST(a_directory_and_a_file_are_read)
{
	expect_two_messages(f->dir);
	assert_int_equal(rename(path_in(f->dir, "data.mdb"), path_in(f->dir, "s")), 0);
	expect_two_messages(path_in(f->dir, "s"));
}

#define STORE_USER 65534u

/* In a child process. */
static int
uid_while_reading(void *arg)
{
	struct snapshot s;

	return snapshot_open(&s, arg) == 0 && getuid() == STORE_USER &&
	    getgid() == STORE_USER && setuid(0) == -1;
}

/* So that storaged can kill a process that hangs. */
SNAPSHOT_TEST(root_reads_with_the_rights_of_the_stores_user)
{
	static const char *const names[] = {".", "data.mdb", "lock.mdb"};
	char private[] = "/tmp/banter-private-XXXXXX", inside[64];

	if (geteuid() != 0)
		SKIP("only root can become another user");
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_int_equal(chown(path_in(f->dir, names[i]), STORE_USER, STORE_USER), 0);
	assert_int_equal(subprocess_run(f->dir, uid_while_reading, NULL, f->dir), 1);
	assert_int_equal(geteuid(), 0);
	/* Also behind a directory that only root may enter. */
	snprintf(inside, sizeof(inside), "%s/store", mkdtemp(private));
	assert_int_equal(rename(f->dir, inside), 0);
	assert_int_equal(subprocess_run(inside, uid_while_reading, NULL, inside), 1);
	assert_int_equal(rename(inside, f->dir), 0);
	assert_int_equal(rmdir(private), 0);
}

/* Without the lock file, a store in use looks damaged. */
SNAPSHOT_TEST(the_file_of_a_data_directory_in_use_is_refused)
{
	int lock;

	assert_int_equal(symlink("data.mdb", path_in(f->dir, "link")), 0);
	expect_status(path_in(f->dir, "data.mdb"), 0);
	assert_int_equal(listen_try_lock(f->dir, &lock), 0);
	expect_status(path_in(f->dir, "data.mdb"), EX_USAGE);
	expect_status(path_in(f->dir, "link"), EX_USAGE);
	expect_status(f->dir, 0);
	closefd(&lock);
	assert_int_equal(unlink(path_in(f->dir, "link")), 0);
}

/* As root, LMDB would create a lock file that storaged cannot open. Without it, a starting
 * storaged would not see us, so each of both locks the other out. */
SNAPSHOT_TEST(no_lock_file_is_created)
{
	struct snapshot s;
	int lock;

	assert_int_equal(unlink(path_in(f->dir, "lock.mdb")), 0);
	expect_two_messages(f->dir);
	assert_int_equal(access(path_in(f->dir, "lock.mdb"), F_OK), -1);
	assert_int_equal(listen_try_lock(f->dir, &lock), 0);
	expect_status(f->dir, EX_TEMPFAIL);
	closefd(&lock);
	assert_int_equal(snapshot_open(&s, f->dir), 0);
	assert_int_equal(listen_lock(f->dir, &lock), EX_TEMPFAIL);
	snapshot_close(&s);
	assert_int_equal(listen_lock(f->dir, &lock), 0);
	closefd(&lock);
}

SNAPSHOT_TEST(a_directory_that_is_being_restored_is_refused)
{
	int dir = open(f->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_int_equal(flock(dir, LOCK_EX | LOCK_NB), 0);
	expect_status(f->dir, EX_TEMPFAIL);
	closefd(&dir);
	expect_status(f->dir, 0);
}

SNAPSHOT_TEST(without_a_store_nothing_is_created)
{
	expect_status(path_in(f->dir, "none"), EX_NOINPUT);
	expect_status("/dev/null", EX_NOINPUT);
	assert_int_equal(unlink(path_in(f->dir, "data.mdb")), 0);
	expect_status(f->dir, EX_NOINPUT);
	assert_int_equal(access(path_in(f->dir, "data.mdb"), F_OK), -1);
}

SNAPSHOT_TEST(files_that_are_not_stores_are_refused)
{
	static const char zeros[8192];
	int fd = open(path_in(f->dir, "data.mdb"), O_WRONLY | O_TRUNC | O_CLOEXEC);

	expect_status(f->dir, EX_DATAERR);
	assert_int_equal(write(fd, zeros, 100), 100);
	expect_status(f->dir, EX_DATAERR);
	assert_int_equal(write(fd, zeros, sizeof(zeros)), sizeof(zeros));
	expect_status(f->dir, EX_DATAERR);
	closefd(&fd);
}

static void
damage_main_tree(struct fixture *f)
{
	static const uint8_t zeros[PAGE_SIZE];
	struct page_tree tree;
	struct snapshot s;
	MDB_envinfo info;

	assert_int_equal(snapshot_open(&s, f->dir), 0);
	assert_int_equal(mdb_env_info(s.env.mdb, &info), 0);
	assert_int_equal(page_tree_open(&tree, s.env.mdb, info.me_last_txnid, NULL, NULL), 0);
	overwrite_file(f, tree.main.page * PAGE_SIZE, zeros, sizeof(zeros));
	page_tree_close(&tree);
	snapshot_close(&s);
}

/* The last commit stored the answer. */
SNAPSHOT_TEST(without_the_main_tree_only_the_state_before_the_last_commit_is_read_on_request)
{
	struct snapshot s;
	struct txn t;
	size_t n;

	damage_main_tree(f);
	expect_status(f->dir, EX_DATAERR);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(snapshot_open_damaged(&s, f->dir), 0);
		assert_true(s.went_back);
		assert_int_equal(txn_begin(&t, &s.env, TXN_READ), 0);
		assert_int_equal(txn_count(&t, TABLE_MESSAGES, &n), 0);
		assert_int_equal(n, 1);
		txn_abort(&t);
		snapshot_close(&s);
	}
}

SNAPSHOT_TEST(without_the_schema_version_the_rest_is_read_on_request)
{
	const struct key key = key_meta(META_VERSION);
	struct snapshot s;
	struct txn t;
	size_t n;

	assert_int_equal(env_open(&f->env, f->dir, STORE_BYTES, organization_make_default), 0);
	damage_page(f, TABLE_META, &key);
	env_close(&f->env);
	expect_status(f->dir, EX_DATAERR);
	assert_int_equal(snapshot_open_damaged(&s, f->dir), 0);
	assert_false(s.went_back);
	assert_int_equal(txn_begin(&t, &s.env, TXN_READ), 0);
	assert_int_equal(txn_count(&t, TABLE_MESSAGES, &n), 0);
	assert_int_equal(n, 2);
	txn_abort(&t);
	snapshot_close(&s);
}

SNAPSHOT_TEST(an_older_schema_is_opened_only_on_request)
{
	struct snapshot s;
	uint64_t schema;

	set_schema(f, "0");
	expect_status(f->dir, EX_CONFIG);
	assert_int_equal(snapshot_open_older(&s, f->dir, &schema), 0);
	assert_int_equal(schema, 0);
	snapshot_close(&s);
}

/* storaged cannot migrate it if a page is damaged: then an export must save the rest. */
SNAPSHOT_TEST(a_newer_schema_is_not_reported_as_damage)
{
	struct snapshot s;
	uint64_t schema;

	set_schema(f, "999");
	expect_status(f->dir, EX_CONFIG);
	assert_int_equal(snapshot_open_older(&s, f->dir, &schema), EX_CONFIG);
	snapshot_close(&s);
}

SNAPSHOT_TEST(an_invalid_version_is_damage)
{
	set_schema(f, "one");
	expect_status(f->dir, EX_DATAERR);
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
	static const struct {
		int (*work)(void *arg);
		int arg, status;
	} cases[] = {
	    {work_that_ends, 0, 0},
	    {work_that_ends, 74, 74},
	    {work_that_dies, SIGBUS, EX_DATAERR},
	    {work_that_dies, SIGABRT, EX_DATAERR},
	    {work_that_dies, SIGKILL, EX_TEMPFAIL},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int arg = cases[i].arg;

		assert_int_equal(
		    subprocess_run("x", cases[i].work, NULL, &arg), cases[i].status);
	}
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
