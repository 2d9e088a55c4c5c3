/*
 * The checks before a handler. Those that ask the store (a session) go on from its answer.
 */
#include "workerd/api/guard.h"

#include <stdlib.h>
#include <string.h>

#include "proto/basics.h"
#include "proto/clock.h"
#include "proto/secrets.h"

#define CORS_METHODS "GET, POST, PUT, DELETE, OPTIONS"
#define CORS_HEADERS                                                                    \
	"Content-Type, x-api-key, x-widget-api-key, x-admin-api-key, Idempotency-Key, " \
	"Last-Event-ID"
#define CORS_EXPOSED "Retry-After, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset"

/* -- origins ------------------------------------------------------------------------------ */

bool
guard_same_origin(const struct http_request *req)
{
	struct slice origin = http_header(req, "origin");
	struct slice host = http_header(req, "host");
	size_t scheme;

	if (origin.p == NULL || host.len == 0 || origin.len <= host.len)
		return false;
	scheme = origin.len - host.len;
	if (!slice_eq((struct slice){origin.p + scheme, host.len}, host))
		return false;
	origin.len = scheme;
	return slice_eq_str(origin, "https://") || slice_eq_str(origin, "http://");
}

static bool
origin_allowed(const struct api *api, const struct http_request *req)
{
	return origin_list_has(&api->settings->cors_origin, http_header(req, "origin")) ||
	    guard_same_origin(req);
}

bool
guard_origin(const struct api_call *c)
{
	const struct http_request *req = c->x->req;

	if (http_header(req, "origin").p == NULL || origin_allowed(c->api, req))
		return true;
	reply_json_error(c->x, 403, "origin_not_allowed", "Origin not allowed");
	return false;
}

int
guard_cors_headers(const struct api *api, struct http_exchange *x, struct buf *out)
{
	struct slice origin = http_header(x->req, "origin");

	/* Without an Origin too: a cache must not give this answer to a request that has one. */
	if (buf_append_str(out, "Vary: Origin\r\n") == -1)
		return -1;
	if (origin.p == NULL || !origin_allowed(api, x->req))
		return 0;
	return buf_printf(out,
	    "Access-Control-Allow-Origin: %.*s\r\n"
	    "Access-Control-Expose-Headers: " CORS_EXPOSED "\r\n",
	    (int)origin.len, (const char *)origin.p);
}

void
guard_preflight(const struct api_call *c)
{
	bool preflight = http_header(c->x->req, "access-control-request-method").p != NULL;

	reply_start(c->x, 204);
	if (preflight) {
		reply_header_str(c->x, "Access-Control-Allow-Methods", CORS_METHODS);
		reply_header_str(c->x, "Access-Control-Allow-Headers", CORS_HEADERS);
		reply_header_str(c->x, "Access-Control-Max-Age", "600");
	} else {
		reply_header_str(c->x, "Allow", CORS_METHODS);
	}
	reply_empty(c->x);
}

/* -- rates -------------------------------------------------------------------------------- */

/* Seconds, rounded up. */
static unsigned
seconds(uint32_t ms)
{
	return (ms + 999) / 1000;
}

bool
guard_rate(const struct api_call *c, const struct ratelimit_rule *rule, const char *error)
{
	struct slice client = c->x->client;
	struct ratelimit_answer a;

	/* One customer's IPv6 network is a /64: its addresses count as one. */
	if (client.len == 16)
		client.len = 8;
	a = ratelimit_take(&c->api->board->rates, rule, client, clock_mono_ns());
	if (a.allowed)
		return true;
	atomic_fetch_add_explicit(&c->api->me->rate_limited, 1, memory_order_relaxed);
	reply_start(c->x, 429);
	reply_header_fmt(c->x, "Retry-After", "%u", seconds(a.retry_after_ms));
	reply_header_fmt(c->x, "RateLimit-Limit", "%u", rule->max);
	reply_header_fmt(c->x, "RateLimit-Remaining", "%u", a.remaining);
	reply_header_fmt(c->x, "RateLimit-Reset", "%u", seconds(a.reset_ms));
	reply_error_body(c->x, "rate_limited", error);
	return false;
}

/* -- keys --------------------------------------------------------------------------------- */

static bool
key_matches(const char *key, struct slice given)
{
	return given.p != NULL && secret_equal(slice_str(key), given);
}

static void
guard_chat(const struct api_call *c)
{
	const char *key = c->api->settings->widget_api_key;
	struct slice given = http_header(c->x->req, "x-api-key");

	if (!guard_rate(c, &c->api->chat_rate, "Too many requests"))
		return;
	if (given.p == NULL)
		given = http_header(c->x->req, "x-widget-api-key");
	if (key != NULL && !key_matches(key, given))
		reply_json_error(c->x, 401, "unauthorized", "Unauthorized");
	else
		c->route->handler(c);
}

/* -- sessions ----------------------------------------------------------------------------- */

struct slice
guard_session_token(const struct http_request *req)
{
	static const char name[] = SESSION_COOKIE "=";
	struct slice cookies = http_header(req, "cookie");
	const size_t n = sizeof(name) - 1;

	while (cookies.len > 0) {
		const uint8_t *semicolon = memchr(cookies.p, ';', cookies.len);
		size_t len = semicolon == NULL ? cookies.len : (size_t)(semicolon - cookies.p);

		if (len > n && memcmp(cookies.p, name, n) == 0)
			return (struct slice){cookies.p + n, len - n};
		cookies.p += len;
		cookies.len -= len;
		while (cookies.len > 0 && (*cookies.p == ';' || *cookies.p == ' ')) {
			cookies.p++;
			cookies.len--;
		}
	}
	return (struct slice){0};
}

/* A call that waits for the store to say whether its session is good. */
struct session_check {
	struct api_call call;
	struct store_call *store;
};

static void
reply_redirect(struct http_exchange *x, const char *path)
{
	reply_start(x, 303);
	reply_header_str(x, "Location", path);
	reply_header_str(x, "Cache-Control", "no-store");
	reply_empty(x);
}

/* Off to /login, and back to the conversation that was asked for. */
static void
redirect_to_login(const struct api_call *c)
{
	char path[128], text[ID_TEXT_LEN + 1];
	struct id id;

	if (c->match.n_captures == 0 || id_parse(c->match.captures[0], &id) == -1) {
		reply_redirect(c->x, "/login");
		return;
	}
	id_format(&id, text);
	snprintf(path, sizeof(path), "/login?next=%%2Fconversations%%2F%s", text);
	reply_redirect(c->x, path);
}

static void
session_missing(const struct api_call *c)
{
	if (c->route->guard == GUARD_LOGIN) {
		c->route->handler(c);
	} else if (c->route->guard == GUARD_PAGE) {
		redirect_to_login(c);
	} else if (c->api->settings->admin_api_key == NULL &&
	    guard_session_token(c->x->req).len == 0) {
		reply_json_error(c->x, 503, "admin_api_not_configured",
		    "ADMIN_API_KEY is not configured on this deployment");
	} else {
		reply_json_error(c->x, 401, "unauthorized", "Unauthorized");
	}
}

static void
on_session(void *arg, uint16_t type, const union msg *m)
{
	struct session_check *check = arg;
	struct api_call c = check->call;

	c.x->on_close = NULL;
	c.x->data = NULL;
	free(check);
	if (type == MSG_LOGIN && m->login.login.len > 0) {
		struct msg_login_record login;

		must(record_decode(m->login.login, MSG_LOGIN_RECORD, &login) == WIRE_OK);
		c.org = login.org;
		if (c.route->guard == GUARD_LOGIN)
			reply_redirect(c.x, "/");
		else
			c.route->handler(&c);
	} else if (store_refused(type, m, STORE_NOT_FOUND)) {
		session_missing(&c);
	} else {
		api_reply_store_failure(c.x, type, m);
	}
}

static void
on_session_close(struct http_exchange *x)
{
	struct session_check *check = x->data;

	store_call_forget(check->store);
	free(check);
}

/* Goes on with the handler when the request's session is good. */
static void
guard_session(const struct api_call *c)
{
	struct slice token = guard_session_token(c->x->req);
	struct session_check *check;
	struct msg_login_check ask;

	if (token.len == 0) {
		session_missing(c);
		return;
	}
	/* A cookie comes along with whatever page asked: changes must come from our own. */
	if (c->x->req->method != HTTP_GET && c->x->req->method != HTTP_HEAD &&
	    !guard_same_origin(c->x->req)) {
		reply_json_error(c->x, 403, "origin_not_allowed", "Origin not allowed");
		return;
	}
	ask.token = secret_hash(token);
	check = xcalloc(1, sizeof(*check));
	check->call = *c;
	check->store = store_call(
	    c->api->store, MSG_LOGIN_CHECK, &ask, STORE_TIMEOUT_MS, on_session, check);
	if (check->store == NULL) {
		free(check);
		api_reply_store_failure(c->x, 0, NULL);
		return;
	}
	c->x->data = check;
	c->x->on_close = on_session_close;
}

static void
guard_admin(const struct api_call *c)
{
	const char *key = c->api->settings->admin_api_key;
	struct slice given = http_header(c->x->req, "x-admin-api-key");

	if (given.p == NULL)
		guard_session(c);
	else if (key == NULL)
		reply_json_error(c->x, 503, "admin_api_not_configured",
		    "ADMIN_API_KEY is not configured on this deployment");
	else if (!key_matches(key, given))
		reply_json_error(c->x, 401, "unauthorized", "Unauthorized");
	else
		c->route->handler(c);
}

void
guard_pass(const struct api_call *c)
{
	switch (c->route->guard) {
	case GUARD_PUBLIC:
		c->route->handler(c);
		break;
	case GUARD_CHAT:
		guard_chat(c);
		break;
	case GUARD_ADMIN:
		guard_admin(c);
		break;
	case GUARD_PAGE:
	case GUARD_LOGIN:
		guard_session(c);
		break;
	}
}
