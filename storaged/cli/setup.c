/*
 * `banter setup`: creates the settings that banter needs before it can serve. The first start of
 * the service runs it without questions; a person then answers what only a person knows.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/settings/setting_kinds.h"
#include "storaged/cli/base/console.h"
#include "storaged/cli/base/daemons.h"
#include "storaged/cli/base/interactive.h"
#include "storaged/cli/base/options.h"
#include "storaged/cli/files/config_dir.h"
#include "storaged/cli/service/component.h"
#include "storaged/cli/store/user_new.h"

static const char about[] =
    "Asks for the key and the address of the model server and for the sites that show the "
    "widget,\n"
    "writes them to the settings of the service, and checks them. An empty answer keeps the\n"
    "current value. Missing keys of banter's own are created, random, in credentials/. If "
    "storaged\n"
    "runs and the dashboard has no user yet, it asks for the first one too. Finally it "
    "restarts\n"
    "the service and checks that its port answers. Questions go to standard error; answers "
    "are\n"
    "read from standard input.\n";

/* The answers; "" keeps the current value. */
struct answers {
	char key[CONFIG_VALUE_MAX];
	char url[CONFIG_VALUE_MAX];
	char sites[CONFIG_VALUE_MAX];
};

/* Secrets of banter's own, created at the first start. The other credentials are empty files until
 * somebody fills them: systemd's LoadCredential= needs each file. The units of the front end wait for
 * OPENAI_API_KEY. */
static const char *const random_secrets[] = {
    "WIDGET_API_KEY", "ADMIN_API_KEY", "DASHBOARD_PASSWORD"};

static enum config_secret
setup_secret_kind(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(random_secrets); i++)
		if (strcmp(random_secrets[i], name) == 0)
			return CONFIG_RANDOM;
	return CONFIG_EMPTY;
}

static int
setup_make_credential(const char *dir, const char *name)
{
	enum config_secret kind = setup_secret_kind(name);
	char path[PATH_MAX];
	bool made;
	int status = config_dir_make_secret(dir, name, kind, &made);

	if (status == 0)
		status = config_dir_path(path, dir, name);
	if (status == 0 && made && kind == CONFIG_RANDOM)
		console_print("created a random %s: %s", name, path);
	return status;
}

static int
setup_make_credentials(const char *dir)
{
	size_t n;
	const struct setting *d = settings_table(&n);
	int status = 0;

	for (; n > 0 && status == 0; n--, d++)
		if (setting_has_credential(d))
			status = setup_make_credential(dir, d->name);
	return status;
}

/* Production rules from the start, and ports for a proxy on this machine. */
static int
setup_make_env(const char *dir)
{
	bool made;
	int status = config_dir_make_env(dir, &made);

	if (status != 0 || !made)
		return status;
	status = config_dir_set(dir, "APP_ENV", "production");
	return status == 0 ? config_dir_set(dir, "TRUSTED_PROXIES", "127.0.0.1,::1") : status;
}

static int
setup_create_missing(const char *dir)
{
	int status = config_dir_make(dir);

	if (status == 0)
		status = setup_make_credentials(dir);
	return status == 0 ? setup_make_env(dir) : status;
}

static int
setup_ask_all(struct answers *a)
{
	int status =
	    interactive_ask_secret("The key of the model server (OpenAI: sk-...; any word if "
				   "the server needs none). Empty: keep the current one.",
		a->key, sizeof(a->key));

	if (status == 0)
		status = interactive_ask(
		    "The URL of the model server, for example http://localhost:11434/v1. "
		    "Empty: keep the current one; the default is https://api.openai.com/v1.",
		    a->url, sizeof(a->url));
	if (status == 0)
		status = interactive_ask("The sites that show the widget, for example "
					 "https://example.com,https://www.example.com. Empty: "
					 "keep the current ones.",
		    a->sites, sizeof(a->sites));
	return status;
}

static int
setup_save(const char *dir, const struct answers *a)
{
	int status = 0;

	if (a->key[0] != '\0')
		status = config_dir_write_secret(dir, "OPENAI_API_KEY", a->key);
	if (status == 0 && a->url[0] != '\0')
		status = config_dir_set(dir, "OPENAI_BASE_URL", a->url);
	if (status == 0 && a->sites[0] != '\0')
		status = config_dir_set(dir, "CORS_ORIGIN", a->sites);
	return status;
}

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

/* Runs the checks of the daemons, all of them, so that every problem is reported. 0, or the first
 * exit status that is not 0. */
static int
setup_check_settings(void)
{
	static const char *const daemons[] = {"storaged", "masterd"};
	int first = 0;

	for (size_t i = 0; i < ARRAY_LEN(daemons); i++) {
		int status = daemons_run(daemons[i], "--check");

		if (first == 0)
			first = status;
	}
	return first;
}

/* Whether these are the settings of a service that systemd runs. */
static bool
setup_is_of_service(const char *dir, const char *socket)
{
	return strcmp(dir, BANTER_CONFIG_DIR) == 0 && unit_is_used(socket);
}

/* Checks that the front end runs and each of its ports answers. */
static int
setup_check_service(void)
{
	struct component c;

	component_find_front_end(&c, true, 0, 0);
	for (size_t i = 0; i < c.listening; i++)
		if (c.at[i].answers)
			console_print("banter answers at %s.", c.at[i].url);
	if (c.state == COMPONENT_RUNNING)
		return 0;
	if (c.error[0] != '\0')
		console_warn("masterd: %s", c.error);
	return console_fail(
	    EX_UNAVAILABLE, "masterd: %s; %s", component_state_name(c.state), c.advice);
}

/* Checks the settings, and then each model server with one request. */
static int
setup_check(const char *dir)
{
	int status = setup_use_config(dir);

	if (status == 0)
		status = setup_check_settings();
	return status == 0 ? daemons_run("workerd", "--check-model") : status;
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
setup_restart(void)
{
	static const char command[] = "systemctl restart banter.target";
	char answer[CONFIG_VALUE_MAX];
	int status =
	    interactive_ask("Restart banter now, so that it uses the settings? Empty: yes.",
		answer, sizeof(answer));

	if (status != 0)
		return status;
	if (answer[0] != '\0' && strchr("yY", answer[0]) == NULL) {
		console_print("To use the settings, run:  %s", command);
		return 0;
	}
	if (system(command) != 0)
		return console_fail(EX_UNAVAILABLE, "%s failed", command);
	return setup_check_service();
}

static int
setup_ask_user(struct store_conn *conn)
{
	struct user_new user = {.org = id_default_org, .role = USER_OWNER};
	char email[CONFIG_VALUE_MAX];
	int status = interactive_ask("The e-mail address of the first dashboard user. Empty: "
				     "no user; sign in with the dashboard password.",
	    email, sizeof(email));

	if (status != 0 || email[0] == '\0')
		return status;
	user.email = email;
	status = user_check_email(email);
	if (status == 0)
		status = user_ask_password(user.password);
	return status == 0 ? user_make(conn, &user) : status;
}

/* Users are in the store, so this needs a running storaged. */
static int
setup_make_first_user(const char *socket)
{
	struct store_conn conn;
	bool first = false;
	int status = store_conn_open(&conn, socket);

	if (status == EX_UNAVAILABLE) {
		store_conn_close(&conn);
		return 0;
	}
	if (status == 0)
		status = user_is_first(&conn, &id_default_org, &first);
	if (status == 0 && first)
		status = setup_ask_user(&conn);
	store_conn_close(&conn);
	return status;
}

static int
setup_ask_and_check(const char *dir, const char *socket)
{
	struct answers a = {0};
	int status = setup_ask_all(&a);

	if (status == 0)
		status = setup_save(dir, &a);
	explicit_bzero(a.key, sizeof(a.key));
	if (status == 0)
		status = setup_check(dir);
	if (status == 0)
		status = setup_make_first_user(socket);
	if (status != 0)
		return status;
	console_print("Setup is complete.");
	setup_print_next_steps(dir);
	return setup_is_of_service(dir, socket) ? setup_restart() : 0;
}

int
setup_command(struct invocation *inv)
{
	const char *dir = BANTER_CONFIG_DIR;
	bool first_start = false, only_check = false;
	const struct option_row rows[] = {
	    {"check", NULL, "only check the settings, the model server and the service",
		.flag = &only_check},
	    {"first-start", NULL, "only create missing files; no questions",
		.flag = &first_start},
	    {"config", "DIR", "the settings directory; default: " BANTER_CONFIG_DIR,
		.text = &dir},
	    {0},
	};
	int status;

	if (!options_read(inv, rows, about, &status))
		return status;
	if (first_start && only_check)
		return console_fail(EX_USAGE, "--first-start and --check exclude each other");
	if (only_check) {
		status = setup_check(dir);
		return status == 0 && setup_is_of_service(dir, inv->settings.store_socket)
		    ? setup_check_service()
		    : status;
	}
	status = setup_create_missing(dir);
	return status != 0 || first_start
	    ? status
	    : setup_ask_and_check(dir, inv->settings.store_socket);
}
