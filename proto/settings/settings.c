/*
 * Reads the environment into struct settings and checks it.
 *
 * settings.def becomes a table of struct setting; each kind of value has a parser in
 * setting_kinds.c. Rules between settings are checked last, in settings_rules().
 */
#include "proto/settings/settings.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <bsd/string.h>

#include "proto/base/basics.h"
#include "proto/base/email.h"
#include "proto/base/log.h"
#include "proto/base/socket_address.h"
#include "proto/base/utf8.h"
#include "proto/settings/setting_kinds.h"

#define CREDENTIAL_MAX 65536 /* bytes of a secret's file */

#define DASHBOARD_PASSWORD_MIN 12 /* characters, in production */

#define WORKER_HANG_MS_MIN 1000

enum {
	MASTER = OWNER_MASTER,
	WORKER = OWNER_WORKER,
	STORE = OWNER_STORE,
	ALL = OWNER_ALL,
	TOOL = OWNER_TOOL,
	SEARCH = OWNER_SEARCH,
	CRAWL = OWNER_CRAWL,
	MAIL = OWNER_MAIL,
	MEDIA = OWNER_MEDIA
};

static const struct setting table[] = {
#define SETTING(NAME, alias, KIND, field, def, min, max, owners, secret, help)                \
	{#NAME, alias, def, min, max, (unsigned)(owners), secret, help, setting_parse_##KIND, \
	    setting_clear_##KIND, offsetof(struct settings, field)},
#include "proto/settings/settings.def"
};

const struct setting *
settings_table(size_t *n)
{
	*n = ARRAY_LEN(table);
	return table;
}

/* Prefixes of variables of other systems that an .env file may contain; accepted with a warning and
 * not used. */
static const char *const foreign_prefixes[] = {"CONVEX_", "NEXT_PUBLIC_"};

static void *
settings_field(struct settings *s, const struct setting *d)
{
	return (uint8_t *)s + d->offset;
}

/* Opens $CREDENTIALS_DIRECTORY/name. -1 with errno 0 if it does not exist. */
static int
settings_open_credential(const char *name)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	char *path;
	int fd;

	errno = 0;
	if (dir == NULL)
		return -1;
	must(asprintf(&path, "%s/%s", dir, name) != -1);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1 && (errno == ENOENT || errno == ENOTDIR))
		errno = 0;
	free(path);
	return fd;
}

/* The content of a credential without its final newline; the caller frees it. NULL with errno 0 if
 * it does not exist or contains only line breaks; NULL with another errno if it cannot be read. */
static char *
settings_read_credential(const char *name)
{
	static const char breaks[] = "\r\n";
	int error, fd = settings_open_credential(name);
	char *text;
	ssize_t n;

	if (fd == -1)
		return NULL;
	text = xcalloc(1, CREDENTIAL_MAX + 1);
	n = read(fd, text, CREDENTIAL_MAX);
	error = n == -1 ? errno : 0;
	closefd(&fd);
	if (n <= 0 || strspn(text, breaks) == (size_t)n) {
		free(text);
		errno = error;
		return NULL;
	}
	text[strcspn(text, breaks)] = '\0';
	return text;
}

/* The path of $CREDENTIALS_DIRECTORY/name (the caller frees it), or NULL if it is missing or empty. */
static char *
settings_credential_path(const char *name)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	struct stat st;
	char *path;

	if (dir == NULL || asprintf(&path, "%s/%s", dir, name) == -1)
		return NULL;
	if (stat(path, &st) == 0 && st.st_size > 0)
		return path;
	free(path);
	return NULL;
}

/* The text of a setting: from its name, its alias, its credential or its default, in this order.
 * The caller frees it. NULL if it is unset, or if a secret's file cannot be read (errno is set
 * then). */
static char *
settings_text(const struct setting *d)
{
	const char *value = getenv(d->name);
	char *credential;

	if ((value == NULL || *value == '\0') && d->alias != NULL)
		value = getenv(d->alias);
	if (value != NULL && *value != '\0')
		return xstrdup(value);
	if (d->secret && (credential = settings_read_credential(d->name)) != NULL)
		return credential;
	if (setting_is_file(d) && (credential = settings_credential_path(d->name)) != NULL)
		return credential;
	return d->fallback == NULL ? NULL : xstrdup(d->fallback);
}

/* Replaces user and password in each URL of a text. */
static char *
settings_mask_urls(const char *text)
{
	char *masked = xstrdup(text), *at = masked;

	while ((at = strstr(at, "://")) != NULL) {
		at += 3;
		/* A password may have commas; an address of a list that follows has "://". */
		for (size_t n = strcspn(at, "/ "); n > 0; n--)
			if (at[n] == '@') {
				memset(at, '*', n);
				break;
			}
	}
	return masked;
}

static void
settings_show_one(const struct setting *d, settings_show_fn *fn, void *arg)
{
	char *text = settings_text(d), *value = NULL;
	struct setting_shown shown = {
	    .name = d->name,
	    .value = "",
	    .fallback = d->fallback,
	    .help = d->help,
	    .secret = d->secret,
	    .set = text != NULL && (d->fallback == NULL || strcmp(text, d->fallback) != 0),
	};

	if (text != NULL && !d->secret)
		shown.value = value = settings_mask_urls(text);
	fn(arg, &shown);
	free(value);
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
}

void
settings_show(unsigned owners, settings_show_fn *fn, void *arg)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if ((table[i].owners & owners) != 0)
			settings_show_one(&table[i], fn, arg);
}

bool
setting_is_file(const struct setting *d)
{
	return d->parse == setting_parse_FILE || d->parse == setting_parse_SERVERS_FILE;
}

bool
setting_has_credential(const struct setting *d)
{
	return d->secret || setting_is_file(d);
}

static const struct setting *
settings_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	never("unknown setting");
}

/* Who receives the reports of a check. */
struct settings_check {
	settings_report_fn *report;
	void *arg;
	size_t problems;
	bool env_unknown; /* APP_ENV was refused, so nobody knows which rules apply */
};

static void
settings_report_one(struct settings_check *c, enum settings_severity severity, const char *name,
    const char *value, const char *rule)
{
	c->problems += severity == SETTINGS_PROBLEM;
	c->report(c->arg, severity, settings_find(name), value, rule);
}

static void
settings_refuse(struct settings_check *c, const char *name, const char *value, const char *rule)
{
	settings_report_one(c, SETTINGS_PROBLEM, name, value, rule);
}

/* The sockets of an installed banter; else they are in DATA_DIR. */
#ifndef BANTER_STORE_SOCKET
#define BANTER_STORE_SOCKET NULL
#endif
#ifndef BANTER_SEARCH_SOCKET
#define BANTER_SEARCH_SOCKET NULL
#endif

/* DATA_DIR/name; the caller frees it. */
static char *
settings_in_data_dir(const struct settings *s, const char *name)
{
	char *path;

	must(asprintf(&path, "%s/%s", s->data_dir, name) != -1);
	return path;
}

/* A socket: that of an installed banter, if DATA_DIR is its own; else one in DATA_DIR. */
static char *
settings_socket(const struct settings *s, const char *installed, const char *name)
{
	if (installed != NULL && strcmp(s->data_dir, BANTER_DATA_DIR) == 0)
		return xstrdup(installed);
	return settings_in_data_dir(s, name);
}

/* Sets values that depend on other settings. */
static void
settings_derive(struct settings *s)
{
	if (s->data_dir == NULL)
		return;
	if (s->store_socket == NULL)
		s->store_socket = settings_socket(s, BANTER_STORE_SOCKET, "store.sock");
	if (s->search_socket == NULL)
		s->search_socket = settings_socket(s, BANTER_SEARCH_SOCKET, "search.sock");
	if (s->search_dir == NULL)
		s->search_dir = settings_in_data_dir(s, "search");
	if (s->mail_dir == NULL)
		s->mail_dir = settings_in_data_dir(s, "mail");
}

/* Whether a setting has a text at all. Avoids a second report for one whose text was refused. */
static bool
settings_is_given(const char *name)
{
	char *text;
	bool given;

	errno = 0;
	text = settings_text(settings_find(name));
	given = text != NULL || errno != 0;
	free(text);
	return given;
}

/* WIDGET_API_KEY is in public pages, so no other secret may equal it. */
static void
settings_public_key_rules(
    const struct settings *s, struct settings_check *c, enum settings_severity severity)
{
	const char *const public_keys[] = {s->widget_api_key, s->widget_api_key_old};
	const struct {
		const char *name, *value;
	} secrets[] = {{"ADMIN_API_KEY", s->admin_api_key},
	    {"ADMIN_API_KEY_OLD", s->admin_api_key_old},
	    {"DASHBOARD_PASSWORD", s->dashboard_password},
	    {"OPENAI_API_KEY", s->openai_api_key}};

	for (size_t i = 0; i < ARRAY_LEN(public_keys); i++)
		for (size_t k = 0; k < ARRAY_LEN(secrets); k++)
			if (public_keys[i] != NULL && secrets[k].value != NULL &&
			    strcmp(public_keys[i], secrets[k].value) == 0)
				settings_report_one(c, severity, secrets[k].name,
				    secrets[k].value,
				    "production requires another value than that of "
				    "WIDGET_API_KEY (or WIDGET_API_KEY_OLD), which is in "
				    "public pages");
}

/* Secrets that can be guessed or that are public. */
static void
settings_secret_rules(
    const struct settings *s, struct settings_check *c, enum settings_severity severity)
{
	settings_public_key_rules(s, c, severity);
	if (s->widget_api_key != NULL && strlen(s->widget_api_key) < 24)
		settings_report_one(c, severity, "WIDGET_API_KEY", s->widget_api_key,
		    "production requires at least 24 characters, for example from "
		    "`openssl rand -hex 24`");
	if (s->dashboard_password != NULL &&
	    utf8_utf16_len(slice_str(s->dashboard_password)) < DASHBOARD_PASSWORD_MIN)
		settings_report_one(c, severity, "DASHBOARD_PASSWORD", s->dashboard_password,
		    "production requires at least 12 characters");
}

/* Requirements for a server on the internet. */
static void
settings_production_rules(const struct settings *s, struct settings_check *c)
{
	static const char *const required[] = {"OPENAI_API_KEY", "WIDGET_API_KEY"};

	settings_secret_rules(s, c, SETTINGS_PROBLEM);
	for (size_t i = 0; i < ARRAY_LEN(required); i++)
		if (!settings_is_given(required[i]))
			settings_refuse(c, required[i], NULL, "required in production");
	if (s->cors_origin.any)
		settings_refuse(c, "CORS_ORIGIN", "*",
		    "production requires the exact origins of your sites, for example "
		    "https://example.com,https://www.example.com");
}

/* Whether requests to this URL leave this machine without encryption. */
static bool
settings_is_remote_plain_url(const char *url)
{
	static const char scheme[] = "http://";
	struct socket_address address = {0};
	char *authority, *host;
	bool remote;

	if (strncmp(url, scheme, sizeof(scheme) - 1) != 0)
		return false;
	authority = setting_url_authority(url + sizeof(scheme) - 1);
	host = *authority == '[' ? authority + 1 : authority;
	host[strcspn(host, host > authority ? "]" : ":")] = '\0';
	remote = ip_parse(slice_str(host), &address.ip) == 0
	    ? !socket_address_is_loopback(&address)
	    : strcasecmp(host, "localhost") != 0;
	free(authority);
	return remote;
}

/* Anyone on the way could read the server's key and every conversation. */
static void
settings_warn_plain_url(struct settings_check *c, const char *name, const char *url)
{
	if (url != NULL && settings_is_remote_plain_url(url))
		settings_report_one(c, SETTINGS_WARNING, name, url,
		    "http:// to another machine sends keys and conversations unencrypted; use "
		    "https:// unless the network is private");
}

/* The address that is used is not the one that is set. */
static void
settings_warn_repaired_url(struct settings_check *c, const char *name)
{
	char *text = settings_is_given(name) ? settings_text(settings_find(name)) : NULL;

	if (text != NULL && strstr(text, SETTING_URL_ADDED) != NULL)
		settings_report_one(c, SETTINGS_WARNING, name, text,
		    SETTING_URL_ADDED " is left out of the address, because banter adds it");
	free(text);
}

static void
settings_warn_plain_model_servers(const struct settings *s, struct settings_check *c)
{
	settings_warn_plain_url(c, "OPENAI_BASE_URL", s->openai_base_url);
	for (size_t i = 0; i < s->model_servers.n; i++)
		settings_warn_plain_url(c, "MODEL_SERVERS", s->model_servers.at[i].value);
	for (size_t i = 0; i < s->model_servers_file.n; i++)
		settings_warn_plain_url(
		    c, "MODEL_SERVERS_FILE", s->model_servers_file.at[i].url);
}

/* Writes the names as "a, b", truncated to size. */
static void
settings_list_names(const struct named_list *list, char *out, size_t size)
{
	*out = '\0';
	for (size_t i = 0; i < list->n; i++) {
		strlcat(out, i == 0 ? "" : ", ", size);
		strlcat(out, list->at[i].name, size);
	}
}

/* A key without a server of the same name would never be used: one of the names is mistyped.
 * Skipped if MODEL_SERVERS was refused, which is already reported. */
static void
settings_model_server_rules(const struct settings *s, struct settings_check *c)
{
	const struct named_list *servers = &s->model_servers, *keys = &s->model_server_keys;
	char *text, names[SETTINGS_NAMED_MAX * (MODEL_SERVER_NAME_MAX + 2)], why[1400];

	if (keys->n == 0 || (servers->n == 0 && settings_is_given("MODEL_SERVERS")))
		return;
	text = settings_text(settings_find("MODEL_SERVER_KEYS"));
	settings_list_names(servers, names, sizeof(names));
	for (size_t i = 0; i < keys->n; i++) {
		if (named_list_find(servers, slice_str(keys->at[i].name)) != NULL)
			continue;
		snprintf(why, sizeof(why),
		    "item %zu must have the name of one of MODEL_SERVERS (%s)", i + 1,
		    servers->n == 0 ? "which is not set" : names);
		settings_refuse(c, "MODEL_SERVER_KEYS", text, why);
	}
	free(text);
}

/* What the file says is right by itself, but not beside the other settings, or for a person who reads it. */
static void
settings_model_servers_file_rules(const struct settings *s, struct settings_check *c)
{
	const struct model_servers_file *file = &s->model_servers_file;
	char rule[SETTING_WHY_MAX];

	for (size_t i = 0; i < file->n; i++) {
		if (named_list_find(&s->model_servers, slice_str(file->at[i].name)) != NULL) {
			snprintf(rule, sizeof(rule),
			    "the name of server %s must not repeat one of MODEL_SERVERS",
			    file->at[i].name);
			settings_refuse(c, "MODEL_SERVERS_FILE", file->path, rule);
		}
		if (file->at[i].repaired)
			settings_report_one(c, SETTINGS_WARNING, "MODEL_SERVERS_FILE",
			    file->at[i].url,
			    SETTING_URL_ADDED
			    " is left out of the address, because banter adds it");
	}
	if (file->exposed != NULL)
		settings_report_one(c, SETTINGS_WARNING, "MODEL_SERVERS_FILE", file->exposed,
		    "every user of this system can read the keys in this file; use chmod 640 "
		    "and "
		    "the group of the front end, or the credential MODEL_SERVERS_FILE");
}

/* A path that is set must be a readable file, or a readable directory. */
static void
settings_check_path(
    struct settings_check *c, const char *name, const char *path, bool directory)
{
	struct stat st;

	if (path == NULL ||
	    (stat(path, &st) == 0 && S_ISDIR(st.st_mode) == directory &&
		access(path, R_OK) == 0))
		return;
	settings_refuse(c, name, path,
	    directory ? "must be a readable directory" : "must be a readable file");
}

/* storaged creates a missing DATA_DIR, but not the directory above it. */
static void
settings_store_rules(const struct settings *s, struct settings_check *c)
{
	struct stat st;
	char *copy;
	bool good;

	if (s->data_dir == NULL)
		return;
	copy = xstrdup(s->data_dir);
	good =
	    stat(s->data_dir, &st) == 0 || (errno == ENOENT && stat(dirname(copy), &st) == 0);
	free(copy);
	if (!good || !S_ISDIR(st.st_mode))
		settings_refuse(c, "DATA_DIR", s->data_dir,
		    "must be a directory, or a new one in an existing directory");
}

/* Whether two sockets cannot listen on both: IPv6's [::] accepts IPv4, too. */
static bool
settings_addresses_collide(const struct listen_address *one, const struct listen_address *other)
{
	const struct socket_address a = socket_address_from(&one->sa),
				    b = socket_address_from(&other->sa);
	static const uint8_t any[16];

	return a.port == b.port &&
	    (memcmp(a.ip.b, any, a.ip.len) == 0 || memcmp(b.ip.b, any, b.ip.len) == 0 ||
		slice_eq(ip_slice(&a.ip), ip_slice(&b.ip)));
}

/* A connection either begins with a PROXY header or does not: if both were accepted, every client could announce
 * any address. */
static void
settings_proxy_listen_rules(const struct settings *s, struct settings_check *c)
{
	const struct listen_list *list = &s->proxy_listen;
	char *text = settings_text(settings_find("PROXY_LISTEN")), why[SETTING_WHY_MAX];

	if (list->n > 0 && !settings_is_given("TRUSTED_PROXIES"))
		settings_refuse(c, "TRUSTED_PROXIES", NULL,
		    "PROXY_LISTEN is set, and needs the addresses or networks of your proxies, "
		    "for "
		    "example 10.0.0.0/8");
	for (size_t i = 0; i < list->n; i++) {
		const struct socket_address a = socket_address_from(&list->at[i].sa);
		bool collides = !settings_is_given("LISTEN") && a.port == s->port;

		for (size_t j = 0; j < s->listen.n; j++)
			collides |= settings_addresses_collide(&list->at[i], &s->listen.at[j]);
		if (!collides)
			continue;
		snprintf(why, sizeof(why),
		    "port %u is also that of %s, whose connections have no PROXY header; use "
		    "another port",
		    a.port, s->listen.n == 0 ? "PORT" : "LISTEN");
		settings_refuse(c, "PROXY_LISTEN", text, why);
	}
	free(text);
}

/* A certificate needs a key. A hang limit below a second could not distinguish a busy worker from
 * one that hangs. Only masterd checks the front ends' files, so that a restarted worker does not
 * end because one is missing. */
static void
settings_master_rules(const struct settings *s, struct settings_check *c)
{
	char text[16];

	if (s->tls_cert != NULL && s->tls_key == NULL)
		settings_refuse(
		    c, "TLS_KEY", NULL, "TLS_CERT is set, and a certificate needs its key");
	if (s->tls_key != NULL && s->tls_cert == NULL)
		settings_refuse(
		    c, "TLS_CERT", NULL, "TLS_KEY is set, and a key needs its certificate");
	if (s->worker_hang_ms > 0 && s->worker_hang_ms < WORKER_HANG_MS_MIN) {
		snprintf(text, sizeof(text), "%" PRIu32, s->worker_hang_ms);
		settings_refuse(c, "WORKER_HANG_MS", text, "must be 0 or at least 1000");
	}
	settings_proxy_listen_rules(s, c);
	settings_check_path(c, "WIDGET_BUNDLE_PATH", s->widget_bundle_path, false);
	settings_check_path(c, "ASSET_DIR", s->asset_dir, true);
}

static void
settings_worker_rules(const struct settings *s, struct settings_check *c)
{
	settings_check_path(c, "OPENAI_CA_BUNDLE", s->openai_ca_bundle, false);
	settings_model_server_rules(s, c);
	settings_model_servers_file_rules(s, c);
	settings_warn_plain_model_servers(s, c);
	settings_warn_repaired_url(c, "OPENAI_BASE_URL");
	settings_warn_repaired_url(c, "MODEL_SERVERS");
	if (c->env_unknown)
		return;
	if (s->app_env == APP_ENV_PRODUCTION) {
		settings_production_rules(s, c);
		return;
	}
	if (s->widget_api_key == NULL)
		settings_report_one(c, SETTINGS_WARNING, "WIDGET_API_KEY", NULL,
		    "the chat API is open to everyone; production refuses this");
	settings_secret_rules(s, c, SETTINGS_WARNING);
}

static void
settings_mail_rules(const struct settings *s, struct settings_check *c)
{
	if (s->mail_from != NULL && !email_valid(slice_str(s->mail_from)))
		settings_refuse(c, "MAIL_FROM", s->mail_from, "must be an e-mail address");
	settings_check_path(c, "MAIL_CA_BUNDLE", s->mail_ca_bundle, false);
	if (s->mail_url == NULL)
		return;
	if (s->mail_from == NULL && !settings_is_given("MAIL_FROM"))
		settings_refuse(c, "MAIL_FROM", NULL, "must be set, since MAIL_URL is set");
	if (s->mail_login != NULL && s->mail_password == NULL &&
	    !settings_is_given("MAIL_PASSWORD"))
		settings_refuse(
		    c, "MAIL_PASSWORD", NULL, "must be set, since MAIL_LOGIN is set");
	if (s->app_env == APP_ENV_PRODUCTION && !settings_is_given("PUBLIC_URL"))
		settings_refuse(c, "PUBLIC_URL", NULL,
		    "must be set, since MAIL_URL is set: links in mails begin with it");
}

static void
settings_socket_rule(struct settings_check *c, const char *name, const char *path)
{
	struct sockaddr_un sun;

	if (path != NULL && strlen(path) >= sizeof(sun.sun_path))
		settings_refuse(c, name, path,
		    "must be shorter than 108 bytes (unix(7)); set it to a shorter path");
}

/* Rules between settings. */
static void
settings_rules(const struct settings *s, unsigned owners, struct settings_check *c)
{
	settings_socket_rule(c, "STORE_SOCKET", s->store_socket);
	if (owners & (OWNER_WORKER | OWNER_SEARCH))
		settings_socket_rule(c, "SEARCH_SOCKET", s->search_socket);
	if (owners & OWNER_STORE)
		settings_store_rules(s, c);
	if (owners & OWNER_MASTER)
		settings_master_rules(s, c);
	if (owners & OWNER_WORKER)
		settings_worker_rules(s, c);
	if (owners & OWNER_MAIL)
		settings_mail_rules(s, c);
}

bool
settings_is_foreign(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(foreign_prefixes); i++)
		if (strncmp(name, foreign_prefixes[i], strlen(foreign_prefixes[i])) == 0)
			return true;
	return false;
}

/* Reads one setting into its field. */
static void
settings_read_one(struct settings *s, const struct setting *d, struct settings_check *c)
{
	char why[SETTING_WHY_MAX] = "";
	char *text = settings_text(d);

	if (text == NULL && d->secret && errno != 0) {
		snprintf(why, sizeof(why),
		    "its file in $CREDENTIALS_DIRECTORY cannot be read: %s", strerror(errno));
		settings_refuse(c, d->name, NULL, why);
	}
	if (text != NULL && d->parse(d, text, settings_field(s, d), why) == -1) {
		settings_refuse(c, d->name, text, why);
		c->env_unknown |= d->parse == setting_parse_ENV;
	}
	free(text);
}

size_t
settings_read(struct settings *s, unsigned owners, settings_report_fn *report, void *arg)
{
	struct settings_check c = {.report = report, .arg = arg};

	*s = (struct settings){0};
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (table[i].owners & owners)
			settings_read_one(s, &table[i], &c);
	settings_derive(s);
	settings_rules(s, owners, &c);
	return c.problems;
}

void
settings_clear(struct settings *s)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		table[i].clear(settings_field(s, &table[i]));
}
