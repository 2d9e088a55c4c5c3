/* Scenarios about the store: steps/store_steps.c describes their steps. */
#ifndef TESTS_UNIT_STORAGED_STORE_STEPS_H
#define TESTS_UNIT_STORAGED_STORE_STEPS_H

#include "tests/unit/scenario/scenario.h"

extern const struct scenario_subject store_scenarios;

#endif
