/*
 * posix_spawn(3) of a worker. glibc implements it as vfork and exec with all signals blocked, so
 * that none of our handlers runs in the child, and a failed exec returns an errno instead of a
 * process that exits for an unknown reason.
 */
#include "masterd/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/base/basics.h"

/* The first descriptor that a worker does not inherit. */
#define FIRST_FOREIGN_FD (SPAWN_SCOREBOARD_FD + 1)

/* Send buffer of the control socket (the kernel limits it to net.core.wmem_max). A record with a
 * descriptor takes some 800 bytes; the default of 208 KiB would hold hardly more than the
 * connections that dispatch.c sends without an acknowledgement. */
#define CONTROL_SEND_BUFFER (1024 * 1024)

extern char **environ;

/* Between vfork and exec the child moves these two descriptors to their places and closes all
 * others, including those that our parent did not mark close-on-exec. */
static int
spawn_plan_descriptors(posix_spawn_file_actions_t *actions, int control, int scoreboard)
{
	int e = posix_spawn_file_actions_adddup2(actions, control, SPAWN_CONTROL_FD);

	if (e == 0)
		e = posix_spawn_file_actions_adddup2(actions, scoreboard, SPAWN_SCOREBOARD_FD);
	if (e == 0)
		e = posix_spawn_file_actions_addclosefrom_np(actions, FIRST_FOREIGN_FD);
	return e;
}

/* Unblocks all signals and resets their actions: exec(2) would pass on our ignored SIGPIPE. */
static int
spawn_plan_signals(posix_spawnattr_t *attr)
{
	sigset_t none, all;
	int e;

	sigemptyset(&none);
	sigfillset(&all);
	e = posix_spawnattr_setsigmask(attr, &none);
	if (e == 0)
		e = posix_spawnattr_setsigdefault(attr, &all);
	if (e == 0)
		e = posix_spawnattr_setflags(
		    attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	return e;
}

/* control and scoreboard must be outside the range of the places they are moved to. 0, or an
 * errno. */
static int
spawn_process(const char *program, unsigned number, int control, int scoreboard, pid_t *pid)
{
	char text[16], flag[] = "--worker", *path = xstrdup(program);
	char *argv[] = {path, flag, text, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int e;

	snprintf(text, sizeof(text), "%u", number);
	must(posix_spawn_file_actions_init(&actions) == 0);
	must(posix_spawnattr_init(&attr) == 0);
	e = spawn_plan_descriptors(&actions, control, scoreboard);
	if (e == 0)
		e = spawn_plan_signals(&attr);
	if (e == 0)
		e = posix_spawn(pid, program, &actions, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	free(path);
	return e;
}

pid_t
spawn_worker(const char *program, unsigned number, int scoreboard_fd, int *control)
{
	const int size = CONTROL_SEND_BUFFER;
	int pair[2] = {-1, -1}, theirs = -1, board = -1, e = 0;
	pid_t pid = -1;

	*control = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == -1)
		return -1;
	/* With a smaller buffer a worker only counts as busy earlier. */
	(void)setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	/* Copies above both places, so that neither dup2 overwrites the other's source. */
	theirs = fcntl(pair[1], F_DUPFD_CLOEXEC, FIRST_FOREIGN_FD);
	board = fcntl(scoreboard_fd, F_DUPFD_CLOEXEC, FIRST_FOREIGN_FD);
	if (theirs == -1 || board == -1)
		e = errno;
	else
		e = spawn_process(program, number, theirs, board, &pid);
	closefd(&pair[1]);
	closefd(&theirs);
	closefd(&board);
	if (e != 0) {
		closefd(&pair[0]);
		errno = e;
		return -1;
	}
	*control = pair[0];
	return pid;
}
