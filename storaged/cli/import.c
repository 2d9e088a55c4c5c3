/*
 * `banter import`: what banter has exported, or another chat.
 */
#include <sysexits.h>

#include "storaged/cli/base/console.h"
#include "storaged/cli/base/options.h"
#include "storaged/cli/base/progress.h"
#include "storaged/cli/export/import.h"
#include "storaged/cli/foreign/foreign.h"

static const char about[] =
    "Imports an export of banter through a running storaged. Existing objects are set to the "
    "state of the\n"
    "export; objects that are not in the export stay. FILE - is standard input.\n"
    "\n"
    "Reports each invalid line, imports the others, and exits with status 65. Importing the "
    "same\n"
    "file again is harmless. A file that was changed after the export has a wrong checksum, "
    "and is\n"
    "refused; from standard input, this is only known at the end.\n"
    "\n"
    "With --from, imports files and directories of another chat's export: JSON, JSON Lines and "
    "CSV.\n"
    "What is there already stays as it is. Prints what does not fit.\n";

int
import_command(struct invocation *inv)
{
	struct foreign_options foreign = {0};
	bool force = false, progress = false;
	const struct option_row rows[] = {
	    {"force", NULL, "import a file with a wrong checksum", .flag = &force},
	    {"from", "CHAT", "import the export of another chat: chatwoot or intercom",
		.text = &foreign.from},
	    {"dry-run", NULL, "with --from: only count, and name what does not fit",
		.flag = &foreign.dry_run},
	    {"org", "ID", "with --from: the organization; default: the first one",
		.text = &foreign.org},
	    {"widget", "ID",
		"with --from: the conversations' widget, by either of its ids; default: the "
		"first one",
		.text = &foreign.widget},
	    {"progress", NULL, "show progress, even if standard error is not a terminal",
		.flag = &progress},
	    {"json", NULL, "print the report as JSON", .flag = &foreign.json},
	    {0},
	};
	int status;

	if (!options_read(inv, rows, about, &status))
		return status;
	progress_open(progress);
	foreign.socket = inv->settings.store_socket;
	if (foreign.from != NULL && force)
		return console_fail(EX_USAGE, "--force is for exports of banter");
	if (foreign.from != NULL)
		return foreign_import(&foreign, inv->operands);
	if (foreign.dry_run || foreign.org != NULL || foreign.widget != NULL)
		return console_fail(
		    EX_USAGE, "--dry-run, --org and --widget need --from chatwoot or intercom");
	if (inv->operands[1] != NULL)
		return console_fail(EX_USAGE,
		    "unexpected argument %s: without --from, import one file at a time",
		    inv->operands[1]);
	return import_export(inv->operand, foreign.socket, force, foreign.json);
}
