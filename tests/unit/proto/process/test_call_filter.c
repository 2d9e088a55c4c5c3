/*
 * Which system calls the filters of workers and of storaged refuse, and what the log says. That they
 * allow what both need is shown by all tests with real daemons, which fail if a call is refused.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "proto/process/call_filter.h"
#include "proto/process/privileges.h"
#include "tests/unit/unit.h"

/* No kernel has a call with this number. */
#define NO_CALL 1000

static long
run_program(void)
{
	return execl("/bin/true", "true", NULL);
}

static long
become_root(void)
{
	return syscall(SYS_setuid, 0);
}

static long
mount_something(void)
{
	return mount("none", "/", "tmpfs", MS_REMOUNT, NULL);
}

static long
rename_file(void)
{
	return syscall(SYS_renameat2, AT_FDCWD, "/nowhere/a", AT_FDCWD, "/nowhere/b", 0);
}

static long
open_internet_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}

static long
open_packet_socket(void)
{
	return socket(AF_PACKET, SOCK_RAW, 0);
}

static long
connect_socket(void)
{
	const struct sockaddr unix_socket = {.sa_family = AF_UNIX};

	return connect(STDIN_FILENO, &unix_socket, sizeof(unix_socket));
}

static long
kill_a_process(void)
{
	return kill(getpid(), SIGTERM);
}

static long
call_nothing(void)
{
	return syscall(NO_CALL);
}

static void *
run_in_thread(void *result)
{
	*(long *)result = become_root();
	return errno == EPERM ? result : NULL;
}

/* 0 if a new thread is refused the same call, with EPERM. */
static long
become_root_in_a_thread(void)
{
	long result = 0;
	pthread_t thread;
	void *refused;

	must(pthread_create(&thread, NULL, run_in_thread, &result) == 0);
	must(pthread_join(thread, &refused) == 0);
	return result == -1 && refused != NULL ? 0 : -1;
}

static long
become_root_twice(void)
{
	return become_root() == -1 ? become_root() : 0;
}

/* Behind the filter: the call's errno, 0 if it succeeds. */
static int
errno_behind_filter(enum call_filter_calls calls, long (*call)(void), int log)
{
	must(dup2(log, STDERR_FILENO) != -1);
	privileges_renounce();
	call_filter_start(calls);
	return call() == -1 ? errno : 0;
}

/* Returns the errno of a call in a process with this filter; log receives what that wrote. */
static int
try(enum call_filter_calls calls, long (*call)(void), char *log, size_t size)
{
	int ends[2], status;
	ssize_t n, len = 0;
	pid_t pid;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0)
		_exit(errno_behind_filter(calls, call, ends[1]));
	closefd(&ends[1]);
	while ((n = read(ends[0], log + len, size - 1 - (size_t)len)) > 0)
		len += n;
	log[len] = '\0';
	closefd(&ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static const struct {
	const char *name;
	enum call_filter_calls calls;
	long (*call)(void);
	int error;
	const char *logged; /* NULL: nothing */
} rows[] = {
    {"a worker runs no program", CALLS_WORKER, run_program, EPERM, "call=execve "},
    {"a worker changes no user", CALLS_WORKER, become_root, EPERM, "call=setuid "},
    {"a worker mounts nothing", CALLS_WORKER, mount_something, EPERM, "call=mount "},
    {"a worker changes no file", CALLS_WORKER, rename_file, EPERM, "call=renameat2 "},
    {"a worker opens connections", CALLS_WORKER, open_internet_socket, 0, NULL},
    {"a worker opens no other socket", CALLS_WORKER, open_packet_socket, EPERM, "call=socket "},
    {"a worker's thread is restricted", CALLS_WORKER, become_root_in_a_thread, 0,
	"call=setuid "},
    {"the store runs no program", CALLS_STORE, run_program, EPERM, "call=execve "},
    {"the store opens no socket", CALLS_STORE, open_internet_socket, EPERM, "call=socket "},
    {"the store connects to nothing", CALLS_STORE, connect_socket, EPERM, "call=connect "},
    {"the store stops no process", CALLS_STORE, kill_a_process, EPERM, "call=kill "},
    {"an unknown call is not available", CALLS_STORE, call_nothing, ENOSYS,
	"call_refused number=1000 "},
};

TEST(only_listed_calls_are_allowed)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char log[1024];

		print_message("%s\n", rows[i].name);
		assert_int_equal(
		    try(rows[i].calls, rows[i].call, log, sizeof(log)), rows[i].error);
		if (rows[i].logged == NULL)
			assert_string_equal(log, "");
		else
			assert_non_null(strstr(log, rows[i].logged));
	}
}

TEST(a_refused_call_is_logged_once)
{
	char log[1024];

	assert_int_equal(try(CALLS_WORKER, become_root_twice, log, sizeof(log)), EPERM);
	assert_non_null(strchr(log, '\n'));
	assert_string_equal(strchr(log, '\n'), "\n");
}

TEST_MAIN(NULL, NULL)
