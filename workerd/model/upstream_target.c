#include "workerd/model/upstream_target.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "proto/base/basics.h"

[[gnu::format(printf, 1, 2)]] static char *
upstream_target_print(const char *format, ...)
{
	va_list args;
	char *out;

	va_start(args, format);
	must(vasprintf(&out, format, args) != -1);
	va_end(args);
	return out;
}

/* RFC 7617. */
static char *
upstream_target_basic(const char *user, const char *password)
{
	char *both = upstream_target_print("%s:%s", user, password == NULL ? "" : password);
	char *encoded = xcalloc(1, strlen(both) / 3 * 4 + 5), *basic;

	EVP_EncodeBlock((uint8_t *)encoded, (const uint8_t *)both, (int)strlen(both));
	basic = upstream_target_print("Basic %s", encoded);
	free(both);
	free(encoded);
	return basic;
}

/* A copy of a part of a URL; NULL if it names none, or is invalid, which libcurl reports when it connects. */
static char *
upstream_target_part(const char *url, CURLUPart part)
{
	char *text = NULL, *copy = NULL;
	CURLU *parts = curl_url();

	must(parts != NULL);
	if (curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
	    curl_url_get(parts, part, &text, CURLU_URLDECODE) == CURLUE_OK)
		copy = xstrdup(text);
	curl_free(text);
	curl_url_cleanup(parts);
	return copy;
}

/* NULL: the URL names no user. */
static char *
upstream_target_login(const char *url)
{
	char *user = upstream_target_part(url, CURLUPART_USER);
	char *password = upstream_target_part(url, CURLUPART_PASSWORD);
	char *login = user == NULL ? NULL : upstream_target_basic(user, password);

	free(user);
	free(password);
	return login;
}

/* A name without the dot that may end it, which certificates and SNI do not have (RFC 6066, section 3). */
static char *
upstream_target_host(const char *authority)
{
	bool brackets = *authority == '[';
	const char *host = authority + brackets;
	size_t len = strcspn(host, brackets ? "]" : ":");

	if (len > 1 && host[len - 1] == '.')
		len--;
	return upstream_target_print("%.*s", (int)len, host);
}

/* The parts of scheme "://" [login "@"] authority path. An IPv6 address is in brackets. */
static void
upstream_target_set_url(struct upstream_target *t, const char *url)
{
	const char *start = strstr(url, "://") + 3, *path = start + strcspn(start, "/");
	const char *at = memrchr(start, '@', (size_t)(path - start));
	const char *authority = at == NULL ? start : at + 1;
	const char *bracket;
	bool has_port;

	t->tls = strncmp(url, "https:", 6) == 0;
	t->authority = upstream_target_print("%.*s", (int)(path - authority), authority);
	t->host = upstream_target_host(t->authority);
	bracket = strchr(t->authority, ']');
	t->path = xstrdup(path);
	t->origin = upstream_target_print("%.*s%s", (int)(start - url), url, t->authority);
	t->authorization = upstream_target_login(url);
	has_port = strchr(bracket == NULL ? t->authority : bracket, ':') != NULL;
	t->tcp_url = upstream_target_print(
	    "http://%s%s/", t->authority, t->tls && !has_port ? ":443" : "");
}

/* The variables of curl(1). It does not read HTTP_PROXY, which CGI programs get from clients. */
static const char *
upstream_target_proxy_of_environment(bool tls)
{
	static const char *const names[2][4] = {
	    {"http_proxy", "all_proxy", "ALL_PROXY", NULL},
	    {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"},
	};

	for (size_t i = 0; i < 4 && names[tls][i] != NULL; i++) {
		const char *value = getenv(names[tls][i]);

		if (value != NULL && *value != '\0')
			return value;
	}
	return "";
}

static long
upstream_target_port(const char *url, long otherwise)
{
	char *port = upstream_target_part(url, CURLUPART_PORT);
	long number = port == NULL ? otherwise : atol(port);

	free(port);
	return number;
}

/* NO_PROXY may exempt the host: the connection's port shows it (upstream_dial.c). Where both have the same port,
 * the proxy is asked for a tunnel instead, so that its password cannot reach the server. */
static void
upstream_target_set_forwarding(struct upstream_target *t)
{
	t->proxy_port = upstream_target_port(t->proxy, t->proxy_tls ? 443 : 1080);
	t->proxy_forwards = t->proxy_port != upstream_target_port(t->tcp_url, 80);
	if (t->proxy_forwards)
		t->proxy_authorization = upstream_target_login(t->proxy);
}

void
upstream_target_init(struct upstream_target *t, const char *url, const char *proxy)
{
	*t = (struct upstream_target){0};
	upstream_target_set_url(t, url);
	if (proxy == NULL)
		proxy = upstream_target_proxy_of_environment(t->tls);
	t->proxy = *proxy == '\0' || strstr(proxy, "://") != NULL
	    ? xstrdup(proxy)
	    : upstream_target_print("http://%s", proxy);
	t->proxy_tls = strncasecmp(t->proxy, "https:", 6) == 0;
	if (!t->tls && (t->proxy_tls || strncasecmp(t->proxy, "http:", 5) == 0))
		upstream_target_set_forwarding(t);
}

bool
upstream_target_is_address(const struct upstream_target *t)
{
	struct in6_addr address;

	return inet_pton(AF_INET, t->host, &address) == 1 ||
	    inet_pton(AF_INET6, t->host, &address) == 1;
}

void
upstream_target_clear(struct upstream_target *t)
{
	char *const all[] = {t->origin, t->tcp_url, t->host, t->authority, t->path, t->proxy,
	    t->authorization, t->proxy_authorization};

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		free(all[i]);
}
