/*
 * `banter verify`: checks every invariant (storaged/verify/verify.h) of the store or of a backup,
 * while storaged runs.
 */
#include "storaged/cli/base/options.h"
#include "storaged/cli/base/progress.h"
#include "storaged/cli/store/store_check.h"

static const char about[] =
    "Checks every invariant of the store, or of the backup FILE: every record can be read, "
    "indexes\n"
    "and counters match the records, nothing is left of deleted objects, and every page is\n"
    "accounted for. storaged may run meanwhile.\n"
    "\n"
    "Prints a line for each problem, and a summary. Exit status: 0 without problems, 1 with\n"
    "problems, as in sysexits(3) if the check could not run.\n";

int
verify_command(struct invocation *inv)
{
	bool json = false, progress = false;
	const struct option_row rows[] = {
	    {"json", NULL, "print JSON Lines", .flag = &json},
	    {"progress", NULL, "show progress, even if standard error is not a terminal",
		.flag = &progress},
	    {0},
	};
	struct store_check check = {0};
	int status;

	if (!options_read(inv, rows, about, &status))
		return status;
	progress_open(progress);
	check.path = inv->operand != NULL ? inv->operand : inv->settings.data_dir;
	check.json = json;
	return store_check_run(&check);
}
