/*
 * fork(2), and waiting.
 */
#include "storaged/cli/base/subprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "storaged/cli/base/console.h"

#define TICK_MS 100

/* The signals of a crash from damaged data. */
static const int of_damage[] = {SIGBUS, SIGSEGV, SIGABRT, SIGFPE, SIGILL};

/* Ends with its parent, even if that has ended already. Writes no core file, which could contain
 * conversations. */
static void
subprocess_become_child(pid_t parent)
{
	const struct rlimit no_core = {0, 0};

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EX_TEMPFAIL);
	(void)setrlimit(RLIMIT_CORE, &no_core);
	for (size_t i = 0; i < ARRAY_LEN(of_damage); i++)
		signal(of_damage[i], SIG_DFL);
}

/* Polls the pipe whose other end the child holds until it ends. */
static void
subprocess_wait_for_end(int pipe_end, void (*tick)(void *), void *arg)
{
	struct pollfd p = {.fd = pipe_end, .events = POLLIN};
	int n;

	while ((n = poll(&p, 1, TICK_MS)) == 0 || (n == -1 && errno == EINTR))
		if (tick != NULL)
			tick(arg);
}

static int
subprocess_wait(pid_t child, const char *what)
{
	int status, sig;

	while (waitpid(child, &status, 0) == -1)
		if (errno != EINTR)
			return console_fail(EX_OSERR, "waitpid: %s", strerror(errno));
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	sig = WTERMSIG(status);
	for (size_t i = 0; i < ARRAY_LEN(of_damage); i++)
		if (of_damage[i] == sig)
			return console_fail(EX_DATAERR,
			    "reading %s crashed (%s): it is damaged or truncated, or its disk "
			    "fails; restore a backup",
			    what, strsignal(sig));
	return console_fail(EX_TEMPFAIL, "the command was ended by a signal: %s%s",
	    strsignal(sig),
	    sig == SIGKILL ? "; if storaged did it, its log contains reader_killed" : "");
}

int
subprocess_run(const char *what, int (*work)(void *arg), void (*tick)(void *arg), void *arg)
{
	pid_t parent = getpid(), child;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) == -1)
		return console_fail(EX_OSERR, "pipe: %s", strerror(errno));
	(void)fflush(NULL);
	child = fork();
	if (child == 0) {
		closefd(&ends[0]);
		subprocess_become_child(parent);
		exit(console_close(work(arg)));
	}
	closefd(&ends[1]);
	if (child == -1) {
		closefd(&ends[0]);
		return console_fail(EX_OSERR, "fork: %s", strerror(errno));
	}
	subprocess_wait_for_end(ends[0], tick, arg);
	closefd(&ends[0]);
	return subprocess_wait(child, what);
}

void *
subprocess_memory_new(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	must(p != MAP_FAILED);
	return p;
}

void
subprocess_memory_free(void *p, size_t size)
{
	must(munmap(p, size) == 0);
}
