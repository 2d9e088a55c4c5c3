/*
 * write(2) until all is written.
 */
#ifndef STORAGED_CLI_FILES_WRITE_ALL_H
#define STORAGED_CLI_FILES_WRITE_ALL_H

#include <stddef.h>

/* Writes n bytes to a blocking descriptor. 0, or an errno; then a part may be written. */
[[gnu::warn_unused_result]] int write_all(int fd, const void *bytes, size_t n);

#endif
