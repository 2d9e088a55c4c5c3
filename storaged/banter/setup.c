/*
 * `banter setup`: what a fresh banter needs before it can serve. The first start of the service runs
 * it without questions; a person then answers those that nobody else can.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <bsd/readpassphrase.h>

#include "proto/basics.h"
#include "storaged/banter/config_dir.h"
#include "storaged/banter/model_check.h"
#include "storaged/banter/options.h"
#include "storaged/banter/say.h"

static const char about[] = "Asks for the model's key, its address, and the sites that show "
			    "the widget; checks them, and\n"
			    "writes them where the service reads them. An empty answer keeps "
			    "what is there. Keys of our\n"
			    "own are made where they are missing: random ones, in "
			    "credentials/. Questions go to standard\n"
			    "error, answers come from standard input.\n";

/* What a person has said; "": nothing. */
struct answers {
	char key[CONFIG_VALUE_MAX];
	char url[CONFIG_VALUE_MAX];
	char sites[CONFIG_VALUE_MAX];
};

static const struct secret {
	const char *name;
	enum config_secret how;
} secrets[] = {
    {"WIDGET_API_KEY", CONFIG_RANDOM},
    {"ADMIN_API_KEY", CONFIG_RANDOM},
    {"DASHBOARD_PASSWORD", CONFIG_RANDOM},
    {"WIDGET_API_KEY_OLD", CONFIG_EMPTY},
    {"ADMIN_API_KEY_OLD", CONFIG_EMPTY},
    /* Empty: `banter setup` has still to be run, and the units of the front wait for it. */
    {"OPENAI_API_KEY", CONFIG_EMPTY},
};

/* -- the first start ------------------------------------------------------------------------ */

static int
make_secrets(const char *dir)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < ARRAY_LEN(secrets); i++) {
		bool made;
		int status = config_make_secret(dir, secrets[i].name, secrets[i].how, &made);

		if (status == 0)
			status = config_path(path, dir, secrets[i].name);
		if (status != 0)
			return status;
		if (made && secrets[i].how == CONFIG_RANDOM)
			say("made a random %s: %s", secrets[i].name, path);
	}
	return 0;
}

/* Production's rules from the start; and the ports are for a proxy on this machine. */
static int
make_env(const char *dir)
{
	bool made;
	int status = config_make_env(dir, &made);

	if (status != 0 || !made)
		return status;
	status = config_set(dir, "APP_ENV", "production");
	return status == 0 ? config_set(dir, "TRUSTED_PROXIES", "127.0.0.1,::1") : status;
}

static int
make_what_is_missing(const char *dir)
{
	int status = config_make_dirs(dir);

	if (status == 0)
		status = make_secrets(dir);
	return status == 0 ? make_env(dir) : status;
}

/* -- questions ------------------------------------------------------------------------------ */

/* Reads a line of at most CONFIG_VALUE_MAX - 1 bytes without its break. */
static int
read_line(char answer[CONFIG_VALUE_MAX])
{
	size_t len;

	answer[0] = '\0';
	if (fgets(answer, CONFIG_VALUE_MAX, stdin) == NULL)
		return feof(stdin) ? 0 : fail(EX_IOERR, "no answer could be read");
	len = strcspn(answer, "\n");
	if (answer[len] == '\0' && len == CONFIG_VALUE_MAX - 1)
		return fail(EX_DATAERR, "an answer of more than %d bytes", CONFIG_VALUE_MAX);
	answer[len] = '\0';
	return 0;
}

static int
ask(const char *question, char answer[CONFIG_VALUE_MAX])
{
	(void)fprintf(stderr, "%s\n> ", question);
	return read_line(answer);
}

/* A terminal does not show it. */
static int
ask_secret(const char *question, char answer[CONFIG_VALUE_MAX])
{
	if (isatty(STDIN_FILENO) != 1)
		return ask(question, answer);
	(void)fprintf(stderr, "%s\n", question);
	if (readpassphrase("> ", answer, CONFIG_VALUE_MAX, RPP_ECHO_OFF) == NULL)
		return fail(EX_IOERR, "no answer could be read");
	return 0;
}

static int
ask_all(struct answers *a)
{
	int status =
	    ask_secret("The key of the model server (OpenAI: sk-...; any word where none is "
		       "asked for). Empty: as it is.",
		a->key);

	if (status == 0)
		status =
		    ask("The model server, such as http://localhost:11434/v1. Empty: as it "
			"is, or https://api.openai.com/v1.",
			a->url);
	if (status == 0)
		status = ask("The sites that show the widget, such as "
			     "https://example.com,https://www.example.com. Empty: as they are.",
		    a->sites);
	return status;
}

/* -- what was said -------------------------------------------------------------------------- */

static int
keep(const char *dir, const struct answers *a)
{
	int status = 0;

	if (a->key[0] != '\0')
		status = config_write_secret(dir, "OPENAI_API_KEY", a->key);
	if (status == 0 && a->url[0] != '\0')
		status = config_set(dir, "OPENAI_BASE_URL", a->url);
	if (status == 0 && a->sites[0] != '\0')
		status = config_set(dir, "CORS_ORIGIN", a->sites);
	return status;
}

/* What the service will have in its environment, and no key of our own shell's. */
static int
use_config(const char *dir)
{
	for (size_t i = 0; i < ARRAY_LEN(secrets); i++)
		unsetenv(secrets[i].name);
	return config_use(dir);
}

/* As masterd will look at them; it ends here, with all problems listed, unless all is well. */
static void
check_settings(void)
{
	struct settings s;

	settings_load_or_exit(&s, OWNER_MASTER | OWNER_WORKER);
	settings_clear(&s);
}

static void
tell_what_next(const char *dir)
{
	say("All is set. Now:  systemctl restart banter.target");
	say("The dashboard's password and the widget's key are in %s/credentials.", dir);
	say("banter listens on port 4000 of this machine, for a web server in front that has "
	    "your");
	say("certificate; the README shows nginx, Caddy and HAProxy, and how to do without.");
}

static int
ask_and_check(const char *dir)
{
	struct answers a = {0};
	int status = ask_all(&a);

	if (status == 0)
		status = keep(dir, &a);
	explicit_bzero(a.key, sizeof(a.key));
	if (status == 0)
		status = use_config(dir);
	if (status != 0)
		return status;
	check_settings();
	status = model_check();
	if (status == 0)
		tell_what_next(dir);
	return status;
}

int
run_setup(struct invocation *inv)
{
	const char *dir = BANTER_CONFIG_DIR;
	bool first_start = false;
	const struct option_row rows[] = {
	    {"first-start", NULL, "only make what is missing, and ask nothing",
		.flag = &first_start},
	    {"config", "DIR", "the directory of the settings, in place of " BANTER_CONFIG_DIR,
		.text = &dir},
	    {0},
	};
	int status;

	if (!options_read(inv, rows, about, &status))
		return status;
	status = make_what_is_missing(dir);
	return status != 0 || first_start ? status : ask_and_check(dir);
}
