/*
 * The tokens of the dashboard's sessions: what stands in the cookie, and what the store knows it by.
 *
 * A user's token is known by its SHA-256. One by DASHBOARD_PASSWORD is known by a hash of it and the
 * password together: under another password it is nobody's, in each worker that has that and at once, and
 * nobody has to look for the sessions to end. A worker that a reload has replaced, and that still has the
 * old one, can end none of the new sessions by mistake. Who has the store alone cannot try passwords with
 * it, as the token, 256 random bits, is not there.
 */
#ifndef WORKERD_API_GUARD_SESSION_H
#define WORKERD_API_GUARD_SESSION_H

#include "proto/base/secrets.h"
#include "proto/settings/settings.h"
#include "workerd/http/message/http_parse.h"

/* The name of the cookie. */
#define SESSION_COOKIE "banter_session"

/* A fresh token with its NUL, of either kind. */
#define SESSION_TOKEN_SIZE (2 + SECRET_TOKEN_TEXT + 1)

/* Makes a token: of a user, or (shared) of whoever knows DASHBOARD_PASSWORD. */
void session_token_new(bool shared, char token[SESSION_TOKEN_SIZE]);

/* The request's token, as long as the request is there; empty when it has none. */
struct slice session_token(const struct http_request *req);

/* Whether it is one by DASHBOARD_PASSWORD, as its form says. */
bool session_is_shared(struct slice token);

/* What the store knows the session of a token by, as long as the settings are these. */
struct hash256 session_hash(const struct settings *settings, struct slice token);

#endif
