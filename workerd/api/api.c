/*
 * From a request to its handler, and what every answer carries.
 */
#include "workerd/api/api.h"

#include <stdlib.h>

#include "proto/basics.h"
#include "proto/log.h"
#include "workerd/api/guard.h"
#include "workerd/api/json_text.h"
#include "workerd/api/pages.h"

#define LINE_MAX_BYTES   4194304 /* an escaped reply of the greatest length fits */
#define UNKNOWN_BODY_MAX 65536   /* read and thrown away before a 404 */
#define LOGIN_ATTEMPTS   10      /* a minute and address */

/* The routes' own part, by the order of routes.def. */
static const struct api_route payloads[] = {
#define ROUTE(method, pattern, handler, guard, body_max, name) \
	{name, GUARD_##guard, body_max, handle_##handler},
#include "workerd/api/routes.def"
};

static struct route table[] = {
#define ROUTE(method, pattern, handler, guard, body_max, name) {HTTP_##method, pattern, NULL},
#include "workerd/api/routes.def"
};

struct api *
api_new(const struct settings *settings, struct chat *chat, struct store_client *store,
    struct scoreboard *board, struct scoreboard_worker *me)
{
	struct api *api = xcalloc(1, sizeof(*api));

	api->settings = settings;
	api->chat = chat;
	api->store = store;
	api->board = board;
	api->me = me;
	api->chat_rate = (struct ratelimit_rule){
	    "chat", settings->rate_limit_max_requests, settings->rate_limit_window_ms};
	api->login_rate = (struct ratelimit_rule){"login", LOGIN_ATTEMPTS, 60000};
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		table[i].payload = &payloads[i];
	api->router = router_new(table, ARRAY_LEN(table));
	api->pages = pages_load(settings);
	buf_init(&api->line, LINE_MAX_BYTES);
	return api;
}

void
api_free(struct api *api)
{
	if (api == NULL)
		return;
	router_free(api->router);
	pages_free(api->pages);
	buf_clear(&api->line);
	free(api);
}

static void
reply_wrong_method(struct http_exchange *x, unsigned allowed)
{
	char allow[ROUTER_ALLOW_SIZE];

	router_allow(allowed | 1u << HTTP_OPTIONS, allow);
	reply_start(x, 405);
	reply_header_str(x, "Allow", allow);
	reply_error_body(x, "method_not_allowed", "Method not allowed");
}

void
api_handle(struct http_exchange *x, void *ctx)
{
	struct api_call c = {.api = ctx, .x = x, .org = id_default_org};

	atomic_fetch_add_explicit(&c.api->me->requests, 1, memory_order_relaxed);
	if (!guard_origin(&c))
		return;
	if (x->req->method == HTTP_OPTIONS) {
		guard_preflight(&c);
		return;
	}
	switch (router_match(c.api->router, x->req->method, x->req->path, &c.match)) {
	case ROUTE_UNKNOWN:
		reply_json_error(x, 404, "not_found", "Not found");
		return;
	case ROUTE_METHOD:
		reply_wrong_method(x, c.match.allowed);
		return;
	case ROUTE_FOUND:
		break;
	}
	c.route = c.match.payload;
	guard_pass(&c);
}

size_t
api_body_limit(const struct http_request *req, void *ctx)
{
	const struct api *api = ctx;
	const struct api_route *route;
	struct route_match match;

	if (router_match(api->router, req->method, req->path, &match) != ROUTE_FOUND)
		return UNKNOWN_BODY_MAX;
	route = match.payload;
	return route->body_max;
}

int
api_decorate(struct http_exchange *x, struct buf *out, void *ctx)
{
	const struct api *api = ctx;

	if (buf_append_str(out,
		"X-Content-Type-Options: nosniff\r\n"
		"X-Frame-Options: DENY\r\n"
		"Referrer-Policy: no-referrer\r\n"
		"Permissions-Policy: camera=(), microphone=(), geolocation=()\r\n") == -1)
		return -1;
	if (api->settings->app_env == APP_ENV_PRODUCTION &&
	    buf_append_str(out,
		"Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n") == -1)
		return -1;
	return guard_cors_headers(api, x, out);
}

void
api_answered(struct http_exchange *x, void *ctx)
{
	(void)ctx;
	log_event(LOG_DEBUG, "request", L_UINT("conn", x->number),
	    L_SLICE("method", x->req->method_text), L_INT("status", x->status),
	    L_UINT("bytes", x->sent));
}

/* -- answers that all resources give -------------------------------------------------------- */

struct buf *
api_line(struct api *api)
{
	buf_reset(&api->line);
	return &api->line;
}

void
api_reply_json(struct http_exchange *x, int status, struct slice json)
{
	reply_start(x, status);
	reply_header_str(x, "Cache-Control", "no-store");
	reply_body(x, "application/json; charset=utf-8", json);
}

void
api_reply_invalid(
    struct api *api, struct http_exchange *x, const char *error, const char *details)
{
	struct buf *line = api_line(api);
	struct json_text j = json_text(line);

	json_open(&j, NULL, '{');
	json_str(&j, "error", slice_str(error));
	json_str(&j, "code", slice_str("invalid_request"));
	if (api->settings->app_env != APP_ENV_PRODUCTION)
		json_str(&j, "details", slice_str(details));
	json_close(&j, '}');
	api_reply_json(x, 400, buf_slice(line));
}

void
api_reply_store_failure(struct http_exchange *x, uint16_t type, const union msg *m)
{
	if (type == MSG_ERROR && !store_refused(type, m, STORE_FULL)) {
		log_event(LOG_ERROR, "store_refused", L_UINT("conn", x->number),
		    L_UINT("code", m->error.code), L_SLICE("detail", m->error.detail));
		reply_json_error(x, 500, "internal", "Internal server error");
		return;
	}
	reply_start(x, 503);
	reply_header_str(x, "Retry-After", "2");
	if (type == MSG_ERROR)
		reply_error_body(
		    x, "store_full", "The service is out of space, please try again later");
	else
		reply_error_body(x, "store_unavailable",
		    "The service is temporarily unavailable, please try again");
}
