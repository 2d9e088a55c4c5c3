/*
 * What proc(5) tells of processes, as far as it can be seen from here.
 */
#ifndef STORAGED_CLI_BASE_PROCESSES_H
#define STORAGED_CLI_BASE_PROCESSES_H

#include <sys/types.h>

/* The parent of a process, if its name is this; else 0. */
pid_t process_parent(pid_t pid, const char *name);

#endif
