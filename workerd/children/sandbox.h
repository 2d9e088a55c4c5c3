/*
 * What a process that reads the file of a stranger can still do: compute, within limits, and write its result.
 */
#ifndef WORKERD_CHILDREN_SANDBOX_H
#define WORKERD_CHILDREN_SANDBOX_H

#include "proto/process/call_filter.h"

#define SANDBOX_MEMORY \
	(256u * 1024 * 1024)  /* address space; without a limit in builds with sanitizers */
#define SANDBOX_CPU_SECONDS 5 /* of each process */

/* From now on: no more privileges, no core file, no memory and CPU time over the limits; the process ends with its
 * parent. Children inherit the limits. */
void sandbox_limit(void);

/* From now on: no files, sockets and processes, only the descriptors that are open. calls: CALLS_EXTRACT or CALLS_MEDIA. */
void sandbox_enter(enum call_filter_calls calls);

/* Before that: no files by Landlock, too, if the kernel has it. For a process that has loaded all that it needs. 0, or -1 with
 * errno. */
[[gnu::warn_unused_result]] int sandbox_forbid_files(void);

/* In the child that will run a program (its path): it can read the files of /usr and run this program, and others only if
 * the kernel has no Landlock; and do nothing else outside. 0, or -1. */
[[gnu::warn_unused_result]] int sandbox_enter_program(const char *program);

#endif
