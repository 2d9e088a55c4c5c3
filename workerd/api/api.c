/*
 * The start of the API, and the callbacks of the HTTP server.
 */
#include "workerd/api/api.h"

#include <stdlib.h>

#include <event2/event.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "workerd/api/accounts/password_hasher.h"
#include "workerd/api/content/gap_asking.h"
#include "workerd/api/events/event_feed.h"
#include "workerd/api/files/file_lane.h"
#include "workerd/api/guard/guard.h"
#include "workerd/api/live/live_room.h"
#include "workerd/api/pages/pages.h"
#include "workerd/api/request/connection_limit.h"
#include "workerd/api/request/event_stream.h"
#include "workerd/api/request/request_context.h"
#include "workerd/api/route_names.h"
#include "workerd/api/routing.h"
#include "workerd/api/server/server_settings.h"
#include "workerd/api/widget/widget_handlers.h"
#include "workerd/api/widget/widget_sightings.h"
#include "workerd/files/file_links.h"
#include "workerd/model/model_list.h"
#include "workerd/webhooks/webhooks.h"

/* Crashes are counted again. */
#define CRASH_WATCH_MS 5000u

#define SCRATCH_MAX 4194304 /* bytes: the longest reply fits, each byte escaped */

/* A libevent common timeout costs the same for any number of streams. It ticks twice in the longest
 * silence that a stream may have. */
static const struct timeval *
api_stream_heartbeat(const struct settings *settings, struct event_base *base)
{
	struct timeval tv = clock_timeval(settings->event_stream_silence_ms / 2);
	const struct timeval *common = event_base_init_common_timeout(base, &tv);

	must(common != NULL);
	return common;
}

static struct webhooks *
api_webhooks(const struct api *api)
{
	const struct webhooks_config config = {
	    .base = api->turns->base,
	    .store = api->store,
	    .feed = api->events,
	    .board = api->worker,
	    .settings = api->settings,
	};

	return webhooks_new(&config);
}

/* How long a person waits for a list of models, unless the first byte of a reply must come earlier. */
#define MODELS_MS 10000u

static struct model_lister *
api_models(const struct api *api)
{
	unsigned first_byte_ms = api->settings->openai_first_byte_timeout_ms;
	const struct model_lister_config config = {
	    .base = api->turns->base,
	    .proxy = api->settings->openai_proxy,
	    .ca_bundle = api->settings->openai_ca_bundle,
	    .connect_ms = api->settings->openai_connect_timeout_ms,
	    .total_ms = first_byte_ms < MODELS_MS ? first_byte_ms : MODELS_MS,
	};

	return model_lister_new(&config);
}

/* The next connection may be to another store: a machine that took over, or one that was restored. */
static void
api_on_store_lost(void *arg)
{
	struct api *api = arg;

	api_use_login_secret(api, &(struct hash256){{0}});
}

/* Without it, files could neither be sent nor shown. */
static void
api_on_secret(void *arg, uint16_t type, const union msg *m)
{
	struct api *api = arg;

	if (type != MSG_LOGIN_SECRET)
		return;
	api_use_login_secret(api, &m->login_secret.secret);
}

static void
api_on_store_died(void *arg, uint64_t process)
{
	struct api *api = arg;

	crashes_add(&api->board->store_crashes, process, clock_mono_ms());
}

static void
api_report_crashes(struct api *api, const struct msg_crash_report *report)
{
	api->crashes = *report;
	(void)!store_call(api->store, MSG_CRASH_REPORT, report, STORE_TIMEOUT_MS, NULL, NULL);
}

static struct msg_crash_report
api_crashes(const struct api *api)
{
	const uint64_t now = clock_mono_ms(), limit = api->settings->ready_crashes;

	return (struct msg_crash_report){
	    .store = crashes_recent(&api->board->store_crashes, now),
	    .workers = crashes_recent(&api->board->worker_crashes, now),
	    .loop = scoreboard_store_crashes(api->board, limit) ||
		scoreboard_workers_crash(api->board, limit),
	};
}

static void
api_ask_secret(struct api *api)
{
	(void)!store_call(api->store, MSG_LOGIN_SECRET_GET, &(struct msg_login_secret_get){},
	    STORE_TIMEOUT_MS, api_on_secret, api);
}

/* For banter status, which asks storaged: a new storaged knows nothing. */
static void
api_on_store_connected(void *arg)
{
	struct api *api = arg;
	const struct msg_crash_report report = api_crashes(api);

	api_report_crashes(api, &report);
	api_ask_secret(api);
}

/* Crashes that are ten minutes old count no more, and those of workers come without another connection. A secret that a busy store
 * did not give in time is asked for again. */
static void
api_on_crash_watch(evutil_socket_t fd, short what, void *arg)
{
	struct api *api = arg;
	const struct msg_crash_report report = api_crashes(api);

	(void)fd;
	(void)what;
	if (report.store != api->crashes.store || report.workers != api->crashes.workers ||
	    report.loop != api->crashes.loop)
		api_report_crashes(api, &report);
	if (!file_link_is_known())
		api_ask_secret(api);
}

static struct event *
api_crash_watch(struct api *api)
{
	const struct timeval every = clock_timeval(CRASH_WATCH_MS);
	struct event *watch =
	    event_new(api->turns->base, -1, EV_PERSIST, api_on_crash_watch, api);

	must(watch != NULL && event_add(watch, &every) == 0);
	return watch;
}

struct api *
api_new(const struct settings *settings, struct turns *turns, struct store_client *store,
    struct search_client *search, struct scoreboard *board, struct scoreboard_worker *worker)
{
	static const struct store_events events = {
	    .connected = api_on_store_connected,
	    .lost = api_on_store_lost,
	    .died = api_on_store_died,
	};
	struct api *api = xcalloc(1, sizeof(*api));

	store_client_listen(store, &events, api);
	api->settings = settings;
	api->turns = turns;
	api->store = store;
	api->search = search;
	api->board = board;
	api->worker = worker;
	api->router = routing_router();
	api->pages = pages_load(settings);
	api->rooms = live_rooms_new(store);
	api->widget_sockets = widget_sockets_new();
	api->widget_sightings = widget_sightings_new(api->store);
	api->events = event_feed_new(turns->base, store);
	api->webhooks = api_webhooks(api);
	api->models = api_models(api);
	api->shown_settings = server_settings_new();
	api->hasher = password_hasher_new(turns->base);
	api->gap_askings = gap_askings_new();
	api->file_lane = file_lane_new();
	api->stream_heartbeat = api_stream_heartbeat(settings, turns->base);
	api->crash_watch = api_crash_watch(api);
	LIST_INIT(&api->endless_streams);
	buf_init(&api->scratch, SCRATCH_MAX);
	return api;
}

void
api_free(struct api *api)
{
	if (api == NULL)
		return;
	widget_sockets_free(api->widget_sockets);
	widget_sightings_free(api->widget_sightings);
	live_rooms_free(api->rooms);
	gap_askings_free(api->gap_askings);
	file_lane_free(api->file_lane);
	webhooks_free(api->webhooks);
	event_feed_free(api->events);
	model_lister_free(api->models);
	password_hasher_free(api->hasher);
	router_free(api->router);
	pages_free(api->pages);
	server_settings_free(api->shown_settings);
	event_free(api->crash_watch);
	buf_clear(&api->scratch);
	free(api);
}

void
api_drain(struct api *api)
{
	event_streams_drain(api);
	webhooks_stop(api->webhooks);
	event_feed_end(api->events);
}

bool
api_is_idle(const struct api *api)
{
	return widget_sockets_is_empty(api->widget_sockets);
}

static bool
api_on_arrived(const struct http_peer *peer, uint64_t *key, void *ctx)
{
	const struct ip_address address = ip_from_bytes(peer->address);

	return connection_limit_take(ctx, &address, key);
}

static void
api_on_left(uint64_t key, void *ctx)
{
	connection_limit_release(ctx, key);
}

static bool
api_on_announced(const struct http_peer *peer, void *ctx)
{
	const struct ip_address address = ip_from_bytes(peer->address);
	const struct api *api = ctx;

	return network_list_has(&api->settings->trusted_proxies, &address);
}

static void
api_on_proxy_refused(enum metric_proxy why, void *ctx)
{
	const struct api *api = ctx;

	metric_add(&api->worker->proxy_refused[why], 1);
}

static const struct http_route *
api_on_route(const struct http_request *req, void *ctx)
{
	const struct api *api = ctx;

	return &routing_find(api->router, req)->http;
}

static void
api_on_begin(struct http_exchange *x, void *ctx)
{
	const struct api *api = ctx;

	request_context_begin(x, api->settings);
}

static void
api_on_request(struct http_exchange *x, void *ctx)
{
	struct api_call c = {.api = ctx,
	    .x = x,
	    .route = (const struct api_route *)x->route,
	    .org = id_default_org,
	    .widget = id_default_widget};

	routing_parameters(c.api->router, x, &c.match);
	guard_pass(&c);
}

/* Only over HTTPS: RFC 6797, section 7.2, forbids it over plain HTTP. Not in development, where it would also
 * force HTTPS on other programs of localhost. */
static int
api_hsts_header(const struct api *api, const struct http_exchange *x, struct buf *out)
{
	const struct settings *s = api->settings;

	if (s->app_env != APP_ENV_PRODUCTION ||
	    request_context_of(x)->client.scheme != SCHEME_HTTPS)
		return 0;
	return buf_printf(out, "Strict-Transport-Security: max-age=31536000%s\r\n",
	    s->hsts_include_subdomains ? "; includeSubDomains" : "");
}

static int
api_on_headers(struct http_exchange *x, struct buf *out, void *ctx)
{
	const struct api *api = ctx;

	if (buf_append_str(out,
		"X-Content-Type-Options: nosniff\r\n"
		"X-Frame-Options: DENY\r\n"
		"Referrer-Policy: no-referrer\r\n"
		"Permissions-Policy: camera=(), microphone=(), geolocation=()\r\n") == -1)
		return -1;
	if (api_hsts_header(api, x, out) == -1 || request_context_headers(x, out) == -1 ||
	    guard_rate_headers(x, out) == -1)
		return -1;
	return guard_cors_headers(api, x, out);
}

static void
api_on_replied(struct http_exchange *x, void *ctx)
{
	struct api *api = ctx;
	const uint64_t connection_key = request_context_of(x)->connection_key;
	const size_t route = routing_number(x);

	if (connection_key != 0)
		connection_limit_release(api, connection_key);
	request_context_end(x, api->worker, route, route_name(route));
}

void
api_attach(struct api *api, struct http_server_config *config)
{
	config->ctx = api;
	config->context_size = sizeof(struct request_context);
	config->admit = api_on_arrived;
	config->release = api_on_left;
	config->may_announce = api_on_announced;
	config->proxy_refused = api_on_proxy_refused;
	config->route = api_on_route;
	config->begin = api_on_begin;
	config->handle = api_on_request;
	config->decorate = api_on_headers;
	config->replied = api_on_replied;
}
