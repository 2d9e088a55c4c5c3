/*
 * `banter org`: manages organizations through a running storaged.
 */
#include <string.h>
#include <sysexits.h>

#include "proto/base/basics.h"
#include "proto/ipc/public_id.h"
#include "storaged/cli/base/console.h"
#include "storaged/cli/base/display_name.h"
#include "storaged/cli/base/list.h"
#include "storaged/cli/base/options.h"
#include "storaged/cli/store/store_pages.h"

static const char about[] =
    "ACTION is one of\n"
    "  add NAME     add an organization with a widget and an agent\n"
    "  list         list all organizations, the oldest first\n"
    "\n"
    "Each organization has its own conversations, contacts, widgets, agents, users and keys, "
    "and\n"
    "cannot see those of others. A new store has one organization, to which the keys of the\n"
    "settings belong.\n";

static int
org_add(struct store_conn *conn, struct slice name, bool json)
{
	char public_id[PUBLIC_ID_TEXT + 1], id[ID_TEXT_LEN + 1];
	struct msg_org_create create = {
	    .org = id_new(),
	    .name = name,
	    .agent = id_new(),
	    .widget = id_new(),
	};
	union msg m;
	int status;

	public_id_new(public_id);
	create.public_id = slice_str(public_id);
	status = store_conn_request(conn, MSG_ORG_CREATE, &create, MSG_OK, &m);
	if (status != 0)
		return status;
	id_format(&create.org, id);
	if (json) {
		list_print_json(json_pack("{s:s, s:s}", "id", id, "widget_id", public_id));
		return 0;
	}
	console_print("added organization %s, with the widget %s", id, public_id);
	console_print("To add its first user:  banter user add EMAIL --org %s", id);
	return 0;
}

static void
org_list_item(void *list, struct slice item)
{
	struct msg_org_record org;
	char id[ID_TEXT_LEN + 1];

	must(record_decode(item, MSG_ORG_RECORD, &org) == WIRE_OK);
	id_format(&org.id, id);
	list_add(list,
	    json_pack("{s:s, s:I, s:s%}", "id", id, "created_at", (json_int_t)org.created_at,
		"name", (const char *)org.name.p, org.name.len));
}

static int
org_print_list(struct store_conn *conn, bool json)
{
	static const struct list_column columns[] = {
	    {"ID", "id"}, {"CREATED", "created_at"}, {"NAME", "name"}, {0}};
	struct msg_org_list ask = {0};
	struct list list;
	int status;

	list_init(&list, columns);
	status = store_pages_walk(
	    conn, MSG_ORG_LIST, &ask, &ask.after, MSG_ORG_PAGE, org_list_item, &list);
	return list_finish(&list, status, json);
}

static bool
org_is_add(const struct invocation *inv)
{
	return strcmp(inv->operand, "add") == 0;
}

/* Checks the operands; *name is the name for add. 0, or EX_USAGE after an error message. */
static int
org_check_args(const struct invocation *inv, struct slice *name)
{
	if (org_is_add(inv)) {
		if (inv->second != NULL && display_name_parse(inv->second, name) &&
		    name->len > 0)
			return 0;
		return console_fail(EX_USAGE,
		    "banter org add NAME: the name must have 1 to %d characters in one line",
		    DISPLAY_NAME_MAX_UNITS);
	}
	if (strcmp(inv->operand, "list") != 0)
		return console_fail(
		    EX_USAGE, "unknown action %s; see banter org --help", inv->operand);
	if (inv->second != NULL)
		return console_fail(
		    EX_USAGE, "unexpected argument %s; see banter org --help", inv->second);
	return 0;
}

int
org_command(struct invocation *inv)
{
	bool json = false;
	const struct option_row rows[] = {
	    {"json", NULL, "print JSON", .flag = &json},
	    {0},
	};
	struct store_conn conn;
	struct slice name = {0};
	int status;

	if (!options_read(inv, rows, about, &status))
		return status;
	status = org_check_args(inv, &name);
	if (status != 0)
		return status;
	status = store_conn_open_running(&conn, inv->settings.store_socket);
	if (status == 0)
		status =
		    org_is_add(inv) ? org_add(&conn, name, json) : org_print_list(&conn, json);
	store_conn_close(&conn);
	return status;
}
