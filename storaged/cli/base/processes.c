/*
 * /proc/PID/stat is `pid (name) state parent …`; the name may contain any character.
 */
#include "storaged/cli/base/processes.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <bsd/string.h>

#include "proto/base/clock.h"

struct process {
	char name[32];
	pid_t parent;
	uint64_t start; /* clock ticks after the boot */
};

static bool
processes_process_read_stat(pid_t pid, struct process *p)
{
	char path[64], text[512], *name, *end;
	int parent;
	size_t n;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	if (f == NULL)
		return false;
	n = fread(text, 1, sizeof(text) - 1, f);
	(void)fclose(f);
	text[n] = '\0';
	name = strchr(text, '(');
	end = strrchr(text, ')');
	if (name == NULL || end == NULL || end < name ||
	    sscanf(end + 1,
		" %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d "
		"%" SCNu64,
		&parent, &p->start) != 2)
		return false;
	*end = '\0';
	strlcpy(p->name, name + 1, sizeof(p->name));
	p->parent = (pid_t)parent;
	return true;
}

pid_t
process_parent(pid_t pid, const char *name)
{
	struct process child, parent;

	if (pid <= 0 || !processes_process_read_stat(pid, &child) || child.parent <= 0 ||
	    !processes_process_read_stat(child.parent, &parent) ||
	    strcmp(parent.name, name) != 0)
		return 0;
	return child.parent;
}

uint64_t
process_started_at(pid_t pid)
{
	struct timespec uptime;
	struct process p;

	if (pid <= 0 || !processes_process_read_stat(pid, &p) ||
	    clock_gettime(CLOCK_BOOTTIME, &uptime) == -1)
		return 0;
	return clock_wall_ms() - (uint64_t)uptime.tv_sec * 1000 -
	    (uint64_t)uptime.tv_nsec / 1000000 +
	    p.start * 1000 / (uint64_t)sysconf(_SC_CLK_TCK);
}

enum process_file
process_compare_file(pid_t pid, const char *path)
{
	struct stat running, file;
	char link[64];

	(void)snprintf(link, sizeof(link), "/proc/%d/exe", (int)pid);
	if (pid <= 0 || stat(link, &running) == -1 || stat(path, &file) == -1)
		return PROCESS_FILE_UNKNOWN;
	return running.st_dev == file.st_dev && running.st_ino == file.st_ino
	    ? PROCESS_FILE_SAME
	    : PROCESS_FILE_OTHER;
}
