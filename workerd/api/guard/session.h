/*
 * Session tokens of the dashboard: the cookie's value, and the hash under which the store has it.
 *
 * A user's session is stored under the SHA-256 of its token. A session by DASHBOARD_PASSWORD is stored
 * under a MAC of token and password: changing the password ends these sessions at once in every worker
 * that has the new one, without a search, and a draining worker with the old password cannot end new
 * sessions. A stolen store does not allow guessing the password, since it lacks the token's 256 random
 * bits.
 */
#ifndef WORKERD_API_GUARD_SESSION_H
#define WORKERD_API_GUARD_SESSION_H

#include "proto/base/secrets.h"
#include "proto/settings/settings.h"
#include "workerd/http/message/http_parse.h"

/* The name of the cookie; the second one if it is Secure. Browsers accept the prefix only in a reply over HTTPS
 * and only for this host, so that neither a page of a subdomain nor one over plain HTTP can set the cookie
 * (RFC 6265bis, section 4.1.3.2). */
#define SESSION_COOKIE        "banter_session"
#define SESSION_COOKIE_SECURE "__Host-" SESSION_COOKIE

/* Without the prefix, other hosts and paths can add cookies of the same name: so many are tried. */
#define SESSION_COOKIES_MAX 4

/* Bytes of a token of either kind, with its NUL. */
#define SESSION_TOKEN_SIZE (2 + SECRET_TOKEN_TEXT + 1)

/* Creates a token: of a user, or (shared) for a login by DASHBOARD_PASSWORD. */
void session_token_new(bool shared, char token[SESSION_TOKEN_SIZE]);

/* The token in the request's nth cookie (from 0) with the name for this security, borrowed from the request;
 * empty if there are fewer, or if n is SESSION_COOKIES_MAX. */
struct slice session_token(const struct http_request *req, bool secure, size_t n);

/* The same for a cookie of any name. */
struct slice session_cookie(const struct http_request *req, const char *name, size_t n);

/* Whether the token, by its form, is of a login by DASHBOARD_PASSWORD. */
bool session_is_shared(struct slice token);

/* The hash under which the store has the session, with these settings. */
struct hash256 session_hash(const struct settings *settings, struct slice token);

#endif
