/*
 * `workerd --list-models`: the names of the models of the settings' server, for `banter setup`.
 */
#ifndef WORKERD_MODEL_NAMES_H
#define WORKERD_MODEL_NAMES_H

#include "proto/settings/settings.h"

/* Asks the server of OPENAI_BASE_URL and prints the names to standard output, a line each, sorted. Returns the exit
 * status: 0, EX_NOPERM if the key was refused, or EX_UNAVAILABLE, after a line on standard error. */
[[gnu::warn_unused_result]] int model_names(const struct settings *s);

#endif
