/*
 * Reads /proc and the processes' clocks.
 */
#include "tests/bench/relay_usage.h"

#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "proto/base/basics.h"

/* Reads a small file of /proc as text; 0 bytes if the process does not exist any more. */
static size_t
read_proc(const char *pid, const char *name, char *text, size_t size)
{
	char path[300];
	size_t n;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%s/%s", pid, name);
	in = fopen(path, "re");
	n = in == NULL ? 0 : fread(text, 1, size - 1, in);
	text[n] = '\0';
	if (in != NULL)
		fclose(in);
	return n;
}

/* A process's parent; 0 if the process does not exist any more. */
static pid_t
parent_of(const char *pid)
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
	while ((entry = readdir(proc)) != NULL)
		if (isdigit((unsigned char)entry->d_name[0]) &&
		    parent_of(entry->d_name) == root)
			group_add(g, (pid_t)strtol(entry->d_name, NULL, 10));
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

/* A line of smaps_rollup, in bytes. */
static uint64_t
bytes_of(const char *rollup, const char *name)
{
	const char *line = strstr(rollup, name);

	if (line == NULL)
		errx(EX_OSERR, "smaps_rollup has no %s", name);
	return strtoull(line + strlen(name), NULL, 10) * 1024;
}

struct memory
group_memory(const struct group *g)
{
	struct memory sum = {0};

	for (size_t i = 0; i < g->n; i++) {
		char pid[16], rollup[4096];

		snprintf(pid, sizeof(pid), "%d", (int)g->pids[i]);
		if (read_proc(pid, "smaps_rollup", rollup, sizeof(rollup)) == 0)
			err(EX_OSERR, "smaps_rollup of process %s", pid);
		sum.pss += bytes_of(rollup, "\nPss:");
		sum.anon += bytes_of(rollup, "\nPss_Anon:");
		sum.file += bytes_of(rollup, "\nPss_File:");
		sum.shmem += bytes_of(rollup, "\nPss_Shmem:");
	}
	return sum;
}
