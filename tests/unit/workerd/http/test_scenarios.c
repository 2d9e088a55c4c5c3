/*
 * Runs the scenarios about the HTTP server.
 */
#include "tests/unit/workerd/http/steps/http_world.h"

int
main(int argc, char **argv)
{
	return scenario_main(&http_scenarios, "tests/unit/workerd/http/*.scenario", argc, argv);
}
