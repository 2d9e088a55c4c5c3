/*
 * What organizations and users are called, as a command line says it.
 */
#ifndef STORAGED_CLI_BASE_DISPLAY_NAME_H
#define STORAGED_CLI_BASE_DISPLAY_NAME_H

#include <stdbool.h>

#include "proto/base/buf.h"

#define DISPLAY_NAME_MAX_UNITS 100 /* UTF-16 code units, as in the API */

/* The name that a text is, without the white space at its ends; it may be empty. False: it is no line of
 * UTF-8, or too long. */
[[gnu::warn_unused_result]] bool display_name_parse(const char *text, struct slice *name);

#endif
