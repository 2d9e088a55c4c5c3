/*
 * `banter widget`: lists the widgets of an organization through a running storaged. The admin API
 * creates and changes them.
 */
#include <string.h>
#include <sysexits.h>

#include "proto/base/basics.h"
#include "storaged/cli/base/console.h"
#include "storaged/cli/base/list.h"
#include "storaged/cli/base/options.h"
#include "storaged/cli/store/org_option.h"
#include "storaged/cli/store/store_pages.h"

static const char about[] = "ACTION is\n"
			    "  list  list the widgets of an organization, the oldest first: "
			    "the id for data-widget, whether\n"
			    "        the widget is enabled, and its name\n"
			    "\n"
			    "The admin API, /v1/admin/widgets, creates and changes widgets.\n";

static void
widget_list_item(void *list, struct slice item)
{
	struct msg_widget_record w;
	char id[ID_TEXT_LEN + 1];

	must(record_decode(item, MSG_WIDGET_RECORD, &w) == WIRE_OK);
	id_format(&w.id, id);
	list_add(list,
	    json_pack("{s:s%, s:s, s:b, s:I, s:s%}", "widget_id", (const char *)w.public_id.p,
		w.public_id.len, "id", id, "enabled", (int)w.enabled, "created_at",
		(json_int_t)w.created_at, "name", (const char *)w.name.p, w.name.len));
}

static int
widget_print_list(struct store_conn *conn, const struct id *org, bool json)
{
	static const struct list_column columns[] = {
	    {"WIDGET", "widget_id"}, {"ENABLED", "enabled"}, {"NAME", "name"}, {0}};
	struct msg_record_list ask = {.kind = MSG_WIDGET_RECORD, .org = *org};
	struct list list;
	int status;

	list_init(&list, columns);
	status = store_pages_walk(
	    conn, MSG_RECORD_LIST, &ask, &ask.cursor, MSG_RECORD_PAGE, widget_list_item, &list);
	return list_finish(&list, status, json);
}

int
widget_command(struct invocation *inv)
{
	const char *org_text = NULL;
	bool json = false;
	const struct option_row rows[] = {
	    {"org", "ID", "the organization; default: the first one", .text = &org_text},
	    {"json", NULL, "print JSON", .flag = &json},
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
		status = widget_print_list(&conn, &org, json);
	store_conn_close(&conn);
	return status;
}
