#include "workerd/model/upstream_target.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/buf.h"

#define PROXY_PORT 1080 /* as curl(1) */

/* A copy of a part of the URL; NULL if it has none. */
static char *
upstream_target_part(CURLU *url, CURLUPart part, unsigned flags)
{
	char *text, *copy;

	if (curl_url_get(url, part, &text, flags) != CURLUE_OK)
		return NULL;
	copy = xstrdup(text);
	curl_free(text);
	return copy;
}

static unsigned
upstream_target_port(CURLU *url, unsigned otherwise)
{
	char *text = upstream_target_part(url, CURLUPART_PORT, 0);
	unsigned port = text == NULL ? otherwise : (unsigned)strtoul(text, NULL, 10);

	free(text);
	return port;
}

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

static char *
upstream_target_path(CURLU *url)
{
	char *path = upstream_target_part(url, CURLUPART_PATH, 0);
	char *query = upstream_target_part(url, CURLUPART_QUERY, 0);
	char *both =
	    query == NULL ? xstrdup(path) : upstream_target_print("%s?%s", path, query);

	free(path);
	free(query);
	return both;
}

static char *
upstream_target_authority(CURLU *url)
{
	char *host = upstream_target_part(url, CURLUPART_HOST, 0);
	char *port = upstream_target_part(url, CURLUPART_PORT, CURLU_NO_DEFAULT_PORT);
	char *both = port == NULL ? xstrdup(host) : upstream_target_print("%s:%s", host, port);

	free(host);
	free(port);
	return both;
}

/* libcurl keeps the brackets of an IPv6 address. */
static void
upstream_target_set_host(struct upstream_target *t, CURLU *url)
{
	struct in6_addr address;
	char *host = upstream_target_part(url, CURLUPART_HOST, 0);
	size_t len = strlen(host);

	must(len > 0);
	if (*host == '[') {
		host[len - 1] = '\0';
		memmove(host, host + 1, len - 1);
	}
	t->host = host;
	t->is_address =
	    inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1;
}

static char *
upstream_target_tcp_url(const struct upstream_target *t, CURLU *url)
{
	char *host = upstream_target_part(url, CURLUPART_HOST, 0);
	char *tcp_url = upstream_target_print(
	    "http://%s:%u/", host, upstream_target_port(url, t->tls ? 443 : 80));

	free(host);
	return tcp_url;
}

static void
upstream_target_set_url(struct upstream_target *t, const char *text)
{
	CURLU *url = curl_url();

	must(url != NULL && curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK);
	t->url = xstrdup(text);
	t->tls = strncmp(text, "https:", 6) == 0;
	t->tcp_url = upstream_target_tcp_url(t, url);
	t->authority = upstream_target_authority(url);
	t->path = upstream_target_path(url);
	upstream_target_set_host(t, url);
	curl_url_cleanup(url);
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

/* RFC 7617. */
static char *
upstream_target_basic(CURLU *proxy)
{
	char *user = upstream_target_part(proxy, CURLUPART_USER, CURLU_URLDECODE);
	char *password = upstream_target_part(proxy, CURLUPART_PASSWORD, CURLU_URLDECODE);
	char *both, *encoded, *basic = NULL;

	if (user != NULL) {
		both = upstream_target_print("%s:%s", user, password == NULL ? "" : password);
		encoded = xcalloc(1, strlen(both) / 3 * 4 + 5);
		EVP_EncodeBlock((uint8_t *)encoded, (const uint8_t *)both, (int)strlen(both));
		basic = upstream_target_print("Basic %s", encoded);
		free(both);
		free(encoded);
	}
	free(user);
	free(password);
	return basic;
}

static void
upstream_target_set_proxy(struct upstream_target *t, const char *text)
{
	CURLU *proxy = curl_url();

	must(proxy != NULL);
	t->proxy = strstr(text, "://") != NULL || *text == '\0'
	    ? xstrdup(text)
	    : upstream_target_print("http://%s", text);
	/* libcurl reports an invalid one when it connects. */
	if (curl_url_set(proxy, CURLUPART_URL, t->proxy, CURLU_NON_SUPPORT_SCHEME) ==
	    CURLUE_OK) {
		t->proxy_tls = strncmp(t->proxy, "https:", 6) == 0;
		t->proxy_forwards =
		    !t->tls && (t->proxy_tls || strncmp(t->proxy, "http:", 5) == 0);
		t->proxy_port = upstream_target_port(proxy, t->proxy_tls ? 443 : PROXY_PORT);
		if (t->proxy_forwards)
			t->proxy_authorization = upstream_target_basic(proxy);
	}
	curl_url_cleanup(proxy);
}

void
upstream_target_init(struct upstream_target *t, const char *url, const char *proxy)
{
	*t = (struct upstream_target){0};
	upstream_target_set_url(t, url);
	upstream_target_set_proxy(
	    t, proxy == NULL ? upstream_target_proxy_of_environment(t->tls) : proxy);
}

void
upstream_target_clear(struct upstream_target *t)
{
	char *const all[] = {t->url, t->tcp_url, t->host, t->authority, t->path, t->proxy,
	    t->proxy_authorization};

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		free(all[i]);
}
