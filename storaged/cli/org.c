/*
 * `banter org`: organizations, through a running storaged.
 */
#include <string.h>
#include <sysexits.h>

#include "proto/base/basics.h"
#include "storaged/cli/console.h"
#include "storaged/cli/display_name.h"
#include "storaged/cli/options.h"
#include "storaged/cli/store_pages.h"
#include "storaged/cli/units.h"

static const char about[] =
    "ACTION is one of\n"
    "  add NAME     a new organization, with a widget and an agent of its own\n"
    "  list         all of them, the oldest first\n"
    "\n"
    "Each has conversations, contacts, widgets, agents, users and keys of its own, and sees\n"
    "nothing of the others'. A fresh store has one, to which the keys of the settings "
    "belong.\n";

static int
add(struct store_line *line, struct slice name)
{
	char public_id[SECRET_PUBLIC_ID_TEXT + 1], id[ID_TEXT_LEN + 1];
	struct msg_org_create create = {
	    .org = id_new(),
	    .name = name,
	    .agent = id_new(),
	    .widget = id_new(),
	};
	union msg m;
	int status;

	secret_public_id(public_id);
	create.public_id = slice_str(public_id);
	status = store_line_ask(line, MSG_ORG_CREATE, &create, MSG_OK, &m);
	if (status != 0)
		return status;
	id_format(&create.org, id);
	say("added organization %s, with the widget %s", id, public_id);
	say("Its first user:  banter user add EMAIL --org %s", id);
	return 0;
}

static void
print_org(struct slice item)
{
	struct msg_org_record org;
	char id[ID_TEXT_LEN + 1];

	must(record_decode(item, MSG_ORG_RECORD, &org) == WIRE_OK);
	id_format(&org.id, id);
	say("%s  %s  %.*s", id, words_time(org.created_at).text, (int)org.name.len,
	    (const char *)org.name.p);
}

static int
list(struct store_line *line)
{
	struct msg_org_list ask = {0};

	return store_pages_walk(line, MSG_ORG_LIST, &ask, &ask.after, MSG_ORG_PAGE, print_org);
}

static bool
is_add(const struct invocation *inv)
{
	return strcmp(inv->operand, "add") == 0;
}

/* Whether the command line makes sense, and the name if it has one; 0, or EX_USAGE with the reason said. */
static int
check(const struct invocation *inv, struct slice *name)
{
	if (is_add(inv)) {
		if (inv->second != NULL && name_read(inv->second, name) && name->len > 0)
			return 0;
		return fail(EX_USAGE,
		    "banter org add NAME: a name has 1 to %d characters, in one line",
		    NAME_MAX_UNITS);
	}
	if (strcmp(inv->operand, "list") != 0)
		return fail(EX_USAGE, "%s is no action; see banter org --help", inv->operand);
	if (inv->second != NULL)
		return fail(EX_USAGE, "%s is too much; see banter org --help", inv->second);
	return 0;
}

int
run_org(struct invocation *inv)
{
	static const struct option_row rows[] = {{0}};
	struct store_line line;
	struct slice name = {0};
	int status;

	if (!options_read(inv, rows, about, &status))
		return status;
	status = check(inv, &name);
	if (status != 0)
		return status;
	status = store_line_reach(&line, inv->settings.store_socket);
	if (status == 0)
		status = is_add(inv) ? add(&line, name) : list(&line);
	store_line_close(&line);
	return status;
}
