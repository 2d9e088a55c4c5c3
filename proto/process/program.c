#include "proto/process/program.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "proto/process/privileges.h"

/* program_read_arguments() returns this, in place of an exit status, if the program shall run. */
#define PROGRAM_RUNS (-1)

static void
program_print_help(const struct program *program)
{
	printf("usage: %s [--check | --help | --version]\n"
	       "%s\n"
	       "  --check    look at the settings only: exit 0, or 78 if there is a problem\n\n"
	       "Settings, from the environment:\n",
	    program->name, program->purpose);
	settings_print_help(stdout, program->owner);
}

/* PROGRAM_RUNS, or the exit status. */
static int
program_read_arguments(const struct program *program, int argc, char **argv, bool *check)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0) {
			program_print_help(program);
			return 0;
		}
		if (strcmp(argv[i], "--version") == 0) {
			printf("%s %s\n", program->name, BANTER_VERSION);
			return 0;
		}
		if (strcmp(argv[i], "--check") != 0) {
			fprintf(stderr, "%s: unknown argument %s; see --help\n", program->name,
			    argv[i]);
			return EX_USAGE;
		}
		*check = true;
	}
	return PROGRAM_RUNS;
}

static int
program_run(const struct program *program, const struct settings *settings)
{
	if (!settings->core_dumps)
		privileges_hide_memory();
	log_open(program->name, settings->log_level);
	signal(SIGPIPE, SIG_IGN);
	fd_raise_limit();
	return program->run(settings);
}

int
program_main(const struct program *program, int argc, char **argv)
{
	struct settings settings;
	bool check = false;
	int status = program_read_arguments(program, argc, argv, &check);

	if (status != PROGRAM_RUNS)
		return status;
	privileges_renounce();
	settings_load_or_exit(&settings, program->owner);
	memory_return_large();
	status = check ? 0 : program_run(program, &settings);
	settings_clear(&settings);
	return status;
}
