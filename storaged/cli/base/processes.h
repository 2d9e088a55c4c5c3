/*
 * Facts about processes from proc(5), as far as this process may read them.
 */
#ifndef STORAGED_CLI_BASE_PROCESSES_H
#define STORAGED_CLI_BASE_PROCESSES_H

#include <sys/types.h>

/* The parent of a process if the parent has this name; else 0. */
pid_t process_parent(pid_t pid, const char *name);

#endif
