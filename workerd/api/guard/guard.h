/*
 * Who may call what: the checks of a route before its handler runs.
 *
 * Each kind of guard (routes.def names one for every route) is a list of checks in guard.c, which run in
 * order until one grants or refuses the call. A check that must ask the store pauses the list until the
 * answer arrives.
 *
 *	guard_origin.c      which origins may call from a browser, and the CORS headers
 *	guard_rate.c        rate limits (login_limit.c: those of passwords)
 *	guard_key.c         API keys: those of the settings, and those that organizations created
 *	guard_session.c     the dashboard's sessions
 *	guard_widget.c      embedded widgets and their allowed origins
 *	guard_connection.c  WebSockets per client address
 *
 * Keys and tokens are compared in constant time.
 */
#ifndef WORKERD_API_GUARD_GUARD_H
#define WORKERD_API_GUARD_GUARD_H

#include "proto/ipc/ratelimit.h"
#include "workerd/api/request/api_call.h"

enum guard_verdict {
	GUARD_NEXT,    /* passed: run the next check */
	GUARD_GRANTED, /* skip the remaining checks and run the handler */
	GUARD_REFUSED, /* the check has answered the request */
	GUARD_WAITING, /* the check waits for the store (guard_ask()) */
};

/* A check; it may fill in the caller's identity in c. */
typedef enum guard_verdict guard_check_fn(struct api_call *c);

/* Runs the checks of the call's route and then its handler, perhaps later. */
void guard_pass(const struct api_call *c);

/* In guard.c. */

/* Continues a check with the store's answer. m is NULL for STORE_NOT_FOUND; what c borrows from it must
 * not be used after the handler's call. */
typedef enum guard_verdict guard_found_fn(struct api_call *c, const union msg *m);

/* Asks the store and continues with `found`; a check returns the result of this call. If the store
 * fails or times out, that is answered here. */
[[gnu::warn_unused_result]] enum guard_verdict guard_ask(
    struct api_call *c, enum msg_type type, const void *msg, guard_found_fn *found);

/* In guard_origin.c. */

/* 403 for an Origin that CORS_ORIGIN does not allow. */
guard_check_fn guard_origin;

/* Whether the request's Origin is this service, by its Host header. */
bool guard_origin_is_own(const struct http_exchange *x);

/* 403 for changes by pages of another origin: browsers send the session cookie with them too. */
guard_check_fn guard_own_changes;

/* 403 for pages of any other origin: they must not try passwords through their visitors, or sign them
 * in or out. */
guard_check_fn guard_own_page;

/* Adds the CORS headers of every answer; 0, or -1 when out is full. */
[[gnu::warn_unused_result]] int guard_cors_headers(
    const struct api *api, const struct http_exchange *x, struct buf *out);

/* Answers a preflight, for any path: 204 with all methods and headers of the API, and the headers that it asks for, if
 * they are at most 32 names in 1 KiB: scripts for tracing add headers of their own to each request of a page. */
void guard_preflight(struct http_exchange *x);

/* In guard_rate.c. */

/* 429 if the client's address sent too many requests. */
guard_check_fn guard_chat_rate, guard_chat_read_rate, guard_widget_rate, guard_poll_rate;

/* The same limits for a message over an open connection. 0: it is allowed; otherwise in how many ms it will be. */
[[gnu::warn_unused_result]] unsigned guard_chat_rate_take(
    struct api *api, const struct http_exchange *x);
[[gnu::warn_unused_result]] unsigned guard_chat_read_rate_take(
    struct api *api, const struct http_exchange *x);

/* Sets the answer of a limit that counted the request, for its headers. max: the limit; 0: no headers. */
void guard_rate_note(
    struct http_exchange *x, uint32_t max, const struct ratelimit_answer *rate);

/* The limit of messages for one of the people whose messages come from one address (workerd/api/channels). False: there were too many;
 * answer with guard_chat_refuse(). */
[[gnu::warn_unused_result]] bool guard_person_rate_take(
    struct api *api, struct http_exchange *x, struct slice session);

/* 429 for a message, by the last guard_rate_note(). */
void guard_chat_refuse(struct api *api, struct http_exchange *x);

/* 429 for a login, by the last guard_rate_note(). */
void guard_login_refuse(struct api *api, struct http_exchange *x);

/* Adds RateLimit-* if a rate limit counted the request; 0, or -1 when out is full. */
[[gnu::warn_unused_result]] int guard_rate_headers(
    const struct http_exchange *x, struct buf *out);

/* In guard_connection.c. */

/* 503 if the visitor's address has too many WebSockets through a trusted proxy. Direct connections were
 * counted when they were accepted. */
guard_check_fn guard_connection;

/* In guard_key.c. */

/* Prefixes of organizations' keys; SECRET_TOKEN_TEXT characters follow. */
#define KEY_WIDGET_PREFIX "bwk_"
#define KEY_ADMIN_PREFIX  "bak_"
#define KEY_TEXT          (4 + SECRET_TOKEN_TEXT)

/* x-api-key or x-widget-api-key must be WIDGET_API_KEY or an organization's widget key; otherwise 401. */
guard_check_fn guard_chat_key;

/* The same; without these headers, `key` of the query counts: the page cannot set headers of a WebSocket. */
guard_check_fn guard_chat_query_key;

/* Grants x-admin-api-key if it is ADMIN_API_KEY or an organization's admin key. Other values: 401, or 503
 * if ADMIN_API_KEY is unset. Without the header: next check. */
guard_check_fn guard_admin_key;

/* Grants requests from this machine that no proxy forwarded. */
guard_check_fn guard_local;

/* Grants ADMIN_API_KEY, in its own header or as "Authorization: Bearer", which Prometheus can send.
 * Organizations' keys are refused, since the metrics cover all organizations. */
guard_check_fn guard_scrape_key;

/* Refuses with 401, or with 503 if ADMIN_API_KEY is unset. */
enum guard_verdict guard_refuse_admin(struct api_call *c);

/* In guard_session.c. */

/* Requires a session cookie; without one as guard_refuse_admin(). */
guard_check_fn guard_has_session;

/* Requires a valid session; otherwise 401. */
guard_check_fn guard_admin_session;

/* Requires the right of the route; otherwise 403. Keys and DASHBOARD_PASSWORD have all rights. */
guard_check_fn guard_right;

/* The same for pages: without a valid session redirects to /login. */
guard_check_fn guard_page_session;

/* For /login: redirects to the dashboard if there is a valid session. */
guard_check_fn guard_no_session;

/* In guard_widget.c. */

/* 404 unless the path names an enabled widget; 403 without CORS headers unless the widget allows the
 * Origin. CORS_ORIGIN does not apply. */
guard_check_fn guard_widget;

/* The request must be a WebSocket upgrade; otherwise ws_handshake_check() answers. */
guard_check_fn guard_upgrade;

/* Whether the route belongs to a widget, so that the widget decides which origins may read the answer. */
bool guard_is_for_widgets(const struct http_exchange *x);

#endif
