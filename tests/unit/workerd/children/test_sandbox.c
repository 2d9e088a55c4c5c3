/*
 * What a process that reads a document cannot do, each tried in a child.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "proto/process/file_limit.h"
#include "tests/unit/unit.h"
#include "workerd/children/sandbox.h"

/* Each returns -1 if it is refused. */
static int
open_file(void)
{
	return open("/etc/passwd", O_RDONLY | O_CLOEXEC);
}

static int
create_file(void)
{
	return open("/tmp/banter-sandbox-test", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
}

static int
open_internet_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}

static int
open_unix_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

static int
make_socket_pair(void)
{
	int pair[2];

	return socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
}

static int
start_process(void)
{
	return fork();
}

static int
run_program(void)
{
	return execl("/bin/true", "true", (char *)NULL);
}

static int
run_other_program(void)
{
	return execl("/usr/bin/env", "env", "true", (char *)NULL);
}

static int
kill_parent(void)
{
	return kill(getppid(), 0);
}

static int
kill_thread_of_parent(void)
{
	return (int)syscall(SYS_tgkill, getppid(), getppid(), 0);
}

static int
read_limits_of_parent(void)
{
	struct rlimit limit;

	return prlimit(getppid(), RLIMIT_CPU, NULL, &limit);
}

static int
read_own_limits(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_CPU, &limit);
}

/* The kernel would signal the owner. */
static int
set_owner(void)
{
	return fcntl(STDOUT_FILENO, F_SETOWN, getppid());
}

static int
set_owner_of_all_kinds(void)
{
	const struct f_owner_ex owner = {F_OWNER_PID, getppid()};

	return fcntl(STDOUT_FILENO, F_SETOWN_EX, &owner);
}

static int
choose_signal(void)
{
	return fcntl(STDOUT_FILENO, F_SETSIG, SIGKILL);
}

static int
read_flags(void)
{
	return fcntl(STDOUT_FILENO, F_GETFL);
}

/* As abort(3) does. */
static int
kill_own_thread(void)
{
	return (int)syscall(SYS_tgkill, getpid(), gettid(), 0);
}

static int
open_library(void)
{
	return open("/usr/share/zoneinfo", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Sanitizers start processes and read limits themselves. */
#ifdef BANTER_SANITIZED
#define SANITIZED true
#else
#define SANITIZED false
#endif

/* What a process that reads needs. */
static int
write_pipe(void)
{
	return (int)write(STDOUT_FILENO, "", 0);
}

static int
map_memory(void)
{
	return mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
	    ? -1
	    : 0;
}

static const struct {
	const char *name;
	int (*try)(void);
	bool reader, program; /* whether it, or a program such as pdftotext, can do it */
} tries[] = {
    {"open a file", open_file, false, false}, /* with Landlock: see below */
    {"open a file of /usr", open_library, false, true},
    {"create a file", create_file, false, false},
    {"open an internet socket", open_internet_socket, false, false},
    {"open a Unix socket", open_unix_socket, false, false},
    {"make a socket pair", make_socket_pair, false, false},
    {"start a process", start_process, SANITIZED, SANITIZED},
    {"run the program", run_program, false, true},
    {"run another program", run_other_program, false, false}, /* with Landlock */
    {"read the limits of its parent", read_limits_of_parent, SANITIZED, SANITIZED},
    {"read its own limits", read_own_limits, SANITIZED, true},
    {"signal its parent", kill_parent, false, false},
    {"signal a thread of its parent", kill_thread_of_parent, false, false},
    {"signal its own thread", kill_own_thread, true, true},
    {"name a process to signal", set_owner, false, false},
    {"name a process to signal, otherwise", set_owner_of_all_kinds, false, false},
    {"choose a signal", choose_signal, false, false},
    {"read the flags of a descriptor", read_flags, false, true},
    {"write", write_pipe, true, true},
    {"map memory", map_memory, true, true},
};

static void
silence(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	must(dup2(null, STDOUT_FILENO) != -1 && dup2(null, STDERR_FILENO) != -1);
}

/* Whether a child with these calls could do it. */
static bool
try_in_child(int (*try)(void), enum call_filter_calls calls)
{
	int status;
	pid_t pid = fork();

	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		silence();
		sandbox_limit();
		if (calls == CALLS_PROGRAM)
			must(sandbox_enter_program("/bin/true") == 0);
		else
			sandbox_enter(calls);
		_exit(try() == -1 ? 1 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status) == 0;
}

TEST(a_reader_can_only_compute_and_write)
{
	for (size_t i = 0; i < ARRAY_LEN(tries); i++)
		if (try_in_child(tries[i].try, CALLS_EXTRACT) != tries[i].reader)
			fail_msg("a reader: %s", tries[i].name);
}

TEST(a_reader_of_pictures_can_do_no_more)
{
	for (size_t i = 0; i < ARRAY_LEN(tries); i++)
		if (try_in_child(tries[i].try, CALLS_MEDIA) != tries[i].reader)
			fail_msg("a reader of pictures: %s", tries[i].name);
}

TEST(landlock_alone_forbids_all_files)
{
	int status;
	pid_t pid;

	if (!file_limit_exists())
		SKIP("the kernel has no Landlock");
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		sandbox_limit();
		must(sandbox_forbid_files() == 0);
		_exit(open_file() == -1 && create_file() == -1 && run_program() == -1 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* In builds with sanitizers a program gets more calls, for the sanitizers' sake; pdftotext has none. */
#ifndef BANTER_SANITIZED
TEST(pdftotext_can_only_read_files_too)
{
	for (size_t i = 0; i < ARRAY_LEN(tries); i++) {
		bool can = tries[i].program ||
		    (!file_limit_exists() &&
			(tries[i].try == open_file || tries[i].try == run_other_program));

		if (try_in_child(tries[i].try, CALLS_PROGRAM) != can)
			fail_msg("pdftotext: %s", tries[i].name);
	}
}

TEST(memory_and_time_are_limited)
{
	struct rlimit limit;
	int status;
	pid_t pid = fork();

	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		sandbox_limit();
		if (malloc(SANDBOX_MEMORY) != NULL)
			_exit(1);
		if (getrlimit(RLIMIT_CPU, &limit) != 0 || limit.rlim_cur != SANDBOX_CPU_SECONDS)
			_exit(2);
		_exit(getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_max == 0 ? 0 : 3);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}
#endif

TEST_MAIN(NULL, NULL)
