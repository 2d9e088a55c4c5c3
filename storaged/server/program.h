/*
 * What storaged and searchd have in common as programs: the arguments, the start of the process, and the socket
 * on which they serve.
 */
#ifndef STORAGED_SERVER_PROGRAM_H
#define STORAGED_SERVER_PROGRAM_H

#include "proto/settings/settings.h"
#include "storaged/server/access.h"

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

/* Serves on a listening socket until SIGTERM or SIGINT; returns the exit status. */
typedef int program_serve_fn(
    const struct settings *settings, const struct access *access, int listener, void *arg);

/* Opens the socket at path, or takes the inherited one, and serves on it. 0, or the exit status with the reason
 * logged. */
[[gnu::warn_unused_result]] int program_listen(const struct settings *settings,
    const struct access *access, const char *path, program_serve_fn *serve, void *arg);

#endif
