/*
 * Session tokens: 43 characters of base64url. Those by DASHBOARD_PASSWORD have a prefix with a character
 * outside base64url.
 */
#include "workerd/api/guard/session.h"

#include <stdio.h>
#include <string.h>

#define SHARED_PREFIX "p."

void
session_token_new(bool shared, char token[SESSION_TOKEN_SIZE])
{
	char text[SECRET_TOKEN_TEXT + 1];

	secret_token(text);
	(void)snprintf(token, SESSION_TOKEN_SIZE, "%s%s", shared ? SHARED_PREFIX : "", text);
	explicit_bzero(text, sizeof(text));
}

struct slice
session_cookie(const struct http_request *req, const char *name, size_t n)
{
	struct slice cookies = http_header(req, "cookie");
	const size_t name_len = strlen(name);

	if (n >= SESSION_COOKIES_MAX)
		return (struct slice){0};
	while (cookies.len > 0) {
		const uint8_t *semicolon = memchr(cookies.p, ';', cookies.len);
		size_t len = semicolon == NULL ? cookies.len : (size_t)(semicolon - cookies.p);

		if (len > name_len + 1 && memcmp(cookies.p, name, name_len) == 0 &&
		    cookies.p[name_len] == '=' && n-- == 0)
			return (struct slice){cookies.p + name_len + 1, len - name_len - 1};
		cookies.p += len;
		cookies.len -= len;
		while (cookies.len > 0 && (*cookies.p == ';' || *cookies.p == ' ')) {
			cookies.p++;
			cookies.len--;
		}
	}
	return (struct slice){0};
}

struct slice
session_token(const struct http_request *req, bool secure, size_t n)
{
	return session_cookie(req, secure ? SESSION_COOKIE_SECURE : SESSION_COOKIE, n);
}

bool
session_is_shared(struct slice token)
{
	const size_t n = sizeof(SHARED_PREFIX) - 1;

	return token.len > n && memcmp(token.p, SHARED_PREFIX, n) == 0;
}

/* Without a DASHBOARD_PASSWORD no session matches: none is created with an empty password. */
struct hash256
session_hash(const struct settings *settings, struct slice token)
{
	const char *password = settings->dashboard_password;

	if (!session_is_shared(token))
		return secret_hash(token);
	return secret_mac(token, slice_str(password == NULL ? "" : password));
}
