/*
 * `banter verify`: checks everything there is to check (storaged/verify/verify.h), in the store or in a
 * backup, while storaged goes on.
 */
#include "storaged/cli/base/options.h"
#include "storaged/cli/base/progress.h"
#include "storaged/cli/store/store_check.h"

static const char about[] =
    "Checks every invariant of the store, or of the backup FILE: that each record can be "
    "read,\n"
    "that indexes and records agree, that counters agree with what they count, that nothing "
    "is\n"
    "left of what is gone, and that every page is accounted for. storaged may go on "
    "meanwhile.\n"
    "\n"
    "Prints a line for each thing that is broken, and their sum. Exit status: 0 when the store "
    "is\n"
    "whole, 1 when something is broken; as in sysexits(3) when it could not be looked at.\n";

int
verify_command(struct invocation *inv)
{
	bool json = false, progress = false;
	const struct option_row rows[] = {
	    {"json", NULL, "print JSON Lines", .flag = &json},
	    {"progress", NULL, "tell how far it is, also when that goes to no terminal",
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
