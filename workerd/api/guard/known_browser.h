/*
 * The cookie of browsers that signed in before. It grants nothing, and stays when the session ends: a login
 * with it has a limit of its own (login_limit.h), so that wrong passwords from elsewhere cannot keep the
 * account's owner out.
 *
 * Its value is a UUIDv7, whose time is that of the login, and a MAC of it and the account under the store's
 * login secret. Nothing is stored for a browser. It is valid for one account, and a login to another one
 * replaces it.
 */
#ifndef WORKERD_API_GUARD_KNOWN_BROWSER_H
#define WORKERD_API_GUARD_KNOWN_BROWSER_H

#include "proto/base/ids.h"
#include "proto/base/secrets.h"
#include "workerd/http/message/http_parse.h"

/* The second name is that of a Secure cookie, as in session.h. */
#define KNOWN_BROWSER_COOKIE        "banter_known"
#define KNOWN_BROWSER_COOKIE_SECURE "__Host-" KNOWN_BROWSER_COOKIE

#define KNOWN_BROWSER_SECONDS (180 * 24 * 60 * 60)

/* Characters of a value. */
#define KNOWN_BROWSER_TEXT (ID_TEXT_LEN + 1 + SECRET_TOKEN_TEXT)

/* The value for a browser with a new id that has signed in to this account. */
void known_browser_format(const struct hash256 *secret, const struct hash256 *account,
    const struct id *browser, char out[KNOWN_BROWSER_TEXT + 1]);

/* Finds a valid cookie for this account, at most KNOWN_BROWSER_SECONDS old at now_ms (clock_wall_ms()), and
 * sets the browser's id. */
bool known_browser_find(const struct http_request *req, bool secure,
    const struct hash256 *secret, const struct hash256 *account, uint64_t now_ms,
    struct id *browser);

#endif
