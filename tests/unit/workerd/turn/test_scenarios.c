/*
 * Runs the scenarios about replies.
 */
#include "tests/unit/workerd/turn/turn_steps.h"

int
main(int argc, char **argv)
{
	return scenario_main(&turn_scenarios, "tests/unit/workerd/turn/*.scenario", argc, argv);
}
