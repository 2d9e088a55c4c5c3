/*
 * Who may call what: checked in steps before a handler runs.
 *
 * Each kind of guard (routes.def names one for every route) is a row of steps in guard.c's table.
 * They are taken in their order until one ends it: it lets the call through, or it has answered.
 * A step that must ask the store waits, and the guard goes on from there with the answer.
 *
 *	guard_origin.c   who may call us from a browser, and what of it the browser is told (CORS)
 *	guard_rate.c     how often
 *	guard_key.c      the keys: of the settings, and those that organizations have made
 *	guard_session.c  the dashboard's sessions
 *	guard_widget.c   the widgets that sites embed, and which sites those are
 *
 * Keys and tokens are compared in constant time.
 */
#ifndef WORKERD_API_GUARD_GUARD_H
#define WORKERD_API_GUARD_GUARD_H

#include "workerd/api/api.h"

enum guard_verdict {
	GUARD_NEXT,    /* nothing against it so far */
	GUARD_GRANTED, /* whatever the steps after this would say */
	GUARD_REFUSED, /* the step has answered */
	GUARD_WAITING, /* the step calls guard_resume() later, unless the client leaves before */
};

/* May change what the call says about its caller. */
typedef enum guard_verdict guard_step_fn(struct api_call *c);

/* Takes the steps of the call's route and then calls its handler, perhaps later. */
void guard_pass(const struct api_call *c);

/* Goes on after a step that was GUARD_WAITING, with what it has found. */
void guard_resume(const struct api_call *c, enum guard_verdict found);

/* -- guard_store.c --------------------------------------------------------------------------- */

/* What a step that has asked the store makes of its answer; NULL: there is no such thing. */
typedef enum guard_verdict guard_found_fn(struct api_call *c, const union msg *m);

/* Asks the store and goes on with what `found` says: to be returned by a step. A store that fails or
 * says nothing is answered here. */
[[gnu::warn_unused_result]] enum guard_verdict guard_ask(
    struct api_call *c, enum msg_type type, const void *msg, guard_found_fn *found);

/* -- guard_origin.c ------------------------------------------------------------------------ */

/* The Origin, if there is one, may call us; else 403. */
guard_step_fn guard_origin;

/* Only our own pages may change something by a cookie, which a browser sends along whoever asks. */
guard_step_fn guard_own_changes;

/* No other site's page: none may try passwords through its visitors, or sign them in or out. */
guard_step_fn guard_own_page;

/* Adds the CORS headers that every answer to this request carries; 0, or -1 when out is full. */
[[gnu::warn_unused_result]] int guard_cors_headers(
    const struct api *api, const struct http_exchange *x, struct buf *out);

/* Answers a preflight: 204 with all that the API takes, for every path. */
void guard_preflight(struct http_exchange *x);

/* -- guard_rate.c -------------------------------------------------------------------------- */

/* The client's address has not sent too much; else 429. */
guard_step_fn guard_chat_rate, guard_chat_read_rate, guard_login_rate, guard_widget_rate;

/* The address that x comes from sends one more message, or asks for what guard_chat_read_rate is for,
 * over a connection that it has open: the rates, and their cells, are the same. */
[[gnu::warn_unused_result]] bool guard_chat_takes(
    struct api *api, const struct http_exchange *x);
[[gnu::warn_unused_result]] bool guard_chat_read_takes(
    struct api *api, const struct http_exchange *x);

/* Counts an attempt to show an account's password, from whatever address: whether there have not been
 * too many. email: at most EMAIL_TEXT_MAX bytes. And the answer when there have: 429. */
[[gnu::warn_unused_result]] bool guard_account_count(
    struct api *api, struct http_exchange *x, struct slice email);
void guard_account_refuse(struct api *api, struct http_exchange *x);

/* Adds RateLimit-* if a step has counted the request; 0, or -1 when out is full. */
[[gnu::warn_unused_result]] int guard_rate_headers(
    const struct http_exchange *x, struct buf *out);

/* -- admission.c --------------------------------------------------------------------------- */

/* The visitor's address behind a trusted proxy has not too many WebSockets; else 503. Connections that
 * come directly were counted when they came. */
guard_step_fn guard_socket_place;

/* -- guard_key.c --------------------------------------------------------------------------- */

/* What the keys of organizations begin with; behind it come SECRET_TOKEN_TEXT characters. */
#define KEY_WIDGET_PREFIX "bwk_"
#define KEY_ADMIN_PREFIX  "bak_"
#define KEY_TEXT          (4 + SECRET_TOKEN_TEXT)

/* x-api-key or x-widget-api-key is WIDGET_API_KEY, or an organization's of this kind; else 401. */
guard_step_fn guard_chat_key;

/* x-admin-api-key is ADMIN_API_KEY, or an organization's of this kind: granted; else 401, or 503
 * where there is no ADMIN_API_KEY and it has not the form of an organization's. Without the header:
 * next. */
guard_step_fn guard_admin_key;

/* Granted to whoever asks on this machine and is no proxy. */
guard_step_fn guard_local;

/* ADMIN_API_KEY, in its own header or as "Authorization: Bearer", which Prometheus can send. The
 * metrics are of all organizations, so none's own key opens them. */
guard_step_fn guard_scrape_key;

/* 401, or 503 when no admin key is set and so none could be right. */
enum guard_verdict guard_refuse_admin(struct api_call *c);

/* -- guard_session.c ----------------------------------------------------------------------- */

/* There is a session cookie; else as guard_refuse_admin(). */
guard_step_fn guard_has_session;

/* Asks the store: a good session is granted, else 401. */
guard_step_fn guard_admin_session;

/* The same for pages: off to /login without a good session. */
guard_step_fn guard_page_session;

/* For /login itself: off to the dashboard with a good session. */
guard_step_fn guard_no_session;

/* -- guard_widget.c ------------------------------------------------------------------------ */

/* The path names a widget that is enabled, else 404; and the Origin, if there is one, is one of those
 * that it is for, else 403 without CORS headers. CORS_ORIGIN does not count. */
guard_step_fn guard_widget;

/* The request asks for a WebSocket; else as ws_check(). */
guard_step_fn guard_upgrade;

/* Whether the answer to a request is for pages of any origin, if nothing has refused it: those about
 * widgets, whose ids are public. */
bool guard_is_for_widgets(const struct http_exchange *x);

#endif
