/*
 * Facts about processes from proc(5), as far as this process may read them.
 */
#ifndef STORAGED_CLI_BASE_PROCESSES_H
#define STORAGED_CLI_BASE_PROCESSES_H

#include <stdint.h>
#include <sys/types.h>

/* The parent of a process if the parent has this name; else 0. */
pid_t process_parent(pid_t pid, const char *name);

/* When the process started, in ms since 1970; 0: unknown. */
uint64_t process_started_at(pid_t pid);

enum process_file { PROCESS_FILE_SAME, PROCESS_FILE_OTHER, PROCESS_FILE_UNKNOWN };

/* Whether the process runs the file at this path. An upgrade replaces the file of a process that runs
 * on. Unknown without permission. */
enum process_file process_compare_file(pid_t pid, const char *path);

#endif
