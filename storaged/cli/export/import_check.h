/*
 * Checks the checksum of an export before anything of it is imported.
 */
#ifndef STORAGED_CLI_EXPORT_IMPORT_CHECK_H
#define STORAGED_CLI_EXPORT_IMPORT_CHECK_H

#include <stdbool.h>

/* Whether the file's checksum is wrong. Reads a regular file from its position, and returns to it. False also
 * for a file that has no checksum, is truncated or cannot be read: the import reports that. */
[[gnu::warn_unused_result]] bool import_check_is_changed(int fd);

#endif
