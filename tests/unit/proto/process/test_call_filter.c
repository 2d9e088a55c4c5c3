/*
 * Which system calls the filters of workers and of storaged refuse, and what the log says. That they
 * allow what both need is shown by all tests with real daemons, which fail if a call is refused.
 */
#include <fcntl.h>
#include <linux/sockios.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "proto/process/call_filter.h"
#include "proto/process/privileges.h"
#include "tests/unit/unit.h"

/* A pointer, or a number that a call takes as one. */
#define ARG(value) ((long)(intptr_t)(value))

enum how { ONCE, TWICE, IN_A_THREAD };

struct row {
	const char *name;
	enum how how;
	enum call_filter_calls calls;
	long call[6]; /* its number and its arguments */
	int error;    /* 0: it is allowed */
	const char *logged;
};

static long
do_call(const struct row *row)
{
	const long *c = row->call;

	return syscall(c[0], c[1], c[2], c[3], c[4], c[5]);
}

static void *
run_in_thread(void *row)
{
	return do_call(row) == -1 && errno == EPERM ? row : NULL;
}

/* 0 if a new thread is refused the call, with EPERM. */
static long
do_call_in_thread(struct row row)
{
	pthread_t thread;
	void *refused;

	must(pthread_create(&thread, NULL, run_in_thread, &row) == 0);
	must(pthread_join(thread, &refused) == 0);
	return refused != NULL ? 0 : -1;
}

/* Behind the filter: the call's errno, 0 if it succeeds. */
static int
errno_behind_filter(const struct row *row, int log)
{
	must(dup2(log, STDERR_FILENO) != -1);
	privileges_renounce();
	call_filter_start(row->calls);
	if (row->how == TWICE)
		must(do_call(row) == -1);
	return (row->how == IN_A_THREAD ? do_call_in_thread(*row) : do_call(row)) == -1 ? errno
											: 0;
}

/* Returns the errno of a call in a process with this filter; log receives what that wrote. */
static int
try(const struct row *row, char *log, size_t size)
{
	int ends[2], status;
	ssize_t n, len = 0;
	pid_t pid;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0)
		_exit(errno_behind_filter(row, ends[1]));
	closefd(&ends[1]);
	while ((n = read(ends[0], log + len, size - 1 - (size_t)len)) > 0)
		len += n;
	log[len] = '\0';
	closefd(&ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* A call that is refused twice is logged once. No process has the pid 2^31 - 1, and no kernel a call 1000. */
TEST(only_listed_calls_are_allowed)
{
	const struct sockaddr sun = {.sa_family = AF_UNIX};
	const int parent = getppid();
	int unread;
	const long program = ARG("/bin/true"), none = ARG("none"), root = ARG("/");
	const struct row rows[] = {
	    {"a worker runs no program", ONCE, CALLS_WORKER, {SYS_execve, program}, EPERM,
		"call=execve "},
	    {"a worker changes no user", ONCE, CALLS_WORKER, {SYS_setuid, 0}, EPERM,
		"call=setuid "},
	    {"a worker tries twice", TWICE, CALLS_WORKER, {SYS_setuid, 0}, EPERM,
		"call=setuid "},
	    {"a worker's thread is restricted", IN_A_THREAD, CALLS_WORKER, {SYS_setuid, 0}, 0,
		"call=setuid "},
	    {"a worker mounts nothing", ONCE, CALLS_WORKER,
		{SYS_mount, none, root, ARG("tmpfs"), MS_REMOUNT}, EPERM, "call=mount "},
	    {"a worker changes no file", ONCE, CALLS_WORKER,
		{SYS_renameat2, AT_FDCWD, ARG("/nowhere/a"), AT_FDCWD, ARG("/nowhere/b")},
		EPERM, "call=renameat2 "},
	    {"a worker opens connections", ONCE, CALLS_WORKER,
		{SYS_socket, AF_INET, SOCK_STREAM}, 0, NULL},
	    {"a worker opens no other socket", ONCE, CALLS_WORKER,
		{SYS_socket, AF_PACKET, SOCK_RAW}, EPERM, "call=socket "},
	    {"a worker's name lookups read capabilities", ONCE, CALLS_WORKER,
		{SYS_prctl, PR_CAPBSET_READ, 0}, 0, NULL},
	    {"a worker changes none", ONCE, CALLS_WORKER, {SYS_prctl, PR_CAPBSET_DROP, 0},
		EPERM, "call=prctl "},
	    {"the store runs no program", ONCE, CALLS_STORE, {SYS_execve, program}, EPERM,
		"call=execve "},
	    {"the store opens no socket", ONCE, CALLS_STORE, {SYS_socket, AF_INET, SOCK_STREAM},
		EPERM, "call=socket "},
	    {"the store connects to nothing", ONCE, CALLS_STORE,
		{SYS_connect, STDIN_FILENO, ARG(&sun), sizeof(sun)}, EPERM, "call=connect "},
	    {"the store stops no process", ONCE, CALLS_STORE, {SYS_kill, INT32_MAX, SIGTERM},
		EPERM, "call=kill "},
	    {"the store signals no thread of another process", ONCE, CALLS_STORE,
		{SYS_tgkill, getppid(), getppid(), SIGTERM}, EPERM, "call=tgkill "},
	    {"a worker names no process for the kernel to signal", ONCE, CALLS_WORKER,
		{SYS_fcntl, STDERR_FILENO, F_SETOWN, getppid()}, EPERM, "call=fcntl "},
	    {"a worker chooses no signal", ONCE, CALLS_WORKER,
		{SYS_fcntl, STDERR_FILENO, F_SETSIG, SIGKILL}, EPERM, "call=fcntl "},
	    {"crawld names no process for a socket either", ONCE, CALLS_CRAWL,
		{SYS_ioctl, STDERR_FILENO, SIOCSPGRP, ARG(&parent)}, EPERM, "call=ioctl "},
	    {"the store reads flags", ONCE, CALLS_STORE, {SYS_fcntl, STDERR_FILENO, F_GETFL}, 0,
		NULL},
	    {"a worker asks how much there is to read", ONCE, CALLS_WORKER,
		{SYS_ioctl, STDERR_FILENO, FIONREAD, ARG(&unread)}, 0, NULL},
	    {"an unknown call is not available", ONCE, CALLS_STORE, {1000}, ENOSYS,
		"call_refused number=1000 "},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char log[1024];

		print_message("%s\n", rows[i].name);
		assert_int_equal(try(&rows[i], log, sizeof(log)), rows[i].error);
		if (rows[i].logged == NULL) {
			assert_string_equal(log, "");
			continue;
		}
		assert_non_null(strstr(log, rows[i].logged));
		assert_string_equal(strchr(log, '\n'), "\n");
	}
}

TEST_MAIN(NULL, NULL)
