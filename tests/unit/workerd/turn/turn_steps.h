/* Scenarios about replies: turn_steps.c describes their steps. */
#ifndef TESTS_UNIT_WORKERD_TURN_TURN_STEPS_H
#define TESTS_UNIT_WORKERD_TURN_TURN_STEPS_H

#include "tests/unit/scenario/scenario.h"

extern const struct scenario_subject turn_scenarios;

#endif
