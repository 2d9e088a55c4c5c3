/*
 * `banter widget`: lists the widgets of an organization through a running storaged. The admin API
 * creates and changes them.
 */
#include <string.h>
#include <sysexits.h>

#include "proto/base/basics.h"
#include "storaged/cli/base/console.h"
#include "storaged/cli/base/options.h"
#include "storaged/cli/store/org_option.h"
#include "storaged/cli/store/store_pages.h"

static const char about[] = "ACTION is\n"
			    "  list  list the widgets of an organization, the oldest first: "
			    "the id for data-widget, whether\n"
			    "        the widget is on, and its name\n"
			    "\n"
			    "The admin API, /v1/admin/widgets, creates and changes widgets.\n";

static void
widget_print_item(struct slice item)
{
	struct msg_widget_record w;

	must(record_decode(item, MSG_WIDGET_RECORD, &w) == WIRE_OK);
	console_print("%.*s  %s  %.*s", (int)w.public_id.len, (const char *)w.public_id.p,
	    w.enabled ? "on" : "off", (int)w.name.len, (const char *)w.name.p);
}

static int
widget_print_list(struct store_conn *conn, const struct id *org)
{
	struct msg_record_list ask = {.kind = MSG_WIDGET_RECORD, .org = *org};

	return store_pages_walk(
	    conn, MSG_RECORD_LIST, &ask, &ask.cursor, MSG_RECORD_PAGE, widget_print_item);
}

int
widget_command(struct invocation *inv)
{
	const char *org_text = NULL;
	const struct option_row rows[] = {
	    {"org", "ID", "the organization; default: the first one", .text = &org_text},
	    {0},
	};
	struct id org = id_default_org;
	struct store_conn conn;
	int status;

	if (!options_read(inv, rows, about, &status))
		return status;
	if (strcmp(inv->operand, "list") != 0)
		return console_fail(
		    EX_USAGE, "unknown action %s; see banter widget --help", inv->operand);
	status = org_option_parse(org_text, &org);
	if (status != 0)
		return status;
	status = store_conn_open_running(&conn, inv->settings.store_socket);
	if (status == 0)
		status = org_option_check(&conn, org_text, &org);
	if (status == 0)
		status = widget_print_list(&conn, &org);
	store_conn_close(&conn);
	return status;
}
