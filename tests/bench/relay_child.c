/*
 * No child process outlives this one: atexit(3) stops all of them, and the kernel sends each a
 * SIGTERM if we are killed.
 */
#include "tests/bench/relay_child.h"

#include <sys/prctl.h>
#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "tests/bench/store_place.h"

#define CHILDREN_MAX 8u
#define STOP_MS      10000

static struct {
	pid_t pid; /* 0: none */
	char *log;
} children[CHILDREN_MAX];

static size_t cpus[2]; /* by enum core */

void
cores_choose(void)
{
	cpu_set_t set;
	size_t n = 0;

	if (sched_getaffinity(0, sizeof(set), &set) == -1)
		err(EX_OSERR, "sched_getaffinity");
	for (size_t cpu = 0; cpu < CPU_SETSIZE && n < 2; cpu++)
		if (CPU_ISSET(cpu, &set))
			cpus[n++] = cpu;
	if (n < 2)
		errx(
		    EX_UNAVAILABLE, "the benchmark needs two cores, one for the servers alone");
	CPU_ZERO(&set);
	CPU_SET(cpus[CORE_LOAD], &set);
	if (sched_setaffinity(0, sizeof(set), &set) == -1)
		err(EX_OSERR, "sched_setaffinity");
}

static void
stop_all(void)
{
	for (size_t i = CHILDREN_MAX; i-- > 0;)
		if (children[i].pid != 0)
			child_stop(children[i].pid);
}

static void
remember(pid_t pid, const char *log)
{
	static bool registered;

	if (!registered)
		must(atexit(stop_all) == 0);
	registered = true;
	for (size_t i = 0; i < CHILDREN_MAX; i++) {
		if (children[i].pid != 0)
			continue;
		children[i].pid = pid;
		children[i].log = xstrdup(log);
		return;
	}
	never("too many children");
}

static void
forget(pid_t pid)
{
	for (size_t i = 0; i < CHILDREN_MAX; i++) {
		if (children[i].pid != pid)
			continue;
		children[i].pid = 0;
		free(children[i].log);
	}
}

/* Prints the end of a log file. */
static void
show(const char *log)
{
	char text[2048];
	FILE *in = fopen(log, "re");
	size_t n;

	if (in == NULL)
		return;
	if (fseek(in, -(long)sizeof(text), SEEK_END) == -1)
		rewind(in);
	n = fread(text, 1, sizeof(text), in);
	fwrite(text, 1, n, stderr);
	fclose(in);
}

/* Runs in the child. */
static _Noreturn void
become(enum core core, char *const argv[], char *const envp[], const char *log)
{
	int out = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpus[core], &set);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (out == -1 || dup2(out, STDOUT_FILENO) == -1 || dup2(out, STDERR_FILENO) == -1 ||
	    sched_setaffinity(0, sizeof(set), &set) == -1)
		_exit(EX_OSERR);
	execvpe(argv[0], argv, envp == NULL ? environ : envp);
	warn("%s", argv[0]);
	_exit(EX_UNAVAILABLE);
}

pid_t
child_start(enum core core, char *const argv[], char *const envp[], const char *log)
{
	pid_t pid = fork();

	if (pid == -1)
		err(EX_OSERR, "fork");
	if (pid == 0)
		become(core, argv, envp, log);
	remember(pid, log);
	return pid;
}

void
child_stop(pid_t pid)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	uint64_t end = clock_mono_ms() + STOP_MS;

	forget(pid);
	kill(pid, SIGTERM);
	while (waitpid(pid, NULL, WNOHANG) == 0) {
		if (clock_mono_ms() > end) {
			warnx("process %d does not exit: killed", (int)pid);
			kill(pid, SIGKILL);
			end += STOP_MS;
		}
		nanosleep(&pause, NULL);
	}
}

void
children_check(void)
{
	place_check();
	for (size_t i = 0; i < CHILDREN_MAX; i++) {
		pid_t pid = children[i].pid;

		if (pid == 0 || waitpid(pid, NULL, WNOHANG) == 0)
			continue;
		show(children[i].log);
		forget(pid);
		errx(EX_UNAVAILABLE, "process %d has exited; its output is above", (int)pid);
	}
}
