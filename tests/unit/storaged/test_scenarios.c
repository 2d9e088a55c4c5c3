/*
 * Runs the scenarios about the store.
 */
#include "tests/unit/storaged/steps/store_world.h"

int
main(int argc, char **argv)
{
	return scenario_main(&store_scenarios, "tests/unit/storaged/*/*.scenario", argc, argv);
}
