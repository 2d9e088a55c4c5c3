/*
 * Runs a daemon of the same installation or build, for checks that only the daemon can do.
 */
#ifndef STORAGED_CLI_BASE_DAEMONS_H
#define STORAGED_CLI_BASE_DAEMONS_H

#include <limits.h>

/* The path of a daemon: next to this program in a build directory, in lib/banter/ if it is installed
 * in bin/. 0, or EX_OSFILE after an error message if it is not installed. */
[[gnu::warn_unused_result]] int daemons_find_path(const char *daemon, char path[PATH_MAX]);

/* Runs a daemon with one option and our environment, and waits for it. It writes its messages to the
 * descriptor output; -1: it prints them. Returns its exit status, or EX_OSFILE with an error message if it
 * is not installed. */
[[gnu::warn_unused_result]] int daemons_run(const char *daemon, const char *option, int output);

#endif
