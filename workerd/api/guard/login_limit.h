/*
 * Limits of password guesses: who is charged for an attempt, and whether it may go on (proto/ipc/penalties.h).
 *
 * An attempt is charged to its source: the /24 of an IPv4 address or the /64 of an IPv6 address. No account
 * has a limit, since anyone could use it up and lock the owner out. A browser that signed in to this account
 * before (known_browser.h), and an address that did so in the last 30 days, are charged instead of their
 * source while they are not blocked themselves.
 *
 * DASHBOARD_PASSWORD, which is one for all, also has a limit of attempts by all sources together.
 *
 * Links of mails are guesses of another kind: they have a limit of their own, so that whoever has used up the attempts at
 * a forgotten password can still use the link that sets a new one.
 */
#ifndef WORKERD_API_GUARD_LOGIN_LIMIT_H
#define WORKERD_API_GUARD_LOGIN_LIMIT_H

#include "proto/base/secrets.h"
#include "proto/ipc/penalties.h"
#include "workerd/api/request/api_call.h"

/* An attempt, zero at first. */
struct login_attempt {
	struct hash256 account; /* login_limit_account() */
	bool shared;            /* the password is DASHBOARD_PASSWORD */
	/* Set by login_limit_take(), _take_session() and _take_link(). */
	bool known;         /* the one who is charged signed in before */
	uint32_t recent;    /* that one's attempts and failures that are not forgotten */
	const char *charge; /* rule; NULL: nobody is charged */
	struct penalty_answer penalty;
	uint8_t client[sizeof(struct hash256) + 16];
	size_t client_len;
};

/* The account of an e-mail (at most EMAIL_TEXT_MAX bytes); empty: that of DASHBOARD_PASSWORD. */
struct hash256 login_limit_account(struct slice email);

/* Charges an attempt, of which the account and shared are set. secret: the store's. False: it is refused
 * (not charged), and 429 must be sent by guard_login_refuse(). */
[[gnu::warn_unused_result]] bool login_limit_take(struct api *api, struct http_exchange *x,
    const struct hash256 *secret, struct login_attempt *a);

/* The same for a signed-in user, who confirms the current password. */
[[gnu::warn_unused_result]] bool login_limit_take_session(
    struct api *api, struct http_exchange *x, const struct id *user, struct login_attempt *a);

/* The same for the secret link of a mail; its source is charged. */
[[gnu::warn_unused_result]] bool login_limit_take_link(
    struct api *api, struct http_exchange *x, struct login_attempt *a);

/* The password was not checked: takes the charge back, if there is one, and the headers. */
void login_limit_forgive(struct api *api, struct http_exchange *x, struct login_attempt *a);

/* The login succeeded: takes the charge back, and the address is known from now on. */
void login_limit_remember(
    struct api *api, const struct http_exchange *x, struct login_attempt *a);

#endif
