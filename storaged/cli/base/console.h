/*
 * What the banter command says to a person. Everything that may hold something from outside goes
 * through here: control characters become '?', so that no text can play tricks on a terminal.
 */
#ifndef STORAGED_CLI_BASE_CONSOLE_H
#define STORAGED_CLI_BASE_CONSOLE_H

/* One line on standard output; the line break is added. */
[[gnu::format(printf, 1, 2)]] void console_print(const char *fmt, ...);

/* One line on standard error, "banter: " before it. */
[[gnu::format(printf, 1, 2)]] void console_warn(const char *fmt, ...);

/* The same for what ends the command: what is wrong, and what to do about it. Returns status, an
 * exit status of sysexits(3), so that the caller can return it in turn. */
[[gnu::format(printf, 2, 3)]] int console_fail(int status, const char *fmt, ...);

/* Ends standard output. The exit status: that given, or EX_IOERR, with the reason said, when all was
 * well but for what could not be written. To be the last of a process. */
int console_close(int status);

/* console_fail() for what the system has against a path: says the error, and whose turn it is where
 * permission is missing. Returns the errno's exit status: EX_NOPERM, EX_NOINPUT, or EX_IOERR. */
int console_fail_path(const char *path, int error);

#endif
