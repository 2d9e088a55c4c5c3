/*
 * What a process uses, as proc(5) tells it.
 */
#ifndef WORKERD_API_PROCESS_USAGE_H
#define WORKERD_API_PROCESS_USAGE_H

#include <stdint.h>

struct usage {
	uint64_t resident_bytes;
	double cpu_seconds; /* user and system */
};

/* 0, or -1 when there is no such process, or /proc hides it. */
[[gnu::warn_unused_result]] int usage_of(uint64_t pid, struct usage *out);

#endif
