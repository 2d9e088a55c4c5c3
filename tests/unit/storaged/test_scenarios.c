/*
 * Runs all scenarios about the store: tests/unit/storaged/<folder>/<subject>.scenario, or the files
 * that the command line names.
 */
#include <glob.h>

#include "tests/unit/storaged/store_steps.h"

int
main(int argc, char **argv)
{
	glob_t files = {0};
	int failed;

	if (argc > 1)
		return scenario_main(
		    &store_scenarios, (const char *const *)argv + 1, (size_t)argc - 1);
	if (glob("tests/unit/storaged/*/*.scenario", 0, NULL, &files) != 0)
		return 1;
	failed = scenario_main(
	    &store_scenarios, (const char *const *)files.gl_pathv, files.gl_pathc);
	globfree(&files);
	return failed;
}
