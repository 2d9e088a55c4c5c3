/*
 * What a process that reads the document of a stranger can still do: compute, within limits, and write its result.
 */
#ifndef WORKERD_CRAWL_EXTRACT_SANDBOX_H
#define WORKERD_CRAWL_EXTRACT_SANDBOX_H

#define SANDBOX_MEMORY \
	(256u * 1024 * 1024)  /* address space; without a limit in builds with sanitizers */
#define SANDBOX_CPU_SECONDS 5 /* of each process */

/* From now on: no more privileges, no core file, no memory and CPU time over the limits; the process ends with its
 * parent. Children inherit the limits. */
void sandbox_limit(void);

/* From now on: no files, sockets and processes, only the descriptors that are open. */
void sandbox_enter(void);

/* In the child that will run a program (its path): it can read the files of /usr and run this program, and others only if
 * the kernel has no Landlock; and do nothing else outside. 0, or -1. */
[[gnu::warn_unused_result]] int sandbox_enter_program(const char *program);

#endif
