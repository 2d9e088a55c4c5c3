/*
 * One request on its way through the guards to its handler: its route, and what the guards found out
 * about the caller.
 */
#ifndef WORKERD_API_REQUEST_API_CALL_H
#define WORKERD_API_REQUEST_API_CALL_H

#include "proto/ipc/messages.h"
#include "workerd/api/request/api_state.h"
#include "workerd/http/reply.h"
#include "workerd/http/router.h"

struct api_call;

/* A handler answers c->x now or later; *c is invalid when the handler returns. */
typedef void api_handler_fn(const struct api_call *c);

/* Who may call a route; workerd/api/guard/guard.c has the checks of each. */
enum api_guard {
	GUARD_PUBLIC,
	GUARD_ASSET,
	GUARD_FILE,
	GUARD_CHAT,
	GUARD_CHAT_READ,
	GUARD_CHAT_POLL,
	GUARD_CHAT_SOCKET,
	GUARD_CHAT_FEED,
	GUARD_CHAT_FEED_POLL,
	GUARD_CHANNEL,
	GUARD_ADMIN,
	GUARD_METRICS,
	GUARD_PAGE,
	GUARD_LOGIN,
	GUARD_SIGN_IN,
	GUARD_SIGN_OUT,
	GUARD_WIDGET,
	GUARD_WIDGET_SOCKET,
	GUARD_WIDGET_POLL,
	GUARD_WIDGET_OPTIONS,
};

/* What a caller may do; bits of a mask (workerd/api/guard/rights.h). */
enum right {
	RIGHT_NONE = 0, /* of routes that are not for users */
#define RIGHT(NAME, bit, word, holders) RIGHT_##NAME = 1 << (bit),
#include "workerd/api/request/rights.def"
};

/* A row of workerd/api/routes.def. */
struct api_route {
	struct http_route http; /* first: the HTTP server's view */
	enum http_method method;
	const char *pattern; /* NULL: answers requests that match no path */
	enum api_guard guard;
	enum right right; /* that a caller needs */
	api_handler_fn *handler;
};

struct api_call {
	struct api *api;
	struct http_exchange *x;
	const struct api_route *route;
	struct route_match match;
	/* The guards fill in who calls, and whose data the caller may see. */
	struct id org;
	struct id widget; /* the widget that keyed chat requests belong to */
	struct id user;   /* zero: the caller used a key or DASHBOARD_PASSWORD */
	struct slice
	    user_name; /* or the user's e-mail; borrowed for the handler's call; empty: no user */
	enum user_role role; /* keys and DASHBOARD_PASSWORD have the owner role */
	uint32_t granted;    /* to members by their organization: a mask of enum right */
	struct id login;     /* the session's id in lists; zero: the caller used a key */
	struct id key;       /* an organization's own key; else zero */
	bool by_key;         /* false: the request has a session cookie, or is public */
	struct hash256
	    key_hash; /* of the organization's key; zero: none, or a key of the settings */
	struct slice session; /* the token of the caller's session, borrowed from the request */
	size_t session_cookie; /* the guards' own: its position among the cookies of its name */
	bool explains; /* an owner's program calls: a 400 says in production, too, what would be valid */
	/* Of a path that names a widget: its WIDGET_RECORD, borrowed for the handler's call. */
	struct slice widget_record;
	size_t step; /* the guards' own: the next check */
};

/* The caller's name in log lines: the user's id, "key" or "password". */
#define API_CALLER_SIZE (ID_TEXT_LEN + 1)
void api_caller_name(const struct api_call *c, char name[API_CALLER_SIZE]);

/* The caller as an operator, who takes over conversations (storaged/inbox/takeover.h): a user or a key of the
 * organization by its id. All callers with ADMIN_API_KEY are one operator, and all with DASHBOARD_PASSWORD. */
struct id api_operator(const struct api_call *c);

/* Whether the client uses HTTPS. If that cannot be known, production assumes it. */
bool api_is_https(const struct api *api, const struct http_exchange *x);

/* Whether session cookies are Secure: over HTTPS, and always in production, whatever a proxy says. */
bool api_has_secure_cookies(const struct api *api, const struct http_exchange *x);

#endif
