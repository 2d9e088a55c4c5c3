/*
 * Types of members that name something on the web. A URL is what libcurl and a person read alike: ASCII, with a host and
 * without a user.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/network.h"
#include "proto/settings/setting_values.h"
#include "workerd/api/fields/fields.h"
#include "workerd/api/fields/json_read.h"

/* Whether all characters are printable ASCII, without those that must be escaped in a URL (RFC 3986). */
static bool
web_has_url_characters(const char *text)
{
	for (const char *c = text; *c != '\0'; c++)
		if (*c <= ' ' || *c > '~' || strchr("\"<>\\^`{|}#", *c) != NULL)
			return false;
	return true;
}

static bool
web_has_host(const char *text)
{
	char *host = strndup(text, strcspn(text, "/?"));
	bool valid;

	must(host != NULL);
	valid = origin_is_authority(host);
	free(host);
	return valid;
}

bool
web_is_url(const char *text)
{
	size_t scheme = strncmp(text, "https://", 8) == 0 ? 8
	    : strncmp(text, "http://", 7) == 0            ? 7
							  : 0;

	return scheme != 0 && web_has_url_characters(text) && web_has_host(text + scheme);
}

/* Whether it is a string of at most f->max bytes, without a NUL. */
static bool
web_is_string(const struct field *f, const json_t *value, struct slice *s)
{
	*s = json_read_string(value);
	return s->p != NULL && s->len <= f->max && memchr(s->p, '\0', s->len) == NULL;
}

static bool
web_read_url(const struct field *f, json_t *value, struct fields *in, void *at)
{
	struct slice s;
	bool is_none;

	(void)in;
	if (!web_is_string(f, value, &s))
		return false;
	is_none = s.len == 0 && f->rule == FIELD_NULLABLE;
	if (!is_none && !web_is_url(json_string_value(value)))
		return false;
	*(struct slice *)at = s;
	return true;
}

static void
web_write_text(const struct field *f, const void *at, struct json_writer *j)
{
	const struct slice *s = at;

	if (s->len == 0 && f->rule == FIELD_NULLABLE)
		json_write_null(j, f->name);
	else
		json_write_str(j, f->name, *s);
}

/* Whether browsers read the host as an IPv4 address: its last label is a number (WHATWG URL, "ends in a number"). */
static bool
web_is_number(const char *host)
{
	const char *dot = strrchr(host, '.');
	const char *label = dot == NULL ? host : dot + 1;

	if (label[0] == '0' && (label[1] == 'x' || label[1] == 'X'))
		return label[2 + strspn(label + 2, "0123456789abcdefABCDEF")] == '\0';
	return label[strspn(label, "0123456789")] == '\0';
}

/* Browsers also read 127.1, 0x7f000001 and 2130706433 as addresses, like inet_aton(3). */
static bool
web_is_public_address(const char *host)
{
	struct in_addr in;
	struct ip_address a;

	if (inet_aton(host, &in) == 0)
		return false;
	a = ip_from_bytes((struct slice){(const uint8_t *)&in, sizeof(in)});
	return ip_is_public(&a);
}

/* Whether a host, in lower case and without a dot at its end, can be one of the public internet (RFC 6761, RFC 6762, RFC
 * 8375, and ICANN's reservation of internal). */
static bool
web_is_public_host(const char *host)
{
	static const char *const closed[] = {".localhost", ".local", ".internal", ".home.arpa"};
	size_t n = strlen(host);

	if (web_is_number(host))
		return web_is_public_address(host);
	for (size_t i = 0; i < ARRAY_LEN(closed); i++) {
		size_t len = strlen(closed[i]);

		if (n >= len && strcmp(host + n - len, closed[i]) == 0)
			return false;
	}
	return strchr(host, '.') != NULL;
}

/* Whether what follows the scheme of a URL begins with a public host, with or without a port, and has no user. Browsers
 * decode %31 in a host, so it could hide an address. */
static bool
web_has_public_host(const char *text)
{
	char *host = strndup(text, strcspn(text, "/?#"));
	bool valid;

	must(host != NULL);
	valid = strchr(host, '%') == NULL && origin_is_authority(host);
	host[strcspn(host, ":")] = '\0';
	for (char *c = host; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	if (host[0] != '\0' && host[strlen(host) - 1] == '.')
		host[strlen(host) - 1] = '\0';
	valid = valid && web_is_public_host(host);
	free(host);
	return valid;
}

/* Visitors' pages load it: no other scheme, no host of the visitor's own machine or network, no user and password, and
 * nothing that ends an attribute or a CSS url(). */
static bool
web_read_picture(const struct field *f, json_t *value, struct fields *in, void *at)
{
	static const char scheme[] = "https://";
	const size_t n = sizeof(scheme) - 1;
	struct slice s;

	(void)in;
	if (!web_is_string(f, value, &s))
		return false;
	if (s.len > 0 &&
	    (s.len <= n || memcmp(s.p, scheme, n) != 0 || !isalnum(s.p[n]) ||
		!web_has_public_host(json_string_value(value) + n)))
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (!isgraph(s.p[i]) || strchr("\"'()<>\\^`{|}", s.p[i]) != NULL)
			return false;
	*(struct slice *)at = s;
	return true;
}

/* The fragment, which the server of the page never sees, may have the same characters. */
static bool
web_is_link(const char *text)
{
	const size_t n = strcspn(text, "#");
	char *url = strndup(text, n);
	bool valid;

	must(url != NULL);
	valid = strncmp(url, "https://", 8) == 0 && web_is_url(url) &&
	    (text[n] == '\0' || web_has_url_characters(text + n + 1));
	free(url);
	return valid;
}

/* A visitor opens it: it may be in a private network, and have any characters of a URL. */
static bool
web_read_link(const struct field *f, json_t *value, struct fields *in, void *at)
{
	struct slice s;

	(void)in;
	if (!web_is_string(f, value, &s) ||
	    (s.len > 0 && !web_is_link(json_string_value(value))))
		return false;
	*(struct slice *)at = s;
	return true;
}

/* Parts of 2 to 8 letters or digits, with hyphens between them; the first has two or three letters. */
static bool
web_is_language(struct slice s)
{
	size_t part = 0, first = 0;

	for (size_t i = 0; i < s.len; i++) {
		bool hyphen = s.p[i] == '-';

		if (hyphen ? part < 2 : first == 0 ? !isalpha(s.p[i]) : !isalnum(s.p[i]))
			return false;
		if (hyphen && first == 0)
			first = part;
		part = hyphen ? 0 : part + 1;
		if (part > (first == 0 ? 3 : 8))
			return false;
	}
	return part >= 2;
}

static bool
web_read_language(const struct field *f, json_t *value, struct fields *in, void *at)
{
	struct slice s;
	bool is_none;

	(void)in;
	if (!web_is_string(f, value, &s))
		return false;
	is_none = s.len == 0 && f->rule == FIELD_NULLABLE;
	if (!is_none && !web_is_language(s))
		return false;
	*(struct slice *)at = s;
	return true;
}

const struct field_kind field_url = {
    sizeof(struct slice), web_read_url, REASON_URL, web_write_text, NULL};
const struct field_kind field_picture = {
    sizeof(struct slice), web_read_picture, REASON_PICTURE, web_write_text, NULL};
const struct field_kind field_link = {
    sizeof(struct slice), web_read_link, REASON_LINK, web_write_text, NULL};
const struct field_kind field_language = {
    sizeof(struct slice), web_read_language, REASON_LANGUAGE_TAG, web_write_text, NULL};
