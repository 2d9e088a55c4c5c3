/*
 * From a request to its handler, and what every answer carries.
 */
#include "workerd/api/api.h"

#include <stdio.h>
#include <stdlib.h>

#include <event2/event.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "workerd/api/fields/json_text.h"
#include "workerd/api/guard/guard.h"
#include "workerd/api/guard/hasher.h"
#include "workerd/api/pages/pages.h"
#include "workerd/api/request/trace.h"
#include "workerd/api/widget/widget_room.h"

#define LINE_MAX_BYTES 4194304 /* an escaped reply of the greatest length fits */
#define LOGIN_ATTEMPTS 10      /* a minute and address, and a minute and account */
#define READS_PER_CHAT 10 /* how much oftener than send a client may resume, stop and look */

/* A common timeout costs the same however many streams wait for it. */
static const struct timeval *
heartbeat(const struct settings *settings, struct event_base *base)
{
	struct timeval tv = clock_timeval(settings->event_stream_silence_ms / 2);
	const struct timeval *common = event_base_init_common_timeout(base, &tv);

	must(common != NULL);
	return common;
}

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
	api->chat_read_rate = (struct ratelimit_rule){"chat_read",
	    READS_PER_CHAT * settings->rate_limit_max_requests, settings->rate_limit_window_ms};
	api->widget_rate = (struct ratelimit_rule){"widget",
	    READS_PER_CHAT * settings->rate_limit_max_requests, settings->rate_limit_window_ms};
	api->login_rate = (struct ratelimit_rule){"login", LOGIN_ATTEMPTS, 60000};
	api->account_rate = (struct ratelimit_rule){"account", LOGIN_ATTEMPTS, 60000};
	api->hasher = hasher_new(chat->base);
	api->heartbeat = heartbeat(settings, chat->base);
	api->router = routes_router();
	api->pages = pages_load(settings);
	api->rooms = widget_rooms_new(store);
	LIST_INIT(&api->parting);
	buf_init(&api->line, LINE_MAX_BYTES);
	return api;
}

void
api_free(struct api *api)
{
	if (api == NULL)
		return;
	widget_sockets_forget(api);
	hasher_free(api->hasher);
	router_free(api->router);
	pages_free(api->pages);
	widget_rooms_free(api->rooms);
	buf_clear(&api->line);
	free(api);
}

bool
api_is_idle(const struct api *api)
{
	return LIST_EMPTY(&api->parting);
}

/* -- what the HTTP server asks ------------------------------------------------------------ */

const struct http_route *
api_route(const struct http_request *req, void *ctx)
{
	const struct api *api = ctx;

	return &routes_find(api->router, req)->http;
}

void
api_handle(struct http_exchange *x, void *ctx)
{
	struct api_call c = {.api = ctx,
	    .x = x,
	    .route = (const struct api_route *)x->route,
	    .org = id_default_org,
	    .widget = id_default_widget};

	routes_parameters(c.api->router, x, &c.match);
	guard_pass(&c);
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
	if (trace_headers(x, out) == -1 || guard_rate_headers(x, out) == -1)
		return -1;
	return guard_cors_headers(api, x, out);
}

bool
api_is_https(const struct api *api, const struct http_exchange *x)
{
	enum caller_scheme scheme = api_context(x)->caller.scheme;

	if (scheme == SCHEME_UNKNOWN)
		return api->settings->app_env == APP_ENV_PRODUCTION;
	return scheme == SCHEME_HTTPS;
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

bool
api_path_id(const struct api_call *c, const char *error, struct id *id)
{
	uint8_t text[ROUTER_CAPTURE_MAX];

	if (id_parse(router_capture(&c->match, 0, text), id) == 0 && !id_is_zero(id))
		return true;
	api_reply_invalid(c->api, c->x, error, "the id must be a UUID, as the list gives it");
	return false;
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

/* -- who calls ------------------------------------------------------------------------------ */

bool
api_is_owner(const struct api_call *c)
{
	if (c->role == USER_OWNER)
		return true;
	reply_json_error(c->x, 403, "owners_only", "Only an owner may do this");
	return false;
}

void
api_caller_name(const struct api_call *c, char name[API_CALLER_SIZE])
{
	if (!id_is_zero(&c->user))
		id_format(&c->user, name);
	else
		snprintf(name, API_CALLER_SIZE, "%s", c->by_key ? "key" : "password");
}
