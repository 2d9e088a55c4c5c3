/*
 * `banter erase`: removes a conversation, or all data of a visitor, permanently.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "storaged/cli/base/console.h"
#include "storaged/cli/base/list.h"
#include "storaged/cli/base/options.h"
#include "storaged/cli/base/units.h"
#include "storaged/cli/store/org_option.h"
#include "storaged/engine/schema.h"

static const char about[] = "Removes one conversation, or all data of a visitor, through a "
			    "running storaged: messages,\n"
			    "unfinished replies, and all index entries. This cannot be undone. "
			    "An unknown conversation or\n"
			    "visitor is not an error; an unknown organization or widget is.\n"
			    "\n"
			    "Older backups and data.mdb.replaced still contain the data, and "
			    "its bytes stay in free pages\n"
			    "of data.mdb until other data overwrites them.\n";

struct erase_args {
	const char *conversation, *session; /* one of the two is set */
	const char *org, *widget;           /* NULL: the first one */
	bool json;
	struct msg_conversation_erase of_conversation;
	struct msg_visitor_erase of_visitor;
};

/* Asks for confirmation; every answer except y and yes means no. */
static int
erase_confirm(const struct erase_args *args)
{
	char answer[16] = "";

	if (isatty(STDIN_FILENO) != 1 || isatty(STDERR_FILENO) != 1)
		return console_fail(
		    EX_USAGE, "cannot ask for confirmation without a terminal: add --yes");
	if (args->conversation != NULL)
		console_warn("This removes conversation %s permanently.", args->conversation);
	else
		console_warn("This removes all data of visitor %s permanently.", args->session);
	(void)fputs("Continue? [y/N] ", stderr);
	if (fgets(answer, sizeof(answer), stdin) == NULL)
		answer[0] = '\0';
	answer[strcspn(answer, "\n")] = '\0';
	if (strcmp(answer, "y") == 0 || strcmp(answer, "yes") == 0)
		return 0;
	return console_fail(EX_TEMPFAIL, "nothing was removed");
}

static void
erase_print_erased(const struct msg_erased *erased, bool json)
{
	if (json)
		list_print_json(json_pack("{s:I, s:I, s:b}", "conversations",
		    (json_int_t)erased->conversations, "messages", (json_int_t)erased->messages,
		    "visitor", (int)erased->visitor));
	else if (erased->conversations == 0 && erased->visitor)
		console_print("removed: a visitor without conversations");
	else if (erased->conversations == 0)
		console_print("nothing to remove");
	else
		console_print("removed: %s, %s",
		    units_count(erased->conversations, "conversation", "conversations").text,
		    units_count(erased->messages, "message", "messages").text);
}

/* Asks for the id of a widget that is named by its public id. 0, or the exit status after an error message. */
static int
erase_find_widget(struct store_conn *conn, struct erase_args *args)
{
	struct msg_record_get get = {.kind = MSG_WIDGET_RECORD};
	struct msg_widget_record w;
	union msg m;
	int status;

	if (args->widget == NULL || !id_is_zero(&args->of_visitor.widget))
		return 0;
	get.name = slice_str(args->widget);
	status = store_conn_request(conn, MSG_RECORD_GET, &get, MSG_RECORD, &m);
	if (status != 0)
		return status;
	must(msg_read_record(MSG_RECORD, &m, MSG_WIDGET_RECORD, &w));
	if (args->org != NULL && !id_equal(&args->of_visitor.org, &w.org))
		return console_fail(
		    EX_NOINPUT, "the widget %s belongs to another organization", args->widget);
	args->of_visitor.org = w.org;
	args->of_visitor.widget = w.id;
	return 0;
}

/* Nothing was removed: was an id mistyped? Data of a deleted widget can be removed, so this is not checked
 * before. */
static int
erase_check_ids(struct store_conn *conn, const struct erase_args *args)
{
	const struct msg_visitor_erase *m = &args->of_visitor;
	struct msg_record_get get = {.kind = MSG_WIDGET_RECORD, .org = m->org, .id = m->widget};
	union msg ignored;
	int status = org_option_check(conn, args->org, &m->org);

	if (status != 0 || args->session == NULL || (args->org == NULL && args->widget == NULL))
		return status;
	return store_conn_request(conn, MSG_RECORD_GET, &get, MSG_RECORD, &ignored);
}

static int
erase_request(const char *socket, struct erase_args *args)
{
	struct store_conn conn;
	struct msg_erased erased;
	union msg m;
	int status = store_conn_open_running(&conn, socket);

	if (status == 0)
		status = erase_find_widget(&conn, args);
	if (status == 0)
		status = args->conversation != NULL
		    ? store_conn_request(
			  &conn, MSG_CONVERSATION_ERASE, &args->of_conversation, MSG_ERASED, &m)
		    : store_conn_request(
			  &conn, MSG_VISITOR_ERASE, &args->of_visitor, MSG_ERASED, &m);
	if (status == 0) {
		erased = m.erased;
		if (erased.conversations == 0 && !erased.visitor)
			status = erase_check_ids(&conn, args);
	}
	if (status == 0)
		erase_print_erased(&erased, args->json);
	store_conn_close(&conn);
	return status;
}

static int
erase_read_id(const char *option, const char *text, struct id *id)
{
	if (text == NULL || id_parse(slice_str(text), id) == 0)
		return 0;
	return console_fail(EX_USAGE, "--%s %s is not a valid id", option, text);
}

/* A public id is looked up later: until then the id is zero. */
static int
erase_read_widget(struct erase_args *args)
{
	if (args->widget != NULL && strncmp(args->widget, "wid_", 4) == 0) {
		args->of_visitor.widget = (struct id){0};
		return 0;
	}
	if (args->widget == NULL ||
	    id_parse(slice_str(args->widget), &args->of_visitor.widget) == 0)
		return 0;
	return console_fail(EX_USAGE,
	    "--widget %s is not the id of a widget: see banter widget list", args->widget);
}

/* Reads what to remove from the options. */
static int
erase_read_args(struct erase_args *args)
{
	struct slice session = slice_str(args->session == NULL ? "" : args->session);
	int status;

	if ((args->conversation == NULL) == (args->session == NULL))
		return console_fail(EX_USAGE,
		    "give either --conversation ID or --session SESSION; see banter erase "
		    "--help");
	if (args->session != NULL &&
	    (session.len == 0 || session.len > SESSION_MAX || !utf8_valid(session)))
		return console_fail(
		    EX_USAGE, "--session must be 1 to %d bytes of UTF-8", SESSION_MAX);
	args->of_visitor = (struct msg_visitor_erase){
	    .org = id_default_org, .widget = id_default_widget, .session = session};
	status = org_option_parse(args->org, &args->of_visitor.org);
	if (status == 0)
		status = erase_read_widget(args);
	args->of_conversation.org = args->of_visitor.org;
	return status != 0 ? status
			   : erase_read_id("conversation", args->conversation,
				 &args->of_conversation.conversation);
}

int
erase_command(struct invocation *inv)
{
	struct erase_args args = {0};
	bool yes = false;
	const struct option_row rows[] = {
	    {"conversation", "ID", "the conversation to remove", .text = &args.conversation},
	    {"session", "SESSION", "the session id of the visitor to remove",
		.text = &args.session},
	    {"org", "ID", "the organization; default: the first one", .text = &args.org},
	    {"widget", "ID",
		"the visitor's widget, by either of its ids; default: the first one",
		.text = &args.widget},
	    {"yes", NULL, "do not ask for confirmation", .flag = &yes},
	    {"json", NULL, "print the result as JSON", .flag = &args.json},
	    {0},
	};
	int status;

	if (!options_read(inv, rows, about, &status))
		return status;
	status = erase_read_args(&args);
	if (status == 0 && !yes)
		status = erase_confirm(&args);
	return status == 0 ? erase_request(inv->settings.store_socket, &args) : status;
}
