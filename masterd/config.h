/*
 * All that masterd takes from outside: the settings, its own and its workers', and the files that
 * they name. Read and checked as a whole, at start and again at each reload, before any of it is
 * used.
 */
#ifndef MASTERD_CONFIG_H
#define MASTERD_CONFIG_H

#include "masterd/identity.h"
#include "proto/settings.h"

struct config {
	struct settings settings;
	struct identity identity;
};

/* At start: prints warnings; with any problem prints them all and exits EX_CONFIG. */
void config_read_or_exit(struct config *c);

/* Later: logs warnings and problems. 0, or -1 with an empty *c if there was any problem. */
[[gnu::warn_unused_result]] int config_read_again(struct config *c);

/* Overwrites the identity and frees all. */
void config_clear(struct config *c);

#endif
