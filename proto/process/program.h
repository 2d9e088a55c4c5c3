/*
 * What storaged, searchd, crawld, maild and mediad have in common as programs: the arguments and the start of the process.
 */
#ifndef PROTO_PROCESS_PROGRAM_H
#define PROTO_PROCESS_PROGRAM_H

#include "proto/settings/settings.h"

struct program {
	const char *name;
	const char *purpose;                         /* a sentence for --help */
	unsigned owner;                              /* of its settings */
	int (*run)(const struct settings *settings); /* returns the exit status */
};

/* Reads the arguments --check, --help and --version and the settings, and runs the program unless it is only to be
 * checked. Returns the exit status; exits if the settings are invalid. */
[[gnu::warn_unused_result]] int program_main(
    const struct program *program, int argc, char **argv);

#endif
