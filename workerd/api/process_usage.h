/*
 * Memory and CPU time of a process, from proc(5).
 */
#ifndef WORKERD_API_PROCESS_USAGE_H
#define WORKERD_API_PROCESS_USAGE_H

#include <stdint.h>

struct usage {
	uint64_t resident_bytes;
	double cpu_seconds; /* user and system */
};

/* 0, or -1 if the process does not exist or /proc hides it. */
[[gnu::warn_unused_result]] int usage_of(uint64_t pid, struct usage *out);

#endif
