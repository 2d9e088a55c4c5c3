/*
 * The option --org of several commands.
 */
#ifndef STORAGED_CLI_STORE_ORG_OPTION_H
#define STORAGED_CLI_STORE_ORG_OPTION_H

#include "storaged/cli/store/store_conn.h"

/* Parses the option's text; NULL (not given) leaves *org unchanged. 0, or EX_USAGE after an error message. */
[[gnu::warn_unused_result]] int org_option_parse(const char *text, struct id *org);

/* Whether the organization exists. Without this check, a mistyped id would look like an organization
 * without data. Does nothing if the option was not given. 0, or the exit status after an error message:
 * EX_NOINPUT if it does not exist. */
[[gnu::warn_unused_result]] int org_option_check(
    struct store_conn *conn, const char *text, const struct id *org);

#endif
