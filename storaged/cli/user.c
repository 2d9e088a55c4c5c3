/*
 * `banter user`: manages dashboard users through a running storaged.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "proto/base/basics.h"
#include "proto/base/email.h"
#include "storaged/cli/base/console.h"
#include "storaged/cli/base/display_name.h"
#include "storaged/cli/base/list.h"
#include "storaged/cli/base/options.h"
#include "storaged/cli/store/org_option.h"
#include "storaged/cli/store/store_pages.h"
#include "storaged/cli/store/user_new.h"

static const char about[] =
    "ACTION is one of\n"
    "  add EMAIL     add a user, who signs in with this e-mail address and a password\n"
    "  list          list the users of an organization, the oldest first\n"
    "  remove EMAIL  remove the user and end their sessions\n"
    "  passwd EMAIL  change the user's password and end their sessions\n"
    "\n"
    "The first user of an organization becomes an owner, others become members, unless you "
    "choose.\n"
    "A member sees all data of the organization, but neither users nor keys. The password is "
    "asked\n"
    "for without echo, or read as a line if standard input is not a terminal.\n";

struct user_args {
	const char *email; /* NULL: the action has none */
	const char *org_text, *name_text;
	bool owner, member, generate, json;
	struct id org;
	struct slice name;
};

static int
user_get_password(const struct user_args *args, char password[USER_GENERATED + 1],
    char hashed[PASSWORD_TEXT_SIZE])
{
	password[0] = '\0';
	return args->generate ? user_generate_password(password, hashed)
			      : user_ask_password(hashed);
}

static const char *
user_role_name(enum user_role role)
{
	return role == USER_OWNER ? "owner" : "member";
}

/* Prints what was done with a user, as a sentence or as JSON, and wipes the password; "": none. */
static void
user_print_done(const struct user_args *args, const char *sentence, const char *done,
    char password[USER_GENERATED + 1])
{
	json_t *object;

	if (!args->json) {
		console_print("%s", sentence);
		if (*password != '\0')
			console_print("password: %s", password);
	} else {
		object = json_pack("{s:s, s:s}", "email", args->email, "done", done);
		if (*password != '\0')
			must(json_object_set_new(object, "password", json_string(password)) ==
			    0);
		list_print_json(object);
	}
	explicit_bzero(password, USER_GENERATED + 1);
}

static int
user_choose_role(struct store_conn *conn, const struct user_args *args, enum user_role *role)
{
	bool first = args->owner;
	int status = 0;

	if (!args->owner && !args->member)
		status = user_is_first(conn, &args->org, &first);
	*role = first ? USER_OWNER : USER_MEMBER;
	return status;
}

static int
user_add(struct store_conn *conn, const struct user_args *args)
{
	struct user_new user = {.org = args->org, .email = args->email, .name = args->name};
	char password[USER_GENERATED + 1], sentence[EMAIL_TEXT_MAX + 32];
	int status = user_choose_role(conn, args, &user.role);

	if (status == 0)
		status = user_get_password(args, password, user.password);
	if (status == 0)
		status = user_make(conn, &user);
	if (status != 0)
		return status;
	(void)snprintf(sentence, sizeof(sentence), "added %s, %s %s", args->email,
	    user.role == USER_OWNER ? "an" : "a", user_role_name(user.role));
	user_print_done(args, sentence, "added", password);
	return 0;
}

static int
user_lookup(struct store_conn *conn, const char *email, struct id *org, struct id *user)
{
	struct msg_record_get ask = {.kind = MSG_USER_RECORD, .name = slice_str(email)};
	struct msg_user_record r;
	union msg m;
	int status = store_conn_request(conn, MSG_RECORD_GET, &ask, MSG_RECORD, &m);

	if (status != 0)
		return status;
	must(msg_read_record(MSG_RECORD, &m, MSG_USER_RECORD, &r));
	*org = r.org;
	*user = r.id;
	return 0;
}

static int
user_delete(struct store_conn *conn, const struct user_args *args)
{
	struct msg_record_delete delete = {.kind = MSG_USER_RECORD};
	char none[USER_GENERATED + 1] = "", sentence[EMAIL_TEXT_MAX + 32];
	union msg m;
	int status = user_lookup(conn, args->email, &delete.org, &delete.id);

	if (status == 0)
		status = store_conn_request(conn, MSG_RECORD_DELETE, &delete, MSG_OK, &m);
	if (status != 0)
		return status;
	(void)snprintf(sentence, sizeof(sentence), "removed %s", args->email);
	user_print_done(args, sentence, "removed", none);
	return 0;
}

static int
user_passwd(struct store_conn *conn, const struct user_args *args)
{
	struct msg_user_change change = {.what = USER_PASSWORD};
	char password[USER_GENERATED + 1], hashed[PASSWORD_TEXT_SIZE];
	char sentence[EMAIL_TEXT_MAX + 32];
	union msg m;
	int status = user_lookup(conn, args->email, &change.org, &change.user);

	if (status == 0)
		status = user_get_password(args, password, hashed);
	if (status != 0)
		return status;
	change.password = slice_str(hashed);
	status = store_conn_request(conn, MSG_USER_CHANGE, &change, MSG_OK, &m);
	if (status != 0)
		return status;
	(void)snprintf(sentence, sizeof(sentence), "changed the password of %s", args->email);
	user_print_done(args, sentence, "changed", password);
	return 0;
}

static void
user_list_item(void *list, struct slice item)
{
	struct msg_user_record u;
	char id[ID_TEXT_LEN + 1];

	must(record_decode(item, MSG_USER_RECORD, &u) == WIRE_OK);
	id_format(&u.id, id);
	list_add(list,
	    json_pack("{s:s, s:s%, s:s, s:I, s:s%}", "id", id, "email", (const char *)u.email.p,
		u.email.len, "role", user_role_name((enum user_role)u.role), "created_at",
		(json_int_t)u.created_at, "name", (const char *)u.name.p, u.name.len));
}

static int
user_print_list(struct store_conn *conn, const struct user_args *args)
{
	static const struct list_column columns[] = {{"E-MAIL", "email"}, {"ROLE", "role"},
	    {"CREATED", "created_at"}, {"NAME", "name"}, {0}};
	struct msg_record_list ask = {.kind = MSG_USER_RECORD, .org = args->org};
	struct list list;
	int status;

	list_init(&list, columns);
	status = store_pages_walk(
	    conn, MSG_RECORD_LIST, &ask, &ask.cursor, MSG_RECORD_PAGE, user_list_item, &list);
	return list_finish(&list, status, args->json);
}

typedef int action_fn(struct store_conn *conn, const struct user_args *args);

static const struct action {
	const char *name;
	bool has_email;
	action_fn *run;
} actions[] = {
    {"add", true, user_add},
    {"list", false, user_print_list},
    {"remove", true, user_delete},
    {"passwd", true, user_passwd},
};

static const struct action *
user_find_action(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(actions); i++)
		if (strcmp(actions[i].name, name) == 0)
			return &actions[i];
	return NULL;
}

/* 0, or EX_USAGE after an error message. */
static int
user_check_args(const struct action *action, struct user_args *args)
{
	int status;

	if (!action->has_email && args->email != NULL)
		return console_fail(
		    EX_USAGE, "unexpected argument %s; see banter user --help", args->email);
	if (action->has_email && args->email == NULL)
		return console_fail(
		    EX_USAGE, "missing e-mail address: banter user %s EMAIL", action->name);
	if (args->owner && args->member)
		return console_fail(EX_USAGE, "--owner and --member exclude each other");
	if (args->name_text != NULL && !display_name_parse(args->name_text, &args->name))
		return console_fail(EX_USAGE,
		    "--name must be at most %d characters of UTF-8 in one line",
		    DISPLAY_NAME_MAX_UNITS);
	args->org = id_default_org;
	status = org_option_parse(args->org_text, &args->org);
	return status == 0 && action->has_email ? user_check_email(args->email) : status;
}

static int
user_run_action(const char *socket, const struct action *action, const struct user_args *args)
{
	struct store_conn conn;
	int status = store_conn_open_running(&conn, socket);

	if (status == 0)
		status = org_option_check(&conn, args->org_text, &args->org);
	if (status == 0)
		status = action->run(&conn, args);
	store_conn_close(&conn);
	return status;
}

int
user_command(struct invocation *inv)
{
	struct user_args args = {0};
	const struct option_row rows[] = {
	    {"org", "ID", "the organization; default: the first one", .text = &args.org_text},
	    {"name", "NAME", "the name of the new user", .text = &args.name_text},
	    {"owner", NULL, "the new user may manage users and keys", .flag = &args.owner},
	    {"member", NULL, "the new user may not manage users and keys",
		.flag = &args.member},
	    {"generate", NULL, "generate a random password and print it",
		.flag = &args.generate},
	    {"json", NULL, "print JSON", .flag = &args.json},
	    {0},
	};
	const struct action *action;
	int status;

	if (!options_read(inv, rows, about, &status))
		return status;
	action = user_find_action(inv->operand);
	if (action == NULL)
		return console_fail(
		    EX_USAGE, "unknown action %s; see banter user --help", inv->operand);
	args.email = inv->second;
	status = user_check_args(action, &args);
	return status == 0 ? user_run_action(inv->settings.store_socket, action, &args)
			   : status;
}
