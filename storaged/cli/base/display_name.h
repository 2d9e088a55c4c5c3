/*
 * Names of organizations and users on the command line.
 */
#ifndef STORAGED_CLI_BASE_DISPLAY_NAME_H
#define STORAGED_CLI_BASE_DISPLAY_NAME_H

#include <stdbool.h>

#include "proto/base/buf.h"

#define DISPLAY_NAME_MAX_UNITS 100 /* UTF-16 code units, as in the API */

/* Trims white space at the ends of the text; the name may be empty. False: the text is not one line
 * of UTF-8, or too long. */
[[gnu::warn_unused_result]] bool display_name_parse(const char *text, struct slice *name);

#endif
