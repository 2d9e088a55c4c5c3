/*
 * One question to each model server, asked by hand: are its address and key right?
 */
#ifndef WORKERD_MODEL_CHECK_H
#define WORKERD_MODEL_CHECK_H

#include "proto/settings/settings.h"

/* Asks, says on standard output or standard error what came of each, and returns the exit status: 0,
 * or that of the first that failed: EX_NOPERM when the key was refused, EX_CONFIG when there is no
 * such model or path, or EX_UNAVAILABLE. */
[[gnu::warn_unused_result]] int model_check(const struct settings *s);

#endif
