/*
 * Which files a process may read, by Landlock (landlock(7)): Linux 5.13 and later, unless it is switched off.
 */
#ifndef PROTO_PROCESS_FILE_LIMIT_H
#define PROTO_PROCESS_FILE_LIMIT_H

#include <stdbool.h>
#include <stddef.h>

/* Whether the kernel has it, and no sandbox forbids it. */
bool file_limit_exists(void);

/* What a process may use; each list ends with NULL. A path that does not exist is left out. */
struct file_limit {
	const char *const *readable; /* files, and directories with all below them */
	const char *const *
	    executable; /* programs that execve(2) may start, and their loader; they can also be read */
};

/* The program's loader (its ELF interpreter), which execve(2) of a program like this one needs; "": there is none. */
const char *file_limit_loader(void);

/* From now on, this process and its children can read and run only these paths, and write nothing. Call privileges_renounce() before. Nothing happens without Landlock. 0, or -1 with
 * errno. */
[[gnu::warn_unused_result]] int file_limit_start(const struct file_limit *limit);

#endif
