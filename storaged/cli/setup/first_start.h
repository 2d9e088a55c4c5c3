/*
 * The files that the first start of the service needs: banter.env and the credentials.
 */
#ifndef STORAGED_CLI_SETUP_FIRST_START_H
#define STORAGED_CLI_SETUP_FIRST_START_H

/* Creates what is missing in the settings directory. 0, or the exit status after an error message. */
[[gnu::warn_unused_result]] int first_start_create_missing(const char *dir);

#endif
