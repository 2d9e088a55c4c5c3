/*
 * NAME=text for every NAME of the settings table. An accepted value is within its limits; formatted
 * as text again, it is accepted with the same result; and no part of the text was silently ignored.
 */
#include <inttypes.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "proto/settings/setting_kinds.h"
#include "tests/fuzz/fuzz.h"

union value {
	setting_c_COUNT count;
	setting_c_BYTES bytes;
	setting_c_TEXT text;
	setting_c_DECIMAL decimal;
	setting_c_ENV env;
	setting_c_LEVEL level;
	setting_c_ORIGINS origins;
	setting_c_LISTEN listen;
	setting_c_NETWORKS networks;
	setting_c_SERVERS servers;
	setting_c_SECRETS secrets;
};

/* Parses the text that a value was formatted to. */
static void
parse_again(const struct setting *d, const char *text, union value *v)
{
	char why[SETTING_WHY_MAX] = "";

	memset(v, 0, sizeof(*v));
	must(d->parse(d, text, v, why) == 0);
}

/* A value formatted as text parses to the same value. */
[[gnu::format(printf, 3, 4)]] static void
check_written(const struct setting *d, const union value *v, const char *fmt, ...)
{
	union value again;
	char text[64];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	parse_again(d, text, &again);
	must(memcmp(&again, v, sizeof(again)) == 0);
}

static void
check_COUNT(const struct setting *d, const char *text, const union value *v)
{
	(void)text;
	must(v->count >= d->min && v->count <= d->max);
	check_written(d, v, "%" PRIu32, v->count);
}

static void
check_BYTES(const struct setting *d, const char *text, const union value *v)
{
	(void)text;
	must(v->bytes >= d->min && v->bytes <= d->max);
	check_written(d, v, "%" PRIu64, v->bytes);
}

static void
check_DECIMAL(const struct setting *d, const char *text, const union value *v)
{
	uint32_t n = v->decimal.thousandths;

	(void)text;
	must(v->decimal.given && n >= d->min * 1000 && n <= d->max * 1000);
	check_written(d, v, "%" PRIu32 ".%03" PRIu32, n / 1000, n % 1000);
}

static void
check_TEXT(const struct setting *d, const char *text, const union value *v)
{
	must(strcmp(v->text, text) == 0 && utf8_valid(slice_str(text)));
	must(strlen(text) >= d->min && strlen(text) <= d->max);
	for (const char *c = text; d->secret && *c != '\0'; c++)
		must((unsigned char)*c >= ' ' && *c != 0x7f);
}

static void
check_PATH(const struct setting *d, const char *text, const union value *v)
{
	(void)d;
	must(strcmp(v->text, text) == 0);
}

#define check_FILE check_PATH

static void
check_URL(const struct setting *d, const char *text, const union value *v)
{
	size_t len = strlen(v->text);
	union value again;

	must(strncmp(v->text, "http://", 7) == 0 || strncmp(v->text, "https://", 8) == 0);
	must(v->text[len - 1] != '/' && strpbrk(v->text, " \t\r\n?#") == NULL);
	must(strncmp(text, v->text, len) == 0 && strspn(text + len, "/") == strlen(text + len));
	parse_again(d, v->text, &again);
	must(strcmp(again.text, v->text) == 0);
	d->clear(&again);
}

static void
check_PROXY(const struct setting *d, const char *text, const union value *v)
{
	(void)d;
	must(strcmp(v->text, text) == 0 && strpbrk(text, " \t\r\n?#") == NULL);
	must(strncmp(text, "http", 4) == 0 || strncmp(text, "socks5", 6) == 0);
}

static void
check_ENV(const struct setting *d, const char *text, const union value *v)
{
	(void)d;
	(void)text;
	must(v->env <= APP_ENV_TEST);
}

static void
check_LEVEL(const struct setting *d, const char *text, const union value *v)
{
	(void)d;
	(void)text;
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
check_ORIGINS(const struct setting *d, const char *text, const union value *v)
{
	size_t stars, words = count_words(text, &stars);

	must(v->origins.n <= SETTINGS_ORIGINS_MAX);
	must(v->origins.n + stars == words && v->origins.any == (stars > 0));
	for (size_t i = 0; i < v->origins.n; i++) {
		union value again;

		check_origin(v->origins.at[i]);
		must(origin_list_has(&v->origins, slice_str(v->origins.at[i])));
		parse_again(d, v->origins.at[i], &again);
		must(again.origins.n == 1 && !again.origins.any);
		must(strcmp(again.origins.at[0], v->origins.at[i]) == 0);
		d->clear(&again);
	}
}

static void
check_address(const struct setting *d, const struct listen_address *a)
{
	const struct sockaddr *sa = (const struct sockaddr *)&a->sa;
	char host[NI_MAXHOST], port[NI_MAXSERV], text[NI_MAXHOST + NI_MAXSERV + 8];
	union value again;

	must(getnameinfo(sa, a->len, host, sizeof(host), port, sizeof(port),
		 NI_NUMERICHOST | NI_NUMERICSERV) == 0);
	snprintf(
	    text, sizeof(text), sa->sa_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
	parse_again(d, text, &again);
	must(again.listen.n == 1 && again.listen.at[0].len == a->len);
	must(memcmp(&again.listen.at[0].sa, &a->sa, a->len) == 0);
}

static void
check_LISTEN(const struct setting *d, const char *text, const union value *v)
{
	size_t stars;

	must(v->listen.n >= 1 && v->listen.n <= SETTINGS_LISTEN_MAX);
	must(v->listen.n == count_words(text, &stars));
	for (size_t i = 0; i < v->listen.n; i++)
		check_address(d, &v->listen.at[i]);
}

static void
check_network(const struct setting *d, const struct network *n)
{
	char address[IP_TEXT_SIZE], text[IP_TEXT_SIZE + 8];
	union value again;

	must(n->bits >= 1 && n->bits <= 8u * n->address.len);
	ip_format(&n->address, address);
	snprintf(text, sizeof(text), "%s/%u", address, n->bits);
	parse_again(d, text, &again);
	must(again.networks.n == 1 && again.networks.at[0].bits == n->bits);
	must(memcmp(&again.networks.at[0].address, &n->address, sizeof(n->address)) == 0);
}

static void
check_NETWORKS(const struct setting *d, const char *text, const union value *v)
{
	size_t stars;

	must(v->networks.n >= 1 && v->networks.n <= NETWORKS_MAX);
	must(v->networks.n == count_words(text, &stars));
	for (size_t i = 0; i < v->networks.n; i++) {
		check_network(d, &v->networks.at[i]);
		must(network_list_has(&v->networks, &v->networks.at[i].address));
	}
}

/* Names are unique, and there are as many as in the text. */
static void
check_named(const struct named_list *list, const char *text)
{
	size_t n = 1;

	for (const char *comma = text; (comma = strchr(comma, ',')) != NULL; comma++)
		n++;
	must(list->n == n && n <= SETTINGS_NAMED_MAX);
	for (size_t i = 0; i < n; i++) {
		const char *name = list->at[i].name;

		must(strlen(name) >= 1 && strlen(name) <= MODEL_SERVER_NAME_MAX);
		must(strstr(text, name) != NULL && strpbrk(name, "=, ") == NULL);
		must(named_list_find(list, slice_str(name)) == list->at[i].value);
	}
}

static void
check_SERVERS(const struct setting *d, const char *text, const union value *v)
{
	(void)d;
	check_named(&v->servers, text);
	for (size_t i = 0; i < v->servers.n; i++)
		must(strncmp(v->servers.at[i].value, "http", 4) == 0);
}

static void
check_SECRETS(const struct setting *d, const char *text, const union value *v)
{
	check_named(&v->secrets, text);
	for (size_t i = 0; i < v->secrets.n; i++) {
		const char *secret = v->secrets.at[i].value;

		must(strlen(secret) >= d->min && strlen(secret) <= d->max);
		must(strstr(text, secret) != NULL && utf8_valid(slice_str(secret)));
	}
}

static const struct {
	struct setting d;
	void (*check)(const struct setting *, const char *text, const union value *);
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
	const struct setting *d = &table[row].d;
	char why[SETTING_WHY_MAX] = "";
	union value v;

	memset(&v, 0, sizeof(v));
	if (d->parse(d, text, &v, why) == 0)
		table[row].check(d, text, &v);
	else
		must(why[0] != '\0' && memchr(why, '\0', sizeof(why)) != NULL);
	d->clear(&v);
}

int
fuzz_settings(const uint8_t *data, size_t size)
{
	char *line = strndup((const char *)data, size);
	char *text = line;

	must(line != NULL);
	strsep(&text, "=");
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (text != NULL && *text != '\0' && strcmp(line, table[i].d.name) == 0)
			run(i, text);
	free(line);
	return 0;
}
