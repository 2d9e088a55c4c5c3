/*
 * Each parser says what would be valid when it refuses a text.
 */
#include "proto/settings/setting_kinds.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/stdlib.h>
#include <bsd/string.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"

#define REFUSE(...)                                          \
	do {                                                 \
		snprintf(why, SETTING_WHY_MAX, __VA_ARGS__); \
		return -1;                                   \
	} while (0)

#define NAME_LETTERS "abcdefghijklmnopqrstuvwxyz0123456789-_"

int
setting_parse_COUNT(const struct setting *d, const char *text, void *field, char *why)
{
	const char *bad;
	long long n = strtonum(text, (long long)d->min, (long long)d->max, &bad);

	if (bad != NULL)
		REFUSE("must be a whole number from %" PRIu64 " to %" PRIu64, d->min, d->max);
	*(uint32_t *)field = (uint32_t)n;
	return 0;
}

int
setting_parse_DECIMAL(const struct setting *d, const char *text, void *field, char *why)
{
	struct setting_decimal *out = field;
	size_t whole = strspn(text, "0123456789");
	const char *point = text + whole;
	size_t part = *point == '.' ? strspn(point + 1, "0123456789") : 0;
	uint64_t n;

	if (whole == 0 || whole > 6 || part > 3 || (*point == '.' && part == 0) ||
	    point[*point == '.' ? 1 + part : 0] != '\0')
		goto bad;
	n = strtoull(text, NULL, 10) * 1000;
	for (size_t i = 0, worth = 100; i < part; i++, worth /= 10)
		n += (uint64_t)(point[1 + i] - '0') * worth;
	if (n < d->min * 1000 || n > d->max * 1000)
		goto bad;
	*out = (struct setting_decimal){.given = true, .thousandths = (uint32_t)n};
	return 0;
bad:
	REFUSE("must be a number from %" PRIu64 " to %" PRIu64
	       " with at most three decimal places, for example 0.7",
	    d->min, d->max);
}

/* The power of two of a size's unit letter, or -1. */
static int
setting_size_shift(char unit)
{
	switch (toupper((unsigned char)unit)) {
	case '\0':
		return 0;
	case 'K':
		return 10;
	case 'M':
		return 20;
	case 'G':
		return 30;
	case 'T':
		return 40;
	default:
		return -1;
	}
}

int
setting_parse_BYTES(const struct setting *d, const char *text, void *field, char *why)
{
	size_t digits = strspn(text, "0123456789");
	int shift = setting_size_shift(text[digits]);
	uint64_t n;

	errno = 0;
	n = strtoull(text, NULL, 10);
	if (digits == 0 || errno != 0 || shift == -1 ||
	    (text[digits] != '\0' && text[digits + 1] != '\0') || n > d->max >> shift ||
	    n << shift < d->min)
		REFUSE("must be a number of bytes from %" PRIu64 " to %" PRIu64
		       ", optionally followed by K, M, G or T",
		    d->min, d->max);
	*(uint64_t *)field = n << shift;
	return 0;
}

/* The index of text in words, or -1. */
static int
setting_choose(const char *text, const char *const words[], size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(text, words[i]) == 0)
			return (int)i;
	return -1;
}

int
setting_parse_ENV(const struct setting *d, const char *text, void *field, char *why)
{
	static const char *const words[] = {"development", "production", "test"};
	int i = setting_choose(text, words, ARRAY_LEN(words));

	(void)d;
	if (i == -1)
		REFUSE("must be development, production or test");
	*(enum app_env *)field = (enum app_env)i;
	return 0;
}

int
setting_parse_API(const struct setting *d, const char *text, void *field, char *why)
{
	static const char *const words[] = {"auto", "chat", "responses"};
	int i = setting_choose(text, words, ARRAY_LEN(words));

	(void)d;
	if (i == -1)
		REFUSE("must be auto, chat or responses");
	*(enum model_api *)field = (enum model_api)i;
	return 0;
}

int
setting_parse_LEVEL(const struct setting *d, const char *text, void *field, char *why)
{
	static const char *const words[] = {"error", "warn", "notice", "info", "debug"};
	int i = setting_choose(text, words, ARRAY_LEN(words));

	(void)d;
	if (i == -1)
		REFUSE("must be error, warn, notice, info or debug");
	*(enum log_level *)field = (enum log_level)(LOG_ERROR + i);
	return 0;
}

/* The next item of a comma-separated list, without white space at its ends; NULL at the end. White
 * space inside an item is left for the item's parser to refuse. */
static char *
setting_next_item(char **rest)
{
	char *item = strsep(rest, ",");
	size_t n;

	if (item == NULL)
		return NULL;
	item += strspn(item, " \t");
	for (n = strlen(item); n > 0 && (item[n - 1] == ' ' || item[n - 1] == '\t'); n--)
		item[n - 1] = '\0';
	return item;
}

/* Parses address:port or [v6-address]:port; modifies item. 0, or -1. */
static int
setting_parse_address(char *item, struct listen_address *out)
{
	const struct addrinfo numeric = {
	    .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
	    .ai_socktype = SOCK_STREAM,
	};
	bool v6 = *item == '[';
	char *host = item + v6, *port = strrchr(item, ':');
	char *end = v6 ? strchr(item, ']') : strchr(item, ':');
	struct addrinfo *ai;
	const char *bad;

	if (port == NULL || end == NULL || end + v6 != port || strpbrk(item, " \t") != NULL)
		return -1;
	*end = '\0';
	*port++ = '\0';
	strtonum(port, 1, 65535, &bad);
	if (bad != NULL || getaddrinfo(host, port, &numeric, &ai) != 0)
		return -1;
	memcpy(&out->sa, ai->ai_addr, ai->ai_addrlen);
	out->len = ai->ai_addrlen;
	freeaddrinfo(ai);
	return 0;
}

int
setting_parse_LISTEN(const struct setting *d, const char *text, void *field, char *why)
{
	struct listen_list *list = field;
	char *copy = xstrdup(text), *rest = copy, *item;
	int result = 0;

	(void)d;
	list->n = 0;
	while (result == 0 && (item = setting_next_item(&rest)) != NULL)
		result = list->n == SETTINGS_LISTEN_MAX
		    ? -1
		    : setting_parse_address(item, &list->at[list->n++]);
	free(copy);
	if (result == 0)
		return 0;
	list->n = 0; /* rules between settings must not see a part of it */
	REFUSE("must be at most %d of address:port or [v6-address]:port, comma-separated, "
	       "for example 0.0.0.0:4000,[::1]:4000",
	    SETTINGS_LISTEN_MAX);
}

/* Parses one network. 0, or -1 with the reason in why. */
static int
setting_parse_network(const char *item, struct network *out, char *why)
{
	char meant[IP_TEXT_SIZE];

	switch (network_parse(slice_str(item), out)) {
	case NETWORK_OK:
		return 0;
	case NETWORK_ANY:
		REFUSE("%.48s would match every address; list only your own networks", item);
	case NETWORK_HOST_BITS:
		ip_format(&out->address, meant);
		REFUSE("%.48s has bits set after its prefix; use %s/%u for that network", item,
		    meant, out->bits);
	case NETWORK_BAD:
		break;
	}
	REFUSE("\"%.48s\" is not an address or network; use a comma-separated list like "
	       "127.0.0.1, 10.0.0.0/8, fd00::/8",
	    item);
}

int
setting_parse_NETWORKS(const struct setting *d, const char *text, void *field, char *why)
{
	struct network_list *list = field;
	char *copy = xstrdup(text), *rest = copy, *item;
	int result = 0;

	(void)d;
	list->n = 0;
	while (result == 0 && (item = setting_next_item(&rest)) != NULL) {
		if (list->n < NETWORKS_MAX) {
			result = setting_parse_network(item, &list->at[list->n++], why);
			continue;
		}
		snprintf(why, SETTING_WHY_MAX, "must be at most %d networks", NETWORKS_MAX);
		result = -1;
	}
	free(copy);
	return result;
}

static void
setting_clear_nothing(void *field)
{
	(void)field;
}

void
setting_clear_COUNT(void *field)
{
	setting_clear_nothing(field);
}

void
setting_clear_BYTES(void *field)
{
	setting_clear_nothing(field);
}

void
setting_clear_DECIMAL(void *field)
{
	setting_clear_nothing(field);
}

void
setting_clear_ENV(void *field)
{
	setting_clear_nothing(field);
}

void
setting_clear_API(void *field)
{
	setting_clear_nothing(field);
}

void
setting_clear_LEVEL(void *field)
{
	setting_clear_nothing(field);
}

void
setting_clear_LISTEN(void *field)
{
	setting_clear_nothing(field);
}

void
setting_clear_NETWORKS(void *field)
{
	setting_clear_nothing(field);
}

int
setting_parse_TEXT(const struct setting *d, const char *text, void *field, char *why)
{
	size_t len = strlen(text);

	if (len < d->min || len > d->max)
		REFUSE("must be %" PRIu64 " to %" PRIu64 " characters", d->min, d->max);
	if (!utf8_valid(slice_str(text)))
		REFUSE("must be valid UTF-8");
	/* A key becomes part of a header line, where a control character could start another
	 * header. */
	for (const char *c = text; d->secret && *c != '\0'; c++)
		if (iscntrl((unsigned char)*c))
			REFUSE("must not have control characters or line breaks");
	*(char **)field = xstrdup(text);
	return 0;
}

/* Whether a valid host, with an optional port, is behind a URL's scheme. */
static bool
setting_has_url_host(const char *text)
{
	char *authority = setting_url_authority(text);
	bool valid = origin_is_authority(authority);

	free(authority);
	return valid;
}

/* Whether the first n bytes of a URL end with what banter adds, behind at least a host. scheme: bytes of "http://". */
static bool
setting_url_has_added(const char *text, size_t n, size_t scheme)
{
	static const char chat[] = SETTING_URL_ADDED;
	const size_t added = sizeof(chat) - 1;

	return n > scheme + added && memcmp(text + n - added, chat, added) == 0;
}

/* Bytes of a URL before its query, without slashes and "/chat/completions" at their end. */
static size_t
setting_url_base(const char *text, size_t scheme)
{
	size_t n = strcspn(text, "?");

	for (;;) {
		while (n > scheme && text[n - 1] == '/')
			n--;
		if (!setting_url_has_added(text, n, scheme))
			return n;
		n -= strlen(SETTING_URL_ADDED);
	}
}

int
setting_parse_URL(const struct setting *d, const char *text, void *field, char *why)
{
	size_t scheme = strncmp(text, "http://", 7) == 0 ? 7
	    : strncmp(text, "https://", 8) == 0          ? 8
							 : 0;
	char *url;

	(void)d;
	if (scheme == 0 || strpbrk(text, " \t\r\n#") != NULL ||
	    !setting_has_url_host(text + scheme))
		REFUSE("must be an http:// or https:// URL with a valid host and port, for "
		       "example https://api.openai.com/v1");
	must(asprintf(&url, "%.*s%s", (int)setting_url_base(text, scheme), text,
		 text + strcspn(text, "?")) != -1);
	*(char **)field = url;
	return 0;
}

int
setting_parse_SMTP(const struct setting *d, const char *text, void *field, char *why)
{
	const size_t scheme = strncmp(text, "smtp://", 7) == 0 ? 7
	    : strncmp(text, "smtps://", 8) == 0                ? 8
							       : 0;

	(void)d;
	if (scheme == 0 || strpbrk(text + scheme, " \t\r\n#?/@") != NULL ||
	    !setting_has_url_host(text + scheme))
		REFUSE(
		    "must be smtp://host or smtps://host, perhaps with :port, without a user");
	*(char **)field = xstrdup(text);
	return 0;
}

/* Refuses a path or query. A proxy's user name and password are before the last @. */
int
setting_parse_PROXY(const struct setting *d, const char *text, void *field, char *why)
{
	static const char *const schemes[] = {"http://", "https://", "socks5://", "socks5h://"};
	const char *rest = NULL, *host, *at;

	(void)d;
	for (size_t i = 0; i < ARRAY_LEN(schemes); i++)
		if (strncmp(text, schemes[i], strlen(schemes[i])) == 0)
			rest = text + strlen(schemes[i]);
	if (rest == NULL)
		goto bad;
	at = strrchr(rest, '@');
	host = at == NULL ? rest : at + 1;
	if (!origin_is_authority(host) || strpbrk(rest, "/?# ") != NULL)
		goto bad;
	for (const char *c = rest; *c != '\0'; c++)
		if (iscntrl((unsigned char)*c))
			goto bad;
	*(char **)field = xstrdup(text);
	return 0;
bad:
	REFUSE(
	    "must be http://host:port, or the same with https://, socks5:// or socks5h://; a "
	    "user name and password may precede the host: http://user:password@host:port");
}

int
setting_parse_USER(const struct setting *d, const char *text, void *field, char *why)
{
	const struct passwd *user = getpwnam(text);

	(void)d;
	if (user == NULL)
		REFUSE("must be the name of a user of this system");
	if (user->pw_uid == 0)
		REFUSE("must be a user without root's privileges");
	*(char **)field = xstrdup(text);
	return 0;
}

int
setting_parse_PATH(const struct setting *d, const char *text, void *field, char *why)
{
	(void)d;
	if (strlen(text) > 4000)
		REFUSE("must be a path of at most 4000 bytes");
	*(char **)field = xstrdup(text);
	return 0;
}

/* settings.c knows the other places such a file may be in. */
int
setting_parse_FILE(const struct setting *d, const char *text, void *field, char *why)
{
	return setting_parse_PATH(d, text, field, why);
}

int
setting_parse_ORIGINS(const struct setting *d, const char *text, void *field, char *why)
{
	struct origin_list *list = field;
	char *copy = xstrdup(text), *rest = copy, *item;
	bool bad = false;

	(void)d;
	while (!bad && (item = setting_next_item(&rest)) != NULL) {
		char *origin;

		if (*item == '\0')
			continue;
		if (strcmp(item, "*") == 0) {
			list->any = true;
			continue;
		}
		origin = list->n < SETTINGS_ORIGINS_MAX ? origin_normalize(item) : NULL;
		if (origin == NULL)
			bad = true;
		else
			list->at[list->n++] = origin;
	}
	free(copy);
	if (bad)
		REFUSE("must be * or at most %d origins like https://example.com or "
		       "http://localhost:3000 (no path), comma-separated",
		    SETTINGS_ORIGINS_MAX);
	return 0;
}

/* Splits name=value; modifies item. Returns the value, or NULL with a message in why. The message
 * contains nothing of the item: if the name was forgotten, the item is a secret. */
static char *
setting_split_named(const struct named_list *list, char *item, char *why)
{
	char *value = strchr(item, '=');
	size_t len = strspn(item, NAME_LETTERS);

	if (value == NULL || len == 0 || len > MODEL_SERVER_NAME_MAX || item + len != value) {
		snprintf(why, SETTING_WHY_MAX,
		    "must be name=value; a name is 1 to %d of a-z, 0-9, - and _",
		    MODEL_SERVER_NAME_MAX);
		return NULL;
	}
	*value++ = '\0';
	if (named_list_find(list, slice_str(item)) != NULL)
		snprintf(why, SETTING_WHY_MAX, "must not repeat a name");
	else if (list->n == SETTINGS_NAMED_MAX)
		snprintf(why, SETTING_WHY_MAX, "exceeds the maximum of %d", SETTINGS_NAMED_MAX);
	else
		return value;
	return NULL;
}

typedef int setting_parse_fn(const struct setting *d, const char *text, void *field, char *why);

/* Parses one name=value, its value with parse. */
static int
setting_parse_named(const struct setting *d, char *item, struct named_list *list,
    setting_parse_fn *parse, char *why)
{
	char *value = setting_split_named(list, item, why);

	if (value == NULL || parse(d, value, &list->at[list->n].value, why) == -1)
		return -1;
	list->at[list->n++].name = xstrdup(item);
	return 0;
}

static int
setting_parse_named_list(
    const struct setting *d, const char *text, void *field, setting_parse_fn *parse, char *why)
{
	char *copy = xstrdup(text), *rest = copy, *item, reason[SETTING_WHY_MAX - 32];
	int result = 0;

	for (int i = 1; result == 0 && (item = setting_next_item(&rest)) != NULL; i++) {
		result = setting_parse_named(d, item, field, parse, why);
		if (result == 0)
			continue;
		strlcpy(reason, why, sizeof(reason));
		snprintf(why, SETTING_WHY_MAX, "item %d %s", i, reason);
	}
	free(copy);
	return result;
}

int
setting_parse_SERVERS(const struct setting *d, const char *text, void *field, char *why)
{
	return setting_parse_named_list(d, text, field, setting_parse_URL, why);
}

int
setting_parse_SECRETS(const struct setting *d, const char *text, void *field, char *why)
{
	return setting_parse_named_list(d, text, field, setting_parse_TEXT, why);
}

static void
setting_clear_string(void *field)
{
	char **s = field;

	free(*s);
	*s = NULL;
}

void
setting_clear_TEXT(void *field)
{
	setting_clear_string(field);
}

void
setting_clear_SMTP(void *field)
{
	setting_clear_string(field);
}

void
setting_clear_USER(void *field)
{
	setting_clear_string(field);
}

void
setting_clear_URL(void *field)
{
	setting_clear_string(field);
}

void
setting_clear_PROXY(void *field)
{
	setting_clear_string(field);
}

void
setting_clear_PATH(void *field)
{
	setting_clear_string(field);
}

void
setting_clear_FILE(void *field)
{
	setting_clear_string(field);
}

void
setting_clear_ORIGINS(void *field)
{
	struct origin_list *list = field;

	for (size_t i = 0; i < list->n; i++)
		free(list->at[i]);
	*list = (struct origin_list){0};
}

void
setting_clear_SERVERS(void *field)
{
	struct named_list *list = field;

	for (size_t i = 0; i < list->n; i++) {
		free(list->at[i].name);
		free(list->at[i].value);
	}
	*list = (struct named_list){0};
}

void
setting_clear_SECRETS(void *field)
{
	setting_clear_SERVERS(field);
}
