/*
 * Makes the actions that somebody has agreed to. storaged asks the worker that has its lease (LIVE_STEP), which takes the step:
 * from then on it is running, and only this run may send its request, once. What came of it goes back to storaged, again until
 * that has it. Then, or if nothing was to be done, the worker begins the reply that sees the result.
 *
 * What will be sent is prepared again, and compared with what was shown to who has decided.
 */
#ifndef WORKERD_ACTIONS_ACTION_RUNNER_H
#define WORKERD_ACTIONS_ACTION_RUNNER_H

#include <stddef.h>

struct action_runner;
struct turns;

/* The turns are borrowed. */
struct action_runner *action_runner_new(struct turns *turns);

/* Actions that are being made, or whose outcome storaged has not got yet. */
size_t action_runner_running(const struct action_runner *r);

/* Before the store's client and the tools' servers. What is under way is given up: storaged takes it for unknown. NULL: does
 * nothing. */
void action_runner_free(struct action_runner *r);

#endif
