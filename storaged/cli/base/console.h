/*
 * Output of the banter command for people. All text that may come from outside is printed through
 * here: control characters become '?', so that no text can control the terminal.
 */
#ifndef STORAGED_CLI_BASE_CONSOLE_H
#define STORAGED_CLI_BASE_CONSOLE_H

#include <stddef.h>

/* Prints a line to standard output; adds the line break. */
[[gnu::format(printf, 1, 2)]] void console_print(const char *fmt, ...);

/* Prints a line to standard error, with "banter: " before it. */
[[gnu::format(printf, 1, 2)]] void console_warn(const char *fmt, ...);

/* Like console_warn(), for the error that ends the command: says what happened and what to do.
 * Returns status, an exit status of sysexits(3), for the caller to return. */
[[gnu::format(printf, 2, 3)]] int console_fail(int status, const char *fmt, ...);

/* From now on, console_fail() also copies its text to memory of the caller, which may be shared with child
 * processes; NULL ends that. */
void console_keep_errors(char *text, size_t size);

/* Closes standard output; the last call of a process. Returns status, or EX_IOERR after an error
 * message if status is 0 and the output could not be written. */
int console_close(int status);

/* console_fail() for a system error at a path; says which user to be if permission is missing.
 * Returns EX_NOPERM, EX_NOINPUT or EX_IOERR, depending on the errno. */
int console_fail_path(const char *path, int error);

#endif
