/*
 * Which files a process may read, by Landlock (landlock(7)): Linux 5.13 and later, unless it is switched off.
 */
#ifndef PROTO_PROCESS_FILE_LIMIT_H
#define PROTO_PROCESS_FILE_LIMIT_H

#include <stdbool.h>
#include <stddef.h>

/* Whether the kernel has it, and no sandbox forbids it. */
bool file_limit_exists(void);

/* From now on, this process and its children can read and run only what is below these paths, and write nothing. A path
 * that does not exist is left out. Call privileges_renounce() before. Nothing happens without Landlock. 0, or -1 with
 * errno. */
[[gnu::warn_unused_result]] int file_limit_start(const char *const *paths, size_t n);

#endif
