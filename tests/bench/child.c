/*
 * No child process outlives this one: atexit(3) stops all of them, and the kernel sends each a
 * SIGTERM if we are killed.
 */
#include "tests/bench/child.h"

#include <sys/prctl.h>
#include <sys/wait.h>

#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"

#define CHILDREN_MAX 8u
#define STOP_MS      10000

static struct {
	pid_t pid; /* 0: none */
	char *log;
} children[CHILDREN_MAX];

static bool pinned;
static size_t cpus[2]; /* by enum core, if pinned */
static volatile sig_atomic_t caught;

static void
use_core(enum core core)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpus[core], &set);
	if (pinned && sched_setaffinity(0, sizeof(set), &set) == -1)
		err(EX_OSERR, "sched_setaffinity");
}

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
	pinned = true;
	use_core(CORE_LOAD);
}

static void
on_signal(int signal_number)
{
	caught = signal_number;
}

void
children_limit(unsigned seconds)
{
	struct sigaction sa = {.sa_handler = on_signal};

	must(sigaction(SIGINT, &sa, NULL) == 0 && sigaction(SIGTERM, &sa, NULL) == 0 &&
	    sigaction(SIGALRM, &sa, NULL) == 0);
	alarm(seconds);
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

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (out == -1 || dup2(out, STDOUT_FILENO) == -1 || dup2(out, STDERR_FILENO) == -1)
		_exit(EX_OSERR);
	use_core(core);
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
	if (caught == SIGALRM)
		errx(EX_TEMPFAIL, "time limit exceeded");
	if (caught != 0)
		exit(128 + caught);
	for (size_t i = 0; i < CHILDREN_MAX; i++) {
		pid_t pid = children[i].pid;

		if (pid == 0 || waitpid(pid, NULL, WNOHANG) == 0)
			continue;
		show(children[i].log);
		forget(pid);
		errx(EX_UNAVAILABLE, "process %d has exited; its output is above", (int)pid);
	}
}

/* Reads a small file of /proc as text; 0 bytes if the process does not exist any more. */
static size_t
read_proc(pid_t pid, const char *name, char *text, size_t size)
{
	char path[64];
	size_t n;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	in = fopen(path, "re");
	n = in == NULL ? 0 : fread(text, 1, size - 1, in);
	text[n] = '\0';
	if (in != NULL)
		fclose(in);
	return n;
}

/* A process's parent; 0 if the process does not exist any more. */
static pid_t
parent_of(pid_t pid)
{
	char stat[1024];
	const char *after_name;

	if (read_proc(pid, "stat", stat, sizeof(stat)) == 0)
		return 0;
	/* pid (name) state ppid …; the name can contain any character. */
	after_name = strrchr(stat, ')');
	if (after_name == NULL || strlen(after_name) < 5)
		return 0;
	return (pid_t)strtol(after_name + 3, NULL, 10);
}

void
group_add(struct group *g, pid_t root)
{
	DIR *proc;
	struct dirent *entry;

	must(g->n < GROUP_MAX);
	g->pids[g->n++] = root;
	proc = opendir("/proc");
	if (proc == NULL)
		err(EX_OSERR, "/proc");
	while ((entry = readdir(proc)) != NULL) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (isdigit((unsigned char)entry->d_name[0]) && parent_of(pid) == root)
			group_add(g, pid);
	}
	closedir(proc);
}

uint64_t
group_cpu_ns(const struct group *g)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < g->n; i++) {
		struct timespec ts;
		clockid_t clock;

		if (clock_getcpuclockid(g->pids[i], &clock) != 0 ||
		    clock_gettime(clock, &ts) == -1)
			errx(EX_UNAVAILABLE, "process %d has ended", (int)g->pids[i]);
		sum += (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
	}
	return sum;
}

/* A line of a file of /proc, in bytes. */
static uint64_t
bytes_of(const char *text, const char *name)
{
	const char *line = strstr(text, name);

	if (line == NULL)
		errx(EX_OSERR, "/proc has no %s", name);
	return strtoull(line + strlen(name), NULL, 10) * 1024;
}

struct memory
group_memory(const struct group *g)
{
	struct memory sum = {0};

	for (size_t i = 0; i < g->n; i++) {
		char rollup[4096];

		if (read_proc(g->pids[i], "smaps_rollup", rollup, sizeof(rollup)) == 0)
			err(EX_OSERR, "smaps_rollup of process %d", (int)g->pids[i]);
		sum.pss += bytes_of(rollup, "\nPss:");
		sum.anon += bytes_of(rollup, "\nPss_Anon:");
		sum.file += bytes_of(rollup, "\nPss_File:");
		sum.shmem += bytes_of(rollup, "\nPss_Shmem:");
	}
	return sum;
}

struct memory
process_memory(pid_t pid)
{
	char status[8192];

	if (read_proc(pid, "status", status, sizeof(status)) == 0)
		err(EX_OSERR, "status of process %d", (int)pid);
	return (struct memory){
	    .anon = bytes_of(status, "RssAnon:"),
	    .file = bytes_of(status, "RssFile:"),
	    .shmem = bytes_of(status, "RssShmem:"),
	};
}
