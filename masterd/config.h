/*
 * All that masterd takes from outside: the settings, its own and its workers', and the files that
 * they name. Read and checked as a whole, at start and again at each reload, before any of it is
 * used.
 */
#ifndef MASTERD_CONFIG_H
#define MASTERD_CONFIG_H

#include "masterd/certificate.h"
#include "proto/settings/settings.h"

struct config {
	struct settings settings;
	struct certificate certificate;
	char *warnings; /* what is no reason to refuse them: a line of text each */
};

/* At start: with any problem prints all of them, and the warnings, and exits EX_CONFIG. */
void config_read_or_exit(struct config *c);

/* Prints the warnings for a person, if there are any. */
void config_print_warnings(const struct config *c);

/* The same as lines of the log, which must be open. */
void config_log_warnings(const struct config *c);

/* Later: logs warnings and problems. 0, or -1 with an empty *c if there was any problem. */
[[gnu::warn_unused_result]] int config_read_again(struct config *c);

/* Overwrites the certificate and frees all; it is empty then. */
void config_clear(struct config *c);

#endif
