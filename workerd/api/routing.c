/*
 * The table of routes, and the answers to requests that match none.
 */
#include "workerd/api/routing.h"

#include <string.h>

#include "proto/base/basics.h"
#include "proto/ipc/metrics.h"
#include "workerd/api/accounts/accounts_handlers.h"
#include "workerd/api/admin/admin_handlers.h"
#include "workerd/api/budgets/budgets_handlers.h"
#include "workerd/api/channels/channels_handlers.h"
#include "workerd/api/chat/chat_handlers.h"
#include "workerd/api/content/content_handlers.h"
#include "workerd/api/events/events_handlers.h"
#include "workerd/api/export/export_handlers.h"
#include "workerd/api/feed/feed_handlers.h"
#include "workerd/api/files/file_handlers.h"
#include "workerd/api/guard/guard.h"
#include "workerd/api/hours/hours_handlers.h"
#include "workerd/api/identity/mail_stop.h"
#include "workerd/api/inbox/conversation_live.h"
#include "workerd/api/inbox/operator_handlers.h"
#include "workerd/api/metrics.h"
#include "workerd/api/numbers/numbers_handlers.h"
#include "workerd/api/pages/pages.h"
#include "workerd/api/prices/prices_handlers.h"
#include "workerd/api/route_names.h"
#include "workerd/api/search/search_handlers.h"
#include "workerd/api/server/server_handlers.h"
#include "workerd/api/service.h"
#include "workerd/api/tools/tool_handlers.h"
#include "workerd/api/webhooks/webhook_handlers.h"
#include "workerd/api/widget/widget_handlers.h"
#include "workerd/http/message/negotiate.h"

#define UNKNOWN_BODY_MAX 65536   /* read and discarded before a 404 */
#define WHOLE_BODY_MAX   1048576 /* longer bodies are streamed */

#define EVERY_METHOD                                                           \
	(1u << HTTP_GET | 1u << HTTP_HEAD | 1u << HTTP_POST | 1u << HTTP_PUT | \
	    1u << HTTP_PATCH | 1u << HTTP_DELETE)

static api_handler_fn routing_answer_unknown, routing_answer_wrong_method,
    routing_answer_options;

_Static_assert((int)ROUTES_NUMBERS <= METRIC_ROUTES_MAX, "the scoreboard has a cell for each");

static const struct api_route rows[ROUTES_UNREADABLE] = {
#define ROUTE(method, pattern, handler, guard, right, body_max, name)                    \
	{{body_max, (body_max) > WHOLE_BODY_MAX}, HTTP_##method, pattern, GUARD_##guard, \
	    RIGHT_##right, handle_##handler},
#include "workerd/api/routes.def"
    [ROUTES_UNKNOWN] = {{UNKNOWN_BODY_MAX, false}, HTTP_OTHER, NULL, GUARD_PUBLIC, RIGHT_NONE,
	routing_answer_unknown},
    [ROUTES_WRONG_METHOD] = {{UNKNOWN_BODY_MAX, false}, HTTP_OTHER, NULL, GUARD_PUBLIC,
	RIGHT_NONE, routing_answer_wrong_method},
    [ROUTES_OPTIONS] = {{UNKNOWN_BODY_MAX, false}, HTTP_OTHER, NULL, GUARD_PUBLIC, RIGHT_NONE,
	routing_answer_options},
    [ROUTES_WIDGET_OPTIONS] = {{UNKNOWN_BODY_MAX, false}, HTTP_OTHER, NULL,
	GUARD_WIDGET_OPTIONS, RIGHT_NONE, routing_answer_options},
};

struct router *
routing_router(void)
{
	static struct route table[ROUTES_PATHS];

	for (size_t i = 0; i < ROUTES_PATHS; i++)
		table[i] = (struct route){rows[i].method, rows[i].pattern, &rows[i]};
	return router_new(table, ROUTES_PATHS);
}

/* Preflights for a widget's path do not depend on CORS_ORIGIN. */
static const struct api_route *
routing_find_options(const struct router *router, const struct http_request *req)
{
	struct route_match match;
	const struct api_route *target;

	if (router_match(router, HTTP_GET, req->path, &match) != ROUTE_FOUND)
		return &rows[ROUTES_OPTIONS];
	target = match.payload;
	return target->guard == GUARD_WIDGET || target->guard == GUARD_WIDGET_SOCKET ||
		target->guard == GUARD_WIDGET_POLL || target->guard == GUARD_FILE
	    ? &rows[ROUTES_WIDGET_OPTIONS]
	    : &rows[ROUTES_OPTIONS];
}

const struct api_route *
routing_find(const struct router *router, const struct http_request *req)
{
	struct route_match match;

	if (req->method == HTTP_OPTIONS)
		return routing_find_options(router, req);
	switch (router_match(router, req->method, req->path, &match)) {
	case ROUTE_FOUND:
		return match.payload;
	case ROUTE_METHOD:
		return &rows[ROUTES_WRONG_METHOD];
	case ROUTE_UNKNOWN:
		break;
	}
	return &rows[ROUTES_UNKNOWN];
}

void
routing_parameters(
    const struct router *router, const struct http_exchange *x, struct route_match *match)
{
	const struct api_route *route = (const struct api_route *)x->route;

	*match = (struct route_match){.payload = route};
	if (route->pattern != NULL && strchr(route->pattern, ':') != NULL)
		must(router_match(router, x->req->method, x->req->path, match) == ROUTE_FOUND);
}

size_t
routing_number(const struct http_exchange *x)
{
	const struct api_route *route = (const struct api_route *)x->route;

	return route == NULL ? ROUTES_UNREADABLE : (size_t)(route - rows);
}

static bool
routing_begins(struct slice path, const char *with)
{
	size_t n = strlen(with);

	return path.len >= n && memcmp(path.p, with, n) == 0;
}

/* Whether a person sees the answer: a browser asks for a page, and not for a path of the API. */
static bool
routing_is_for_person(const struct http_request *req)
{
	return (req->method == HTTP_GET || req->method == HTTP_HEAD) &&
	    !routing_begins(req->path, "/v1/") && !routing_begins(req->path, "/api/") &&
	    negotiate_prefers_type(http_header(req, "accept"), "text/html", "application/json");
}

static void
routing_answer_unknown(const struct api_call *c)
{
	if (routing_is_for_person(c->x->req))
		page_unknown(c);
	else
		reply_json_error(c->x, 404, "not_found", "Not found");
}

static void
routing_add_allow(struct http_exchange *x, unsigned methods)
{
	char allow[ROUTER_ALLOW_SIZE];

	router_allow(methods | 1u << HTTP_OPTIONS, allow);
	reply_header_str(x, "Allow", allow);
}

/* The methods of the request's path; 0 for an unknown path. */
static unsigned
routing_methods(const struct api_call *c)
{
	struct route_match match;

	(void)!router_match(c->api->router, HTTP_OTHER, c->x->req->path, &match);
	return match.allowed;
}

static void
routing_answer_wrong_method(const struct api_call *c)
{
	reply_start(c->x, 405);
	routing_add_allow(c->x, routing_methods(c));
	reply_error_body(c->x, "method_not_allowed", "Method not allowed");
}

/* A preflight (Fetch standard, section 3.2.2) succeeds for any path, so that the page can read the error
 * of the request that follows. Other OPTIONS get the methods of the path, or with "*" of the server. */
static void
routing_answer_options(const struct api_call *c)
{
	const struct http_request *req = c->x->req;
	unsigned methods = slice_eq_str(req->path, "*") ? EVERY_METHOD : routing_methods(c);

	if (http_header(req, "origin").p != NULL &&
	    http_header(req, "access-control-request-method").p != NULL) {
		guard_preflight(c->x);
		return;
	}
	if (methods == 0) {
		routing_answer_unknown(c);
		return;
	}
	reply_start(c->x, 204);
	routing_add_allow(c->x, methods);
	reply_empty(c->x);
}
