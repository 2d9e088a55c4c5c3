/*
 * The options of a command: one table parses the command line and prints --help.
 */
#ifndef STORAGED_CLI_BASE_OPTIONS_H
#define STORAGED_CLI_BASE_OPTIONS_H

#include <stdbool.h>

#include "storaged/cli/base/command.h"

#define OPTIONS_MAX 20 /* per command, without the common ones */

/* A flag, or an option with a value. The last row has a NULL name. */
struct option_row {
	const char *name;  /* without dashes */
	const char *value; /* its placeholder in the help */
	const char *help;
	bool *flag;        /* where to store it: flag or text */
	const char **text; /* borrowed from the command line */
};

/*
 * Reads the command line and the settings (DATA_DIR and STORE_SOCKET of the environment, overridden
 * by --data-dir and --socket). True: run the command, then clear inv->settings. False: exit with
 * *status; the help or an error message was printed. about is the text of the help, with its line
 * breaks.
 */
[[gnu::warn_unused_result]] bool options_read(
    struct invocation *inv, const struct option_row *rows, const char *about, int *status);

#endif
