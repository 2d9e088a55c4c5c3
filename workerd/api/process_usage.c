/*
 * Parses /proc/PID/stat. The numbers follow the program's name, which may contain any character.
 */
#include "workerd/api/process_usage.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "proto/base/basics.h"

/* 0, or -1. */
static int
process_usage_read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd == -1)
		return -1;
	n = read(fd, text, size - 1);
	closefd(&fd);
	if (n <= 0)
		return -1;
	text[n] = '\0';
	return 0;
}

int
usage_of(uint64_t pid, struct usage *out)
{
	char path[64], text[1024];
	const char *numbers;
	uint64_t user, system, pages;

	snprintf(path, sizeof(path), "/proc/%" PRIu64 "/stat", pid);
	if (process_usage_read_text(path, text, sizeof(text)) == -1 ||
	    (numbers = strrchr(text, ')')) == NULL)
		return -1;
	/* From the third field on: state, then 10 others; utime, stime; 8 others; rss. */
	if (sscanf(numbers + 1,
		" %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64
		" %*d %*d %*d %*d %*d %*d %*u %*u %" SCNu64,
		&user, &system, &pages) != 3)
		return -1;
	out->resident_bytes = pages * (uint64_t)sysconf(_SC_PAGESIZE);
	out->cpu_seconds = (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
	return 0;
}
