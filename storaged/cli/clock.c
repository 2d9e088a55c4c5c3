/*
 * `banter clock`: tells storaged that the clock is right.
 */
#include <string.h>
#include <sysexits.h>

#include "storaged/cli/base/console.h"
#include "storaged/cli/base/options.h"
#include "storaged/cli/store/store_conn.h"

static const char about[] =
    "ACTION is reset: tells storaged that the clock of this machine is right now.\n"
    "\n"
    "Logins expire by the latest time that the store has seen, so that an expired login stays "
    "expired\n"
    "when the clock is set back. If the clock was ahead for a while, `banter status` shows how "
    "far; the\n"
    "reset lets the store follow the clock again. Users who signed in since then must sign in "
    "again.\n"
    "\n"
    "RETENTION_DAYS follows a clock that was set ahead by at most one day an hour, so that "
    "a wrong clock\n"
    "does not erase everything; after the reset at once.\n";

int
clock_command(struct invocation *inv)
{
	const struct option_row rows[] = {{0}};
	struct store_conn conn;
	union msg m;
	int status;

	if (!options_read(inv, rows, about, &status))
		return status;
	if (strcmp(inv->operand, "reset") != 0)
		return console_fail(
		    EX_USAGE, "unknown action %s; see banter clock --help", inv->operand);
	status = store_conn_open_running(&conn, inv->settings.store_socket);
	if (status == 0)
		status = store_conn_request(
		    &conn, MSG_CLOCK_RESET, &(struct msg_clock_reset){}, MSG_OK, &m);
	store_conn_close(&conn);
	if (status == 0)
		console_print("the store's time is that of the clock again");
	return status;
}
