/*
 * A command's options: one table says what there is, reads the command line, and prints --help.
 */
#ifndef STORAGED_CLI_BASE_OPTIONS_H
#define STORAGED_CLI_BASE_OPTIONS_H

#include <stdbool.h>

#include "storaged/cli/base/command.h"

#define OPTIONS_MAX 8 /* of a command's own */

/* A flag, or an option with a value. Ends with a name of NULL. */
struct option_row {
	const char *name;  /* without its dashes */
	const char *value; /* what stands for the value in the help; NULL: a flag */
	const char *help;
	bool *flag;        /* where it goes: one of the two */
	const char **text; /* borrowed from the command line */
};

/*
 * Reads the command line and the settings (the environment's DATA_DIR and STORE_SOCKET, or what
 * --data-dir and --socket say in their place). True: the command may run, and has to clear
 * inv->settings. False: *status is the exit status; the help was printed, or what is wrong. about
 * is the text of the help, lines and all.
 */
[[gnu::warn_unused_result]] bool options_read(
    struct invocation *inv, const struct option_row *rows, const char *about, int *status);

#endif
