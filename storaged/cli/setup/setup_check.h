/*
 * The checks of `banter setup`: the settings as the daemons read them, the model servers, and the service.
 *
 * Each takes a report: an array to which it adds an object for each check, {"name", "ok", "exit_status",
 * "messages"}; NULL: it prints the messages. It returns 0, or the exit status of the first check that failed.
 */
#ifndef STORAGED_CLI_SETUP_SETUP_CHECK_H
#define STORAGED_CLI_SETUP_SETUP_CHECK_H

#include <jansson.h>

/* The settings, of all daemons, so that every problem is reported; if they are valid, then each model
 * server, with one request. The environment must be that of the service. */
int setup_check_settings(json_t *report);

/* Whether the front end runs and each of its ports answers. */
int setup_check_service(json_t *report);

/* Prints which models the server of OPENAI_BASE_URL has, or why it does not say so, above the question for one. Uses
 * the settings of our environment. */
void setup_show_models(void);

#endif
