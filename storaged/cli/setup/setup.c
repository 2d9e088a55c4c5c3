/*
 * `banter setup`: creates the settings that banter needs before it can serve. The first start of
 * the service runs it without questions; a person then answers what only a person knows.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/settings/setting_kinds.h"
#include "storaged/cli/base/console.h"
#include "storaged/cli/base/list.h"
#include "storaged/cli/base/options.h"
#include "storaged/cli/files/config_dir.h"
#include "storaged/cli/service/unit.h"
#include "storaged/cli/setup/answers_file.h"
#include "storaged/cli/setup/first_budget.h"
#include "storaged/cli/setup/first_start.h"
#include "storaged/cli/setup/setup_check.h"
#include "storaged/cli/store/user_new.h"

static const char about[] =
    "Asks for the key and the address of the model server, for the sites that show the widget\n"
    "and, unless the server is OpenAI's, for the model, of those that the server lists; "
    "writes\n"
    "them to the settings of the service, and checks them. An empty answer keeps the current\n"
    "value. After an invalid answer it asks again, and it writes nothing before all are "
    "valid.\n"
    "Missing keys of banter's own are created, random, in credentials/. If storaged runs, it\n"
    "asks for the first user of the dashboard, unless there is one, and for the most tokens a\n"
    "day, unless there is a budget. Finally it restarts the service and checks that its port\n"
    "answers. Questions go to standard error; answers are read from standard input.\n"
    "\n"
    "With one of the answers as an option or in a file it asks nothing, keeps what is not\n"
    "answered, and restarts only with --restart. The file has lines model-key=, model-url=,\n"
    "model=, sites=, owner-email=, owner-password=, daily-tokens= and restart=yes or no.\n";

/* One run of the command. */
struct setup {
	const char *dir, *socket;
	struct answers answers;
	bool first_user;   /* storaged runs, and the dashboard has no user yet */
	bool first_budget; /* ... and there is no budget yet */
	char password[PASSWORD_TEXT_SIZE];
};

/* Loads the environment of the service, without the keys of our own shell. */
static int
setup_use_config(const char *dir)
{
	size_t n;
	const struct setting *d = settings_table(&n);

	for (; n > 0; n--, d++)
		if (setting_has_credential(d))
			unsetenv(d->name);
	return config_dir_use(dir);
}

/* Whether these are the settings of a service that systemd runs. */
static bool
setup_is_of_service(const char *dir, const char *socket)
{
	return strcmp(dir, BANTER_CONFIG_DIR) == 0 && unit_is_used(socket);
}

static void
setup_print_next_steps(const char *dir)
{
	console_print("The dashboard password and the widget key are in %s/credentials.", dir);
	console_print(
	    "To show the id of the first widget, for data-widget:  banter widget list");
	console_print("banter listens on port 4000 of this machine, for a web server in front "
		      "that has your");
	console_print("certificate; systemd/README.md in the documentation shows nginx, Caddy "
		      "and HAProxy,");
	console_print("and HTTPS without them.");
}

/* The service reads its settings only at a start. */
static int
setup_restart(const struct setup *s)
{
	static const char command[] = "systemctl restart banter.target";

	if (!setup_is_of_service(s->dir, s->socket))
		return 0;
	if (s->answers.text[ANSWER_RESTART] == NULL ||
	    !answers_is_yes(s->answers.text[ANSWER_RESTART])) {
		console_print("To use the settings, run:  %s", command);
		return 0;
	}
	if (system(command) != 0)
		return console_fail(EX_UNAVAILABLE, "%s failed", command);
	return setup_check_service(NULL);
}

static bool
setup_has_email(const struct setup *s)
{
	const char *email = s->answers.text[ANSWER_OWNER_EMAIL];

	return email != NULL && *email != '\0';
}

/* 0: no limit is given. */
static uint64_t
setup_daily_tokens(const struct setup *s)
{
	const char *text = s->answers.text[ANSWER_DAILY_TOKENS];
	uint64_t tokens = 0;

	return text != NULL && first_budget_read(text, &tokens) ? tokens : 0;
}

/* Users and budgets are in the store: whether the first ones can be created depends on a running storaged. */
static int
setup_look_at_store(struct setup *s)
{
	struct store_conn conn;
	int status = store_conn_open(&conn, s->socket);

	if (status == 0)
		status = user_is_first(&conn, &id_default_org, &s->first_user);
	if (status == 0)
		status = first_budget_is_missing(&conn, &id_default_org, &s->first_budget);
	store_conn_close(&conn);
	if (status != EX_UNAVAILABLE)
		return status;
	return setup_has_email(s) || setup_daily_tokens(s) > 0
	    ? store_conn_not_running(s->socket)
	    : 0;
}

static int
setup_make_first_budget(const struct setup *s)
{
	const uint64_t tokens = setup_daily_tokens(s);
	struct store_conn conn;
	int status;

	if (tokens == 0)
		return 0;
	if (!s->first_budget) {
		console_print("There is already a budget; it was not changed.");
		return 0;
	}
	status = store_conn_open_running(&conn, s->socket);
	if (status == 0)
		status = first_budget_make(&conn, &id_default_org, tokens);
	if (status == 0)
		console_print("set a budget of %" PRIu64 " tokens a day", tokens);
	store_conn_close(&conn);
	return status;
}

static int
setup_make_first_user(const struct setup *s)
{
	struct user_new user = {.org = id_default_org,
	    .role = USER_OWNER,
	    .email = s->answers.text[ANSWER_OWNER_EMAIL]};
	struct store_conn conn;
	int status;

	if (!setup_has_email(s))
		return 0;
	if (!s->first_user) {
		console_print(
		    "The dashboard already has a user; %s was not added.", user.email);
		return 0;
	}
	memcpy(user.password, s->password, sizeof(user.password));
	status = store_conn_open_running(&conn, s->socket);
	if (status == 0)
		status = user_make(&conn, &user);
	if (status == 0)
		console_print("added %s, an owner", user.email);
	store_conn_close(&conn);
	return status;
}

/* The model's name of the default settings exists at OpenAI only. The valid answers are in our environment. */
static bool
setup_needs_model(void)
{
	static const char openai[] = "https://api.openai.com/";
	const char *url = getenv("OPENAI_BASE_URL");

	return url != NULL && *url != '\0' && strncmp(url, openai, strlen(openai)) != 0;
}

/* Asks for all answers before anything is written. */
static int
setup_ask(struct setup *s)
{
	static const enum answer always[] = {ANSWER_MODEL_KEY, ANSWER_MODEL_URL, ANSWER_SITES};
	int status = 0;

	for (size_t i = 0; i < ARRAY_LEN(always) && status == 0; i++)
		status = answers_ask(&s->answers, always[i]);
	if (status == 0 && setup_needs_model()) {
		setup_show_models();
		status = answers_ask(&s->answers, ANSWER_MODEL);
	}
	if (status == 0 && s->first_user)
		status = answers_ask(&s->answers, ANSWER_OWNER_EMAIL);
	if (status == 0 && s->first_user && setup_has_email(s))
		status = user_ask_password(s->password);
	if (status == 0 && s->first_budget)
		status = answers_ask(&s->answers, ANSWER_DAILY_TOKENS);
	if (status == 0 && setup_is_of_service(s->dir, s->socket))
		status = answers_ask(&s->answers, ANSWER_RESTART);
	return status;
}

/* Takes the answers of the options and files. */
static int
setup_take(struct setup *s)
{
	const char *password = s->answers.text[ANSWER_OWNER_PASSWORD];
	int status = answers_check_all(&s->answers);

	if (status == 0 && setup_has_email(s) != (password != NULL))
		return console_fail(EX_USAGE, "owner-email and owner-password belong together");
	return status == 0 && password != NULL ? user_hash(password, s->password) : status;
}

static int
setup_get_answers(struct setup *s)
{
	const char *restart = s->answers.text[ANSWER_RESTART];
	int status = setup_look_at_store(s);

	if (status == 0 && restart != NULL && answers_is_yes(restart) &&
	    !setup_is_of_service(s->dir, s->socket))
		status = console_fail(EX_USAGE,
		    "there is no service to restart: systemd does not run this banter");

	if (status == 0)
		status = answers_are_given(&s->answers) ? setup_take(s) : setup_ask(s);
	if (status != 0)
		console_warn("no settings were changed");
	return status;
}

/* Asks, writes and checks. */
static int
setup_run(struct setup *s)
{
	int status = first_start_create_missing(s->dir);

	if (status == 0)
		status = setup_use_config(s->dir);
	if (status == 0)
		status = setup_get_answers(s);
	if (status == 0)
		status = answers_save(&s->answers, s->dir);
	if (status == 0)
		status = setup_check_settings(NULL);
	if (status == 0)
		status = setup_make_first_user(s);
	if (status == 0)
		status = setup_make_first_budget(s);
	if (status != 0)
		return status;
	console_print("Setup is complete.");
	setup_print_next_steps(s->dir);
	return setup_restart(s);
}

/* What the options say. */
struct setup_options {
	bool first_start, check, restart, no_restart, json;
	const char *answers, *key_file, *url, *model, *sites, *email, *password_file,
	    *daily_tokens;
};

static int
setup_read_files(struct answers *a, const struct setup_options *o)
{
	int status = o->answers == NULL ? 0 : answers_file_read(a, o->answers);

	if (status == 0 && o->key_file != NULL)
		status = answers_file_read_secret(a, ANSWER_MODEL_KEY, o->key_file);
	if (status == 0 && o->password_file != NULL)
		status = answers_file_read_secret(a, ANSWER_OWNER_PASSWORD, o->password_file);
	return status;
}

static int
setup_read_answers(struct answers *a, const struct setup_options *o)
{
	const char *restart = o->restart ? "yes" : o->no_restart ? "no" : NULL;
	int status = answers_set(a, ANSWER_MODEL_URL, o->url);

	if (status == 0)
		status = answers_set(a, ANSWER_MODEL, o->model);
	if (status == 0)
		status = answers_set(a, ANSWER_SITES, o->sites);
	if (status == 0)
		status = answers_set(a, ANSWER_OWNER_EMAIL, o->email);
	if (status == 0)
		status = answers_set(a, ANSWER_DAILY_TOKENS, o->daily_tokens);
	if (status == 0)
		status = answers_set(a, ANSWER_RESTART, restart);
	return status == 0 ? setup_read_files(a, o) : status;
}

/* Runs all checks up to the first one that fails. report: as in setup_check.h. */
static int
setup_check_all(const struct setup *s, json_t *report)
{
	int status = setup_check_settings(report);

	if (status == 0 && setup_is_of_service(s->dir, s->socket))
		status = setup_check_service(report);
	return status;
}

static int
setup_only_check(const struct setup *s, bool json)
{
	json_t *report = json ? json_array() : NULL;
	int status = setup_use_config(s->dir);

	if (status == 0) {
		status = setup_check_all(s, report);
		if (json)
			list_print_json(
			    json_pack("{s:b, s:O}", "ok", status == 0, "checks", report));
	}
	json_decref(report);
	return status;
}

static int
setup_start(struct setup *s, const struct setup_options *o)
{
	int status;

	if (o->first_start && o->check)
		return console_fail(EX_USAGE, "--first-start and --check exclude each other");
	if (o->restart && o->no_restart)
		return console_fail(EX_USAGE, "--restart and --no-restart exclude each other");
	if (o->json && !o->check)
		return console_fail(EX_USAGE, "--json needs --check");
	status = setup_read_answers(&s->answers, o);
	if (status != 0)
		return status;
	if ((o->first_start || o->check) &&
	    (answers_are_given(&s->answers) || o->restart || o->no_restart))
		return console_fail(EX_USAGE, "--first-start and --check take no answers");
	if (o->check)
		return setup_only_check(s, o->json);
	return o->first_start ? first_start_create_missing(s->dir) : setup_run(s);
}

int
setup_command(struct invocation *inv)
{
	struct setup s = {.dir = BANTER_CONFIG_DIR};
	struct setup_options o = {0};
	const struct option_row rows[] = {
	    {"check", NULL, "only check the settings, the model server and the service",
		.flag = &o.check},
	    {"json", NULL, "print the report of --check as JSON", .flag = &o.json},
	    {"first-start", NULL, "only create missing files; no questions",
		.flag = &o.first_start},
	    {"config", "DIR", "the settings directory; default: " BANTER_CONFIG_DIR,
		.text = &s.dir},
	    {"answers", "FILE", "take the answers from lines NAME=VALUE", .text = &o.answers},
	    {"model-key-file", "FILE", "the model server's key, in a file",
		.text = &o.key_file},
	    {"model-url", "URL", "the URL of the model server", .text = &o.url},
	    {"model", "NAME", "the model, as this server calls it", .text = &o.model},
	    {"sites", "ORIGINS", "the sites that show the widget", .text = &o.sites},
	    {"owner-email", "EMAIL", "the first dashboard user, unless there is one",
		.text = &o.email},
	    {"owner-password-file", "FILE", "the user's password, in a file",
		.text = &o.password_file},
	    {"daily-tokens", "N", "the most tokens a day, unless there is a budget",
		.text = &o.daily_tokens},
	    {"restart", NULL, "restart the service at the end", .flag = &o.restart},
	    {"no-restart", NULL, "do not restart the service", .flag = &o.no_restart},
	    {0},
	};
	int status;

	if (!options_read(inv, rows, about, &status))
		return status;
	s.socket = inv->settings.store_socket;
	status = setup_start(&s, &o);
	answers_clear(&s.answers);
	explicit_bzero(s.password, sizeof(s.password));
	return status;
}
