/*
 * A command of the banter tool, and one run of it: what main.c passes to NAME_command().
 */
#ifndef STORAGED_CLI_BASE_COMMAND_H
#define STORAGED_CLI_BASE_COMMAND_H

#include "proto/settings/settings.h"

struct invocation;

struct command {
	const char *name;
	const char *operands; /* as in commands.def */
	const char *summary;
	int (*run)(struct invocation *inv);
};

struct invocation {
	const struct command *command;
	int argc;
	char **argv; /* from the command's name on */
	/* set by options_read() */
	const char *operand, *second; /* NULL: not given */
	char **operands;              /* all, up to a NULL */
	struct settings settings;
};

/* Each reads its options (options.h), and returns the exit status of the process. */
#define COMMAND(name, operands, summary) int name##_command(struct invocation *inv);
#include "storaged/cli/base/commands.def"

#endif
