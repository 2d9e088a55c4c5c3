/*
 * banter: the administration tool. Some commands send requests to a running storaged, some read the
 * store themselves (snapshot.h), and restore replaces it while storaged is stopped. It runs as the
 * user of storaged, or as root.
 *
 * Exit status: 0; 1 when `verify` found problems; else as in sysexits(3).
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "storaged/cli/base/command.h"
#include "storaged/cli/base/console.h"

static const struct command commands[] = {
#define COMMAND(name, operands, summary) {#name, operands, summary, name##_command},
#include "storaged/cli/base/commands.def"
};

static int
banter_print_help(void)
{
	printf("usage: banter COMMAND [options]\nAdministers banter: its settings, store, "
	       "organizations and users.\n\n");
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		char left[32];

		(void)snprintf(
		    left, sizeof(left), "%s %s", commands[i].name, commands[i].operands);
		printf("  %-19s %s\n", left, commands[i].summary);
	}
	printf("  %-19s show this help, or that of a command\n", "help [COMMAND]");
	printf("  %-19s show the version\n", "-V, --version");
	printf("\nEach command has -h and --help; banter(1) is the manual.\n");
	return 0;
}

static const struct command *
banter_find_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static int
banter_run_command(int argc, char **argv)
{
	struct invocation inv = {
	    .command = banter_find_command(argv[0]), .argc = argc, .argv = argv};
	int status;

	if (inv.command == NULL)
		return console_fail(EX_USAGE, "unknown command %s; see banter help", argv[0]);
	status = inv.command->run(&inv);
	settings_clear(&inv.settings);
	return status;
}

static int
banter_help(int argc, char **argv)
{
	static char option[] = "--help";

	if (argc == 1)
		return banter_print_help();
	if (argc > 2)
		return console_fail(
		    EX_USAGE, "unexpected argument %s; see banter help", argv[2]);
	return banter_run_command(2, (char *[]){argv[1], option, NULL});
}

static int
banter_run(int argc, char **argv)
{
	if (argc < 2)
		return console_fail(EX_USAGE, "missing command; see banter help");
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		printf("banter %s\n", BANTER_VERSION);
		return 0;
	}
	if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 ||
	    strcmp(argv[1], "-h") == 0)
		return banter_help(argc - 1, argv + 1);
	return banter_run_command(argc - 1, argv + 1);
}

int
main(int argc, char **argv)
{
	log_open("banter", LOG_ERROR);
	/* Failed writes are handled where they happen, so that the store is closed properly. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	umask(077);
	return console_close(banter_run(argc, argv));
}
