/*
 * The environment and the socket: their owners, and what is refused.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sysexits.h>

#include "tests/unit/storaged/store_fixture.h"

#include "proto/ipc/channel.h"
#include "storaged/server/listen.h"
#include "tests/unit/unit.h"

static void
put_meta(struct fixture *f, const char *name, const char *value)
{
	struct key key = key_meta(name);
	struct txn t;

	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	assert_int_equal(value == NULL ? txn_del(&t, TABLE_META, &key)
				       : txn_put(&t, TABLE_META, &key, slice_str(value)),
	    0);
	assert_int_equal(txn_commit(&t), 0);
}

/* Opens the store again, closes it, and returns the status. */
static int
status_of_reopening(struct fixture *f)
{
	struct env env;
	int status;

	env_close(&f->env);
	status = env_open(&env, f->dir, STORE_BYTES, organization_make_default);
	env_close(&env);
	return status;
}

STORE_TEST(a_store_opens_again)
{
	struct fixture *f = *state;

	assert_int_equal(status_of_reopening(f), 0);
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
STORE_TEST(a_new_store_is_there_after_a_power_failure)
{
	const struct fixture *f = *state;
	struct stat st;

	assert_int_equal(stat(f->dir, &st), 0);
	assert_true(synced.st_dev == st.st_dev && synced.st_ino == st.st_ino);
}

STORE_TEST(a_newer_store_is_refused)
{
	struct fixture *f = *state;

	put_meta(f, "schema_version", "5");
	assert_int_equal(status_of_reopening(f), EX_CONFIG);
}

STORE_TEST(a_version_that_is_not_a_number_is_refused)
{
	struct fixture *f = *state;

	put_meta(f, "schema_version", "one");
	assert_int_equal(status_of_reopening(f), EX_DATAERR);
}

STORE_TEST(conversations_without_a_version_are_refused)
{
	struct fixture *f = *state;

	chat(f, "s1", "q", "a");
	put_meta(f, "schema_version", NULL);
	assert_int_equal(status_of_reopening(f), EX_DATAERR);
}

TEST(a_file_that_is_not_a_store_is_refused_and_unchanged)
{
	char dir[64], path[160], content[6000], back[sizeof(content)];
	struct env env;
	int fd;

	make_dir(dir, sizeof(dir));
	snprintf(path, sizeof(path), "%s/data.mdb", dir);
	memset(content, 'x', sizeof(content));
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, content, sizeof(content)), sizeof(content));
	assert_int_equal(
	    env_open(&env, dir, STORE_BYTES, organization_make_default), EX_DATAERR);
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

TEST(another_programs_environment_is_refused_and_left_alone)
{
	static const char *const tables[] = {NULL, "things", "meta"};

	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		char dir[64];
		struct env env;

		make_dir(dir, sizeof(dir));
		assert_int_equal(open_foreign(dir, tables[i], true), 1);
		assert_int_equal(
		    env_open(&env, dir, STORE_BYTES, organization_make_default), EX_DATAERR);
		assert_int_equal(open_foreign(dir, tables[i], false), 1);
		remove_store(dir);
	}
}

TEST(a_missing_directory_is_an_error)
{
	struct env env;

	assert_int_not_equal(
	    env_open(&env, "/nonexistent/store", STORE_BYTES, organization_make_default), 0);
}

TEST(a_directory_has_one_storaged)
{
	char parent[64], dir[96];
	int first, second;
	struct stat st;

	make_dir(parent, sizeof(parent));
	snprintf(dir, sizeof(dir), "%s/data", parent);
	assert_int_equal(listen_lock(dir, &first), 0);
	assert_int_equal(stat(dir, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(listen_lock(dir, &second), EX_TEMPFAIL);
	assert_int_equal(second, -1);
	closefd(&first);
	assert_int_equal(listen_lock(dir, &first), 0);
	closefd(&first);
	remove_store(dir);
	assert_int_equal(rmdir(parent), 0);
}

TEST(a_lock_taken_for_storaged_keeps_it_away)
{
	char dir[64], path[160];
	struct stat st;
	int lock, other;

	make_dir(dir, sizeof(dir));
	snprintf(path, sizeof(path), "%s/storaged.lock", dir);
	/* As root in the directory of another user: the file must be that user's. */
	if (geteuid() == 0)
		assert_int_equal(chown(dir, 12345, 12346), 0);
	assert_int_equal(listen_try_lock(dir, &lock), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_uid, geteuid() == 0 ? 12345 : geteuid());
	assert_int_equal(listen_lock(dir, &other), EX_TEMPFAIL);
	assert_int_equal(listen_try_lock(dir, &other), -1);
	assert_int_equal(errno, EWOULDBLOCK);
	closefd(&lock);
	assert_int_equal(listen_lock(dir, &lock), 0);
	closefd(&lock);
	remove_store(dir);
	assert_int_equal(listen_try_lock(dir, &lock), -1);
	assert_int_equal(errno, ENOENT);
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

STORE_TEST(the_slot_of_a_killed_reader_is_freed)
{
	struct fixture *f = *state;
	int ends[2], status;
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0)
		read_for_ever(f->dir, ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	assert_int_equal(env_check_readers(&f->env), 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(env_check_readers(&f->env), 1);
	assert_int_equal(env_check_readers(&f->env), 0);
	closefd(&ends[0]);
	closefd(&ends[1]);
}

TEST(a_directory_without_a_parent_is_refused)
{
	int lock;

	assert_int_not_equal(listen_lock("/nonexistent/store", &lock), 0);
}

TEST(a_stale_socket_is_replaced_a_live_one_is_not)
{
	char dir[64], path[160];
	int first, second, peer;
	bool inherited;
	struct stat st;

	make_dir(dir, sizeof(dir));
	snprintf(path, sizeof(path), "%s/s", dir);
	assert_int_equal(listen_socket(path, &first, &inherited), 0);
	assert_false(inherited);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	assert_int_equal(listen_socket(path, &second, &inherited), EX_TEMPFAIL);
	peer = channel_connect(path);
	assert_int_not_equal(peer, -1);
	closefd(&peer);

	/* As after a kill: the file exists, and nobody listens. */
	closefd(&first);
	assert_int_equal(listen_socket(path, &first, &inherited), 0);
	peer = channel_connect(path);
	assert_int_not_equal(peer, -1);
	closefd(&peer);
	closefd(&first);
	remove_store(dir);
}

TEST(a_file_that_is_not_a_socket_is_left_alone)
{
	char dir[64], path[160];
	bool inherited;
	int fd;

	make_dir(dir, sizeof(dir));
	snprintf(path, sizeof(path), "%s/s", dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	closefd(&fd);
	assert_int_not_equal(listen_socket(path, &fd, &inherited), 0);
	assert_int_equal(access(path, F_OK), 0);
	remove_store(dir);
}

TEST(an_announced_socket_that_makes_no_sense_is_an_error)
{
	static const char *const counts[] = {"x", "", "-1", "2", "99999999999"};
	char dir[64], path[160], pid[16];
	bool inherited;
	int fd;

	make_dir(dir, sizeof(dir));
	snprintf(path, sizeof(path), "%s/s", dir);
	snprintf(pid, sizeof(pid), "%d", getpid());
	for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
		setenv("LISTEN_PID", pid, 1);
		setenv("LISTEN_FDS", counts[i], 1);
		assert_int_equal(listen_socket(path, &fd, &inherited), EX_CONFIG);
		assert_int_equal(fd, -1);
		assert_int_equal(access(path, F_OK), -1);
	}
	/* Descriptors that were passed to another process must be ignored. */
	snprintf(pid, sizeof(pid), "%d", getppid());
	setenv("LISTEN_PID", pid, 1);
	assert_int_equal(listen_socket(path, &fd, &inherited), 0);
	assert_false(inherited);
	closefd(&fd);
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	remove_store(dir);
}

/* Binds and listens in another process, as a service manager does. */
static void
listen_elsewhere(int fd, const char *path)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	pid_t child = fork();
	int status;

	if (child == 0) {
		snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
		_exit(bind(fd, (const struct sockaddr *)&sun, sizeof(sun)) == 0 &&
			    listen(fd, 16) == 0
			? 0
			: 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* The banter command checks the owner of the socket. */
TEST(an_inherited_socket_is_ours_to_those_who_connect)
{
	char dir[64], path[80], pid[16];
	int made, kept, fd, peer;
	struct ucred cred;
	socklen_t len = sizeof(cred);
	bool inherited;

	make_dir(dir, sizeof(dir));
	snprintf(path, sizeof(path), "%s/s", dir);
	snprintf(pid, sizeof(pid), "%d", getpid());
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	made = fcntl(fd, F_DUPFD_CLOEXEC, 10);
	closefd(&fd);
	listen_elsewhere(made, path);
	kept = fcntl(3, F_DUPFD_CLOEXEC, 10);
	assert_int_equal(dup2(made, 3), 3);
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "1", 1);
	assert_int_equal(listen_socket(path, &fd, &inherited), 0);
	assert_true(inherited);
	peer = channel_connect(path);
	assert_int_not_equal(peer, -1);
	assert_int_equal(getsockopt(peer, SOL_SOCKET, SO_PEERCRED, &cred, &len), 0);
	assert_int_equal(cred.pid, getpid());
	closefd(&peer);
	closefd(&fd);
	closefd(&made);
	if (kept != -1) {
		assert_int_equal(dup2(kept, 3), 3);
		closefd(&kept);
	}
	remove_store(dir);
}

TEST_MAIN(NULL, NULL)
