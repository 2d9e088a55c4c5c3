#include "workerd/model/upstream_target.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* The parts of scheme "://" authority path. An IPv6 address is in brackets. */
static void
upstream_target_set_url(struct upstream_target *t, const char *url)
{
	const char *authority = strstr(url, "://") + 3,
		   *path = authority + strcspn(authority, "/");
	const char *host = authority + (*authority == '[');
	int authority_len = (int)(path - authority);
	bool has_port;

	t->url = xstrdup(url);
	t->tls = strncmp(url, "https:", 6) == 0;
	t->authority = upstream_target_print("%.*s", authority_len, authority);
	t->host = upstream_target_print(
	    "%.*s", (int)strcspn(host, host > authority ? "]" : ":/"), host);
	t->path = xstrdup(path);
	has_port = strchr(t->authority + (host - authority) + strlen(t->host), ':') != NULL;
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

/* What a proxy that gets requests must be told. libcurl reports an invalid URL when it connects. */
static void
upstream_target_set_forwarding(struct upstream_target *t)
{
	char *port = NULL, *user = NULL, *password = NULL;
	CURLU *proxy = curl_url();

	must(proxy != NULL);
	(void)curl_url_set(proxy, CURLUPART_URL, t->proxy, 0);
	(void)curl_url_get(proxy, CURLUPART_PORT, &port, 0);
	(void)curl_url_get(proxy, CURLUPART_USER, &user, CURLU_URLDECODE);
	(void)curl_url_get(proxy, CURLUPART_PASSWORD, &password, CURLU_URLDECODE);
	t->proxy_forwards = true;
	t->proxy_port = port != NULL ? atol(port) : t->proxy_tls ? 443 : 1080;
	if (user != NULL)
		t->proxy_authorization = upstream_target_basic(user, password);
	curl_free(port);
	curl_free(user);
	curl_free(password);
	curl_url_cleanup(proxy);
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
	t->proxy_tls = strncmp(t->proxy, "https:", 6) == 0;
	if (!t->tls && (t->proxy_tls || strncmp(t->proxy, "http:", 5) == 0))
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
	char *const all[] = {t->url, t->tcp_url, t->host, t->authority, t->path, t->proxy,
	    t->proxy_authorization};

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		free(all[i]);
}
