/*
 * masterd's configuration: the settings of masterd and its workers, and the files that they name.
 * Read and checked as a whole, at start and at each reload, before any of it is used.
 */
#ifndef MASTERD_CONFIG_H
#define MASTERD_CONFIG_H

#include "masterd/certificate.h"
#include "proto/settings/settings.h"

struct config {
	struct settings settings;
	struct certificate certificate;
	char *warnings; /* a line of text for each warning */
};

/* For the start: if there are problems, prints them and the warnings, and exits with EX_CONFIG. */
void config_read_or_exit(struct config *c);

/* Prints the warnings, if any. */
void config_print_warnings(const struct config *c);

/* Logs the warnings; the log must be open. */
void config_log_warnings(const struct config *c);

/* For a reload: logs warnings and problems. 0, or -1 with *c empty if there was a problem. */
[[gnu::warn_unused_result]] int config_read_again(struct config *c);

/* Overwrites the certificate and frees everything; the result is empty. */
void config_clear(struct config *c);

#endif
