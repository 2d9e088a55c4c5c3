/*
 * Scenarios: tests as text, one step a line, for subjects that take messages and send messages. A
 * file (*.scenario) contains:
 *
 *	# a comment, on a line of its own
 *	use FILE                           the macros and defaults of another file
 *	default MESSAGE FIELD=VALUE ...    values of fields that steps need not name
 *	macro NAME PARAMETER ...           steps with parameters, for this file and those that use it
 *		STEPS
 *	scenario A SENTENCE THAT HOLDS     one test
 *		STEPS
 *
 * A scenario may begin with a table. It then runs once for each row, with the columns as parameters:
 *
 *	scenario a visitor cannot write to a widget that is %state
 *		with state      change
 *		| disabled      enabled=0
 *		| deleted       ...
 *		STEPS
 *
 * With "|" between the columns (with state | change), the cells of a row are separated by "|" too,
 * and may contain spaces or nothing. The cell of a single column may contain spaces, too.
 *
 * Steps are indented by a tab. `%name` is the value of a parameter; `%*` in a macro stands for the
 * words of its call that have no parameter. `repeat N i` … `end` repeats the steps between, with %i
 * from 0. Any other step is a macro, or one of the subject's own.
 */
#ifndef TESTS_UNIT_SCENARIO_SCENARIO_H
#define TESTS_UNIT_SCENARIO_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/unit/scenario/words.h"

/* What the scenarios are about. */
struct scenario_subject {
	/* Before and after each scenario. */
	void *(*set_up)(void);
	void (*tear_down)(void *world);
	/* Runs one step. False: there is no such step. */
	bool (*step)(void *world, const struct words *step);
	/* After the last step of a scenario. */
	void (*end)(void *world);
};

/* Runs the scenarios of the files that match a pattern, or of those that the command line names. The
 * environment variable SCENARIO is a pattern for the names of those to run. Returns main()'s result. */
int scenario_main(
    const struct scenario_subject *subject, const char *pattern, int argc, char **argv);

/* Fails the scenario; the file's name and line are printed too. */
[[gnu::noreturn, gnu::format(printf, 1, 2)]] void scenario_fail(const char *format, ...);

#endif
