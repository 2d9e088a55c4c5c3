/*
 * The environment: which directories are a store, and what is refused.
 */
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sysexits.h>

#include "tests/unit/storaged/store_fixture.h"

static int
status_of_opening(const char *dir)
{
	struct env env;
	int status = env_open(&env, dir, STORE_BYTES, organization_make_default);

	env_close(&env);
	return status;
}

STORE_TEST(a_store_opens_again)
{
	env_close(&f->env);
	assert_int_equal(status_of_opening(f->dir), 0);
	assert_int_equal(env_open(&f->env, f->dir, STORE_BYTES, organization_make_default), 0);
}

/* Replaces the C library's function: the directory that was synced last. */
static struct stat synced;

int
fsync(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		synced = st;
	return (int)syscall(SYS_fsync, fd);
}

/* LMDB syncs what it writes to its file, not the file's name. */
STORE_TEST(the_directory_of_a_new_store_is_synced)
{
	struct stat st;

	assert_int_equal(stat(f->dir, &st), 0);
	assert_true(synced.st_dev == st.st_dev && synced.st_ino == st.st_ino);
}

TEST(a_newer_or_invalid_version_is_refused)
{
	static const struct {
		const char *version; /* NULL: none */
		int status;
	} cases[] = {{"99", EX_CONFIG}, {"one", EX_DATAERR}, {NULL, EX_DATAERR}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fixture *f;
		void *fixture;

		fixture_setup(&fixture);
		f = fixture;
		chat(f, "s1", "q", "a");
		if (cases[i].version == NULL)
			delete_entry(f, TABLE_META, key_meta(META_VERSION));
		else
			put_entry(f, TABLE_META, key_meta(META_VERSION), cases[i].version);
		env_close(&f->env);
		assert_int_equal(status_of_opening(f->dir), cases[i].status);
		fixture_teardown(&fixture);
	}
}

TEST(a_file_that_is_not_a_store_is_refused_and_unchanged)
{
	char dir[64], content[6000], back[sizeof(content)];
	int fd;

	make_dir(dir, sizeof(dir));
	memset(content, 'x', sizeof(content));
	fd = open(path_in(dir, "data.mdb"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, content, sizeof(content)), sizeof(content));
	assert_int_equal(status_of_opening(dir), EX_DATAERR);
	assert_int_equal(pread(fd, back, sizeof(back), 0), sizeof(back));
	assert_memory_equal(content, back, sizeof(content));
	closefd(&fd);
	remove_store(dir);
}

/* Makes an environment of another program: one entry in the unnamed table, or one table of its
 * own. Returns how many entries the unnamed table has. */
static size_t
open_foreign(const char *dir, const char *table, bool make)
{
	MDB_val key = {1, (char[]){'k'}}, value = {1, (char[]){'v'}};
	MDB_env *mdb;
	MDB_txn *txn;
	MDB_dbi dbi, unnamed;
	MDB_stat stat;

	assert_int_equal(mdb_env_create(&mdb), 0);
	assert_int_equal(mdb_env_set_maxdbs(mdb, 4), 0);
	assert_int_equal(mdb_env_open(mdb, dir, 0, 0600), 0);
	assert_int_equal(mdb_txn_begin(mdb, NULL, 0, &txn), 0);
	if (make) {
		assert_int_equal(mdb_dbi_open(txn, table, MDB_CREATE, &dbi), 0);
		assert_int_equal(mdb_put(txn, dbi, &key, &value, 0), 0);
	}
	assert_int_equal(mdb_dbi_open(txn, NULL, 0, &unnamed), 0);
	assert_int_equal(mdb_stat(txn, unnamed, &stat), 0);
	assert_int_equal(mdb_txn_commit(txn), 0);
	mdb_env_close(mdb);
	return stat.ms_entries;
}

/* The limit of a file's size acts like a disk with that little space. */
TEST(a_first_start_without_space_fails_and_the_next_one_succeeds)
{
	static const rlim_t limits[] = {0, 1, 4096, 8192, 16384};

	signal(SIGXFSZ, SIG_IGN);
	for (size_t i = 0; i < 2 * ARRAY_LEN(limits); i++) {
		const struct rlimit little = {limits[i / 2], RLIM_INFINITY};
		const struct rlimit any = {RLIM_INFINITY, RLIM_INFINITY};
		char dir[64];

		make_dir(dir, sizeof(dir));
		/* With LMDB's lock file, the space lacks for the data; else for the lock file. */
		if (i % 2 == 1) {
			assert_int_equal(status_of_opening(dir), 0);
			assert_int_equal(unlink(path_in(dir, "data.mdb")), 0);
		}
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
		assert_int_equal(status_of_opening(dir), EX_IOERR);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &any), 0);
		assert_int_equal(status_of_opening(dir), 0);
		remove_store(dir);
	}
}

TEST(an_empty_file_becomes_a_store)
{
	char dir[64];
	int fd;

	make_dir(dir, sizeof(dir));
	fd = open(path_in(dir, "data.mdb"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	closefd(&fd);
	assert_int_equal(status_of_opening(dir), 0);
	remove_store(dir);
}

TEST(another_programs_environment_is_refused_and_left_alone)
{
	static const char *const tables[] = {NULL, "things", "meta"};

	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		char dir[64];

		make_dir(dir, sizeof(dir));
		assert_int_equal(open_foreign(dir, tables[i], true), 1);
		assert_int_equal(status_of_opening(dir), EX_DATAERR);
		assert_int_equal(open_foreign(dir, tables[i], false), 1);
		remove_store(dir);
	}
}

TEST(a_missing_directory_is_an_error)
{
	assert_int_not_equal(status_of_opening("/nonexistent/store"), 0);
}

/* Reads the store until it is killed. */
_Noreturn static void
read_for_ever(const char *dir, int ready)
{
	MDB_env *mdb;
	MDB_txn *txn;

	if (mdb_env_create(&mdb) != 0 || mdb_env_open(mdb, dir, MDB_RDONLY, 0600) != 0 ||
	    mdb_txn_begin(mdb, NULL, MDB_RDONLY, &txn) != 0 || write(ready, "r", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

/* The same in a child that has process id 1 in a namespace of its own, as in another container. */
_Noreturn static void
read_elsewhere(const char *dir, int ready)
{
	if (unshare(CLONE_NEWPID) == -1)
		_exit(write(ready, "s", 1) != 1);
	if (fork() == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		read_for_ever(dir, ready);
	}
	for (;;)
		pause();
}

/* Starts such a process, and waits until it reads. */
static pid_t
start_reader(const struct fixture *f, void (*run)(const char *dir, int ready))
{
	int ends[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0)
		run(f->dir, ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	closefd(&ends[0]);
	closefd(&ends[1]);
	if (byte == 's')
		SKIP("this user cannot make a namespace of processes");
	return pid;
}

static void
end_reader(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

STORE_TEST(the_slot_of_a_killed_reader_is_freed)
{
	pid_t pid = start_reader(f, read_for_ever);

	assert_int_equal(env_check_readers(&f->env), 0);
	end_reader(pid);
	assert_int_equal(env_check_readers(&f->env), 1);
	assert_int_equal(env_check_readers(&f->env), 0);
}

#define KEPT_MAX ((uint64_t)1 << 20)

/* Stores messages until the oldest reader keeps more than KEPT_MAX. */
static void
fill_snapshot(struct fixture *f)
{
	env_look_at_readers(&f->env);
	while (
	    readers_kept_bytes(&f->env.readers, readers_oldest(&f->env.readers)) <= KEPT_MAX) {
		chat(f, "s1", "question", "answer");
		env_look_at_readers(&f->env);
	}
}

STORE_TEST(a_reader_that_keeps_too_many_pages_is_killed_even_if_it_is_stopped)
{
	const struct readers *readers = &f->env.readers;
	int status;
	pid_t pid;

	env_watch_readers(&f->env, f->dir, KEPT_MAX);
	pid = start_reader(f, read_for_ever);
	assert_int_equal(kill(pid, SIGSTOP), 0);
	chat(f, "s1", "question", "answer");
	assert_int_equal(env_check_readers(&f->env), 0);
	assert_int_equal(readers_oldest(readers)->pid, pid);
	assert_int_equal(readers_kept_bytes(readers, readers_oldest(readers)), 0);
	assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
	fill_snapshot(f);
	assert_int_equal(env_check_readers(&f->env), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	env_look_at_readers(&f->env);
	assert_null(readers_oldest(readers));
	assert_int_equal(env_check_readers(&f->env), 1);
}

static void
assert_not_killed(struct fixture *f, pid_t pid)
{
	fill_snapshot(f);
	assert_int_equal(env_check_readers(&f->env), 0);
	assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
	assert_non_null(readers_oldest(&f->env.readers));
	end_reader(pid);
}

STORE_TEST(a_reader_is_not_killed_without_a_limit)
{
	env_watch_readers(&f->env, f->dir, 0);
	assert_not_killed(f, start_reader(f, read_for_ever));
}

STORE_TEST(a_reader_in_another_container_is_not_killed_by_its_process_id_there)
{
	env_watch_readers(&f->env, f->dir, KEPT_MAX);
	assert_not_killed(f, start_reader(f, read_elsewhere));
}

TEST_MAIN(NULL, NULL)
