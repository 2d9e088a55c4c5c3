/*
 * NAME=text for every NAME of the settings table. An accepted value is within its limits; formatted
 * as text again, it is accepted with the same result; and no part of the text was silently ignored.
 */
#include <inttypes.h>
#include <netdb.h>
#include <stdio.h>

#include "proto/settings/setting_kinds.h"
#include "tests/fuzz/fuzz.h"

union value {
	setting_c_COUNT count;
	setting_c_BYTES bytes;
	setting_c_TEXT text;
	setting_c_DECIMAL decimal;
	setting_c_ENV env;
	setting_c_API api;
	setting_c_LEVEL level;
	setting_c_ORIGINS origins;
	setting_c_LISTEN listen;
	setting_c_NETWORKS networks;
	setting_c_SERVERS servers;
	setting_c_SECRETS secrets;
	setting_c_SERVERS_FILE servers_file;
};

/* The current setting, and the text that it was set to. */
static const struct setting *setting;
static const char *given;

/* Parses a value that was formatted as text. */
[[gnu::format(printf, 1, 2)]] static union value
written(const char *fmt, ...)
{
	char why[SETTING_WHY_MAX] = "", *text;
	union value again;
	va_list ap;

	memset(&again, 0, sizeof(again));
	va_start(ap, fmt);
	must(vasprintf(&text, fmt, ap) != -1);
	va_end(ap);
	must(setting->parse(setting, text, &again, why) == 0);
	free(text);
	return again;
}

static void
check_COUNT(const union value *v)
{
	must(v->count >= setting->min && v->count <= setting->max);
	must(written("%" PRIu32, v->count).count == v->count);
}

static void
check_BYTES(const union value *v)
{
	must(v->bytes >= setting->min && v->bytes <= setting->max);
	must(written("%" PRIu64, v->bytes).bytes == v->bytes);
}

static void
check_DECIMAL(const union value *v)
{
	uint32_t n = v->decimal.thousandths;

	must(v->decimal.given && n >= setting->min * 1000 && n <= setting->max * 1000);
	must(written("%" PRIu32 ".%03" PRIu32, n / 1000, n % 1000).decimal.thousandths == n);
}

static void
check_TEXT(const union value *v)
{
	must(strcmp(v->text, given) == 0 && utf8_valid(slice_str(given)));
	must(strlen(given) >= setting->min && strlen(given) <= setting->max);
	for (const char *c = given; setting->secret && *c != '\0'; c++)
		must((unsigned char)*c >= ' ' && *c != 0x7f);
}

static void
check_PATH(const union value *v)
{
	must(strcmp(v->text, given) == 0);
}

#define check_FILE check_PATH
#define check_USER check_PATH

static void
check_URL(const union value *v)
{
	size_t base = strcspn(v->text, "?");
	union value again = written("%s", v->text);

	must(strncmp(v->text, "http://", 7) == 0 || strncmp(v->text, "https://", 8) == 0);
	must(v->text[base - 1] != '/' && strpbrk(v->text, " \t\r\n#") == NULL);
	must(strncmp(given, v->text, base) == 0);
	must(strcmp(given + strcspn(given, "?"), v->text + base) == 0);
	must(strcmp(again.text, v->text) == 0);
	setting->clear(&again);
}

static void
check_PROXY(const union value *v)
{
	must(strcmp(v->text, given) == 0 && strpbrk(given, " \t\r\n?#") == NULL);
	must(strncmp(given, "http", 4) == 0 || strncmp(given, "socks5", 6) == 0);
}

static void
check_SMTP(const union value *v)
{
	must(strcmp(v->text, given) == 0 && strpbrk(given, " \t\r\n?#@") == NULL);
	must(strncmp(given, "smtp", 4) == 0);
}

static void
check_API(const union value *v)
{
	must(v->api <= MODEL_API_RESPONSES);
}

static void
check_ENV(const union value *v)
{
	must(v->env <= APP_ENV_TEST);
}

static void
check_LEVEL(const union value *v)
{
	must(v->level >= LOG_ERROR && v->level <= LOG_DEBUG);
}

/* The number of words in a comma-separated list; *stars of them are "*". */
static size_t
count_words(const char *text, size_t *stars)
{
	size_t n = 0;

	*stars = 0;
	while (*(text += strspn(text, ", \t")) != '\0') {
		size_t len = strcspn(text, ", \t");

		n++;
		*stars += len == 1 && *text == '*';
		text += len;
	}
	return n;
}

/* scheme "://" host, optionally a port, as a browser sends it (RFC 6454, section 6.2). */
static void
check_origin(const char *origin)
{
	size_t scheme = strspn(origin, "abcdefghijklmnopqrstuvwxyz0123456789+-.");
	const char *host = origin + scheme + 3;

	must(scheme > 0 && strncmp(origin + scheme, "://", 3) == 0);
	must(*host != '\0' && *host != ':' && strpbrk(host, "/?#@* \t") == NULL);
}

static void
check_ORIGINS(const union value *v)
{
	size_t stars, words = count_words(given, &stars);

	must(v->origins.n <= SETTINGS_ORIGINS_MAX);
	must(v->origins.n + stars == words && v->origins.any == (stars > 0));
	for (size_t i = 0; i < v->origins.n; i++) {
		union value again = written("%s", v->origins.at[i]);

		check_origin(v->origins.at[i]);
		must(origin_list_has(&v->origins, slice_str(v->origins.at[i])));
		must(again.origins.n == 1 && !again.origins.any);
		must(strcmp(again.origins.at[0], v->origins.at[i]) == 0);
		setting->clear(&again);
	}
}

static void
check_address(const struct listen_address *a)
{
	const struct sockaddr *sa = (const struct sockaddr *)&a->sa;
	char host[NI_MAXHOST], port[NI_MAXSERV];
	union value again;

	must(getnameinfo(sa, a->len, host, sizeof(host), port, sizeof(port),
		 NI_NUMERICHOST | NI_NUMERICSERV) == 0);
	again = sa->sa_family == AF_INET6 ? written("[%s]:%s", host, port)
					  : written("%s:%s", host, port);
	must(again.listen.n == 1 && again.listen.at[0].len == a->len);
	must(memcmp(&again.listen.at[0].sa, &a->sa, a->len) == 0);
}

static void
check_LISTEN(const union value *v)
{
	size_t stars;

	must(v->listen.n >= 1 && v->listen.n <= SETTINGS_LISTEN_MAX);
	must(v->listen.n == count_words(given, &stars));
	for (size_t i = 0; i < v->listen.n; i++)
		check_address(&v->listen.at[i]);
}

static void
check_network(const struct network *n)
{
	char address[IP_TEXT_SIZE];
	union value again;

	must(n->bits >= 1 && n->bits <= 8u * n->address.len);
	ip_format(&n->address, address);
	again = written("%s/%u", address, n->bits);
	must(again.networks.n == 1 && again.networks.at[0].bits == n->bits);
	must(memcmp(&again.networks.at[0].address, &n->address, sizeof(n->address)) == 0);
}

static void
check_NETWORKS(const union value *v)
{
	size_t stars;

	must(v->networks.n >= 1 && v->networks.n <= NETWORKS_MAX);
	must(v->networks.n == count_words(given, &stars));
	for (size_t i = 0; i < v->networks.n; i++) {
		check_network(&v->networks.at[i]);
		must(network_list_has(&v->networks, &v->networks.at[i].address));
	}
}

/* Names are unique, and there are as many as in the text. */
static void
check_named(const struct named_list *list)
{
	size_t n = 1;

	for (const char *comma = given; (comma = strchr(comma, ',')) != NULL; comma++)
		n++;
	must(list->n == n && n <= SETTINGS_NAMED_MAX);
	for (size_t i = 0; i < n; i++) {
		const char *name = list->at[i].name;

		must(strlen(name) >= 1 && strlen(name) <= MODEL_SERVER_NAME_MAX);
		must(strstr(given, name) != NULL && strpbrk(name, "=, ") == NULL);
		must(named_list_find(list, slice_str(name)) == list->at[i].value);
	}
}

static void
check_SERVERS(const union value *v)
{
	check_named(&v->servers);
	for (size_t i = 0; i < v->servers.n; i++)
		must(strncmp(v->servers.at[i].value, "http", 4) == 0);
}

static void
check_SECRETS(const union value *v)
{
	check_named(&v->secrets);
	for (size_t i = 0; i < v->secrets.n; i++) {
		const char *secret = v->secrets.at[i].value;

		must(strlen(secret) >= setting->min && strlen(secret) <= setting->max);
		must(strstr(given, secret) != NULL && utf8_valid(slice_str(secret)));
	}
}

/* fuzz_model_servers.c tries what such a file may contain. */
static void
check_SERVERS_FILE(const union value *v)
{
	must(strcmp(v->servers_file.path, given) == 0);
}

static const struct {
	struct setting setting;
	void (*check)(const union value *);
} table[] = {
#define SETTING(NAME, alias, KIND, field, def, min, max, owners, secret, help) \
	{{#NAME, alias, def, min, max, 0, secret, help, setting_parse_##KIND,  \
	     setting_clear_##KIND, 0},                                         \
	    check_##KIND},
#include "proto/settings/settings.def"
};

static void
run(size_t row, const char *text)
{
	char why[SETTING_WHY_MAX] = "";
	union value v;

	setting = &table[row].setting;
	given = text;
	memset(&v, 0, sizeof(v));
	if (setting->parse(setting, text, &v, why) == 0)
		table[row].check(&v);
	else
		must(why[0] != '\0' && memchr(why, '\0', sizeof(why)) != NULL);
	setting->clear(&v);
}

FUZZ(settings)
{
	char *line = strndup((const char *)in.p, in.len);
	char *text = line;

	must(line != NULL);
	strsep(&text, "=");
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (text != NULL && *text != '\0' && strcmp(line, table[i].setting.name) == 0)
			run(i, text);
	free(line);
}
