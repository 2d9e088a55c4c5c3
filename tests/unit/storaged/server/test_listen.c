/*
 * The lock of the data directory and the listening socket.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sysexits.h>

#include "tests/unit/storaged/store_fixture.h"

#include "proto/ipc/channel.h"
#include "storaged/server/listen.h"

static char dir[64], path[80]; /* of the socket */

FIXTURE(set_up)
{
	make_dir(dir, sizeof(dir));
	snprintf(path, sizeof(path), "%s/s", dir);
}

FIXTURE(tear_down)
{
	remove_store(dir);
}

FIXTURE_TEST(a_directory_has_one_storaged)
{
	char data[96];
	int first, second;
	struct stat st;

	snprintf(data, sizeof(data), "%s/data", dir);
	assert_int_equal(listen_lock(data, &first), 0);
	assert_int_equal(stat(data, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(listen_lock(data, &second), EX_TEMPFAIL);
	assert_int_equal(second, -1);
	closefd(&first);
	assert_int_equal(listen_lock(data, &first), 0);
	closefd(&first);
	remove_store(data);
}

FIXTURE_TEST(a_lock_of_another_process_keeps_storaged_away)
{
	struct stat st;
	int lock, other;

	/* As root in the directory of another user: the file must be that user's. */
	if (geteuid() == 0)
		assert_int_equal(chown(dir, 12345, 12346), 0);
	assert_int_equal(listen_try_lock(dir, &lock), 0);
	assert_int_equal(stat(path_in(dir, LISTEN_LOCK_NAME), &st), 0);
	assert_int_equal(st.st_uid, geteuid() == 0 ? 12345 : geteuid());
	assert_int_equal(listen_lock(dir, &other), EX_TEMPFAIL);
	assert_int_equal(listen_try_lock(dir, &other), -1);
	assert_int_equal(errno, EWOULDBLOCK);
	closefd(&lock);
	assert_int_equal(listen_lock(dir, &lock), 0);
	closefd(&lock);
}

TEST(a_missing_directory_is_not_locked)
{
	int lock;

	assert_int_not_equal(listen_lock("/nonexistent/store", &lock), 0);
	assert_int_equal(listen_try_lock("/nonexistent", &lock), -1);
	assert_int_equal(errno, ENOENT);
}

/* Returns the process that listens at the socket, from the view of a client. */
static pid_t
connect_to_listener(void)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);
	int peer = channel_connect(path);

	assert_int_not_equal(peer, -1);
	assert_int_equal(getsockopt(peer, SOL_SOCKET, SO_PEERCRED, &cred, &len), 0);
	closefd(&peer);
	return cred.pid;
}

FIXTURE_TEST(a_stale_socket_is_replaced_a_live_one_is_not)
{
	int first, second;
	bool inherited;
	struct stat st;

	assert_int_equal(listen_socket(path, &first, &inherited), 0);
	assert_false(inherited);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	assert_int_equal(listen_socket(path, &second, &inherited), EX_TEMPFAIL);
	connect_to_listener();
	/* As after a kill: the file exists, and nobody listens. */
	closefd(&first);
	assert_int_equal(listen_socket(path, &first, &inherited), 0);
	connect_to_listener();
	closefd(&first);
}

FIXTURE_TEST(a_file_that_is_not_a_socket_is_left_alone)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	bool inherited;

	closefd(&fd);
	assert_int_not_equal(listen_socket(path, &fd, &inherited), 0);
	assert_int_equal(access(path, F_OK), 0);
}

/* As a service manager announces descriptors to a process (sd_listen_fds(3)). */
static void
announce(pid_t to, const char *count)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", to);
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", count, 1);
}

FIXTURE_TEST(an_invalid_announcement_of_a_socket_is_an_error)
{
	static const char *const counts[] = {"x", "", "-1", "2", "99999999999"};
	bool inherited;
	int fd;

	for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
		announce(getpid(), counts[i]);
		assert_int_equal(listen_socket(path, &fd, &inherited), EX_CONFIG);
		assert_int_equal(fd, -1);
		assert_int_equal(access(path, F_OK), -1);
	}
	/* Descriptors for another process are ignored. */
	announce(getppid(), counts[4]);
	assert_int_equal(listen_socket(path, &fd, &inherited), 0);
	assert_false(inherited);
	closefd(&fd);
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
}

/* Binds and listens in another process, as a service manager does. */
static void
listen_elsewhere(int fd)
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
FIXTURE_TEST(clients_see_this_process_behind_an_inherited_socket)
{
	int made, kept, fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool inherited;

	made = fcntl(fd, F_DUPFD_CLOEXEC, 10);
	closefd(&fd);
	listen_elsewhere(made);
	kept = fcntl(3, F_DUPFD_CLOEXEC, 10);
	assert_int_equal(dup2(made, 3), 3);
	announce(getpid(), "1");
	assert_int_equal(listen_socket(path, &fd, &inherited), 0);
	assert_true(inherited);
	assert_int_equal(connect_to_listener(), getpid());
	closefd(&fd);
	closefd(&made);
	if (kept != -1) {
		assert_int_equal(dup2(kept, 3), 3);
		closefd(&kept);
	}
}

TEST_MAIN(NULL, NULL)
