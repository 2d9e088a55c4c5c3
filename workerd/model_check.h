/*
 * `workerd --check-model`: one request to each model server, to check its address and key.
 */
#ifndef WORKERD_MODEL_CHECK_H
#define WORKERD_MODEL_CHECK_H

#include "proto/settings/settings.h"

/* Sends the requests, prints the results to standard output or standard error, and returns the exit
 * status: 0, or that of the first failure: EX_NOPERM if the key was refused, EX_CONFIG for an
 * unknown model or path, or EX_UNAVAILABLE. */
[[gnu::warn_unused_result]] int model_check(const struct settings *s);

#endif
