/*
 * The table of routes, and the answers to what it has no path for.
 */
#include "workerd/api/routes.h"

#include <string.h>

#include "proto/base/basics.h"
#include "proto/ipc/metrics.h"
#include "workerd/api/api.h"
#include "workerd/api/guard/guard.h"

#define UNKNOWN_BODY_MAX 65536 /* read and thrown away before a 404 */

#define EVERY_METHOD                                                           \
	(1u << HTTP_GET | 1u << HTTP_HEAD | 1u << HTTP_POST | 1u << HTTP_PUT | \
	    1u << HTTP_DELETE)

static api_handler_fn answer_unknown, answer_wrong_method, answer_options;

enum {
	PATHS = 0
#define ROUTE(method, pattern, handler, guard, body_max, name) +1
#include "workerd/api/routes.def"
	,
	UNKNOWN = PATHS,
	WRONG_METHOD,
	OPTIONS,
	WIDGET_OPTIONS,
	ROWS,
	UNREADABLE = ROWS, /* has a number and a name, and no row */
	NUMBERS,
};

_Static_assert((int)NUMBERS <= METRIC_ROUTES_MAX, "the scoreboard has a place for each");

static const struct api_route rows[ROWS] = {
#define ROUTE(method, pattern, handler, guard, body_max, name) \
	{{body_max}, HTTP_##method, pattern, name, GUARD_##guard, handle_##handler},
#include "workerd/api/routes.def"
    [UNKNOWN] = {{UNKNOWN_BODY_MAX}, HTTP_OTHER, NULL, "unknown", GUARD_PUBLIC, answer_unknown},
    [WRONG_METHOD] = {{UNKNOWN_BODY_MAX}, HTTP_OTHER, NULL, "wrong_method", GUARD_PUBLIC,
	answer_wrong_method},
    [OPTIONS] = {{UNKNOWN_BODY_MAX}, HTTP_OTHER, NULL, "options", GUARD_PUBLIC, answer_options},
    [WIDGET_OPTIONS] = {{UNKNOWN_BODY_MAX}, HTTP_OTHER, NULL, "widget_options",
	GUARD_WIDGET_OPTIONS, answer_options},
};

struct router *
routes_router(void)
{
	static struct route table[PATHS];

	for (size_t i = 0; i < PATHS; i++)
		table[i] = (struct route){rows[i].method, rows[i].pattern, &rows[i]};
	return router_new(table, PATHS);
}

/* A preflight for a widget's path is answered whatever CORS_ORIGIN says. */
static const struct api_route *
find_options(const struct router *router, const struct http_request *req)
{
	struct route_match match;
	const struct api_route *asked;

	if (router_match(router, HTTP_GET, req->path, &match) != ROUTE_FOUND)
		return &rows[OPTIONS];
	asked = match.payload;
	return asked->guard == GUARD_WIDGET || asked->guard == GUARD_WIDGET_SOCKET
	    ? &rows[WIDGET_OPTIONS]
	    : &rows[OPTIONS];
}

const struct api_route *
routes_find(const struct router *router, const struct http_request *req)
{
	struct route_match match;

	if (req->method == HTTP_OPTIONS)
		return find_options(router, req);
	switch (router_match(router, req->method, req->path, &match)) {
	case ROUTE_FOUND:
		return match.payload;
	case ROUTE_METHOD:
		return &rows[WRONG_METHOD];
	case ROUTE_UNKNOWN:
		break;
	}
	return &rows[UNKNOWN];
}

void
routes_parameters(
    const struct router *router, const struct http_exchange *x, struct route_match *match)
{
	const struct api_route *route = (const struct api_route *)x->route;

	*match = (struct route_match){.payload = route};
	if (route->pattern != NULL && strchr(route->pattern, ':') != NULL)
		must(router_match(router, x->req->method, x->req->path, match) == ROUTE_FOUND);
}

/* -- numbers and names --------------------------------------------------------------------- */

size_t
routes_count(void)
{
	return NUMBERS;
}

size_t
routes_number(const struct http_exchange *x)
{
	const struct api_route *route = (const struct api_route *)x->route;

	return route == NULL ? UNREADABLE : (size_t)(route - rows);
}

const char *
routes_name(size_t number)
{
	return number == UNREADABLE ? "unreadable" : rows[number].name;
}

/* -- what is no path of ours --------------------------------------------------------------- */

static void
answer_unknown(const struct api_call *c)
{
	reply_json_error(c->x, 404, "not_found", "Not found");
}

static void
add_allow(struct http_exchange *x, unsigned methods)
{
	char allow[ROUTER_ALLOW_SIZE];

	router_allow(methods | 1u << HTTP_OPTIONS, allow);
	reply_header_str(x, "Allow", allow);
}

/* The methods that the path of a request knows; 0 for an unknown one. */
static unsigned
methods_of(const struct api_call *c)
{
	struct route_match match;

	(void)!router_match(c->api->router, HTTP_OTHER, c->x->req->path, &match);
	return match.allowed;
}

static void
answer_wrong_method(const struct api_call *c)
{
	reply_start(c->x, 405);
	add_allow(c->x, methods_of(c));
	reply_error_body(c->x, "method_not_allowed", "Method not allowed");
}

/* A preflight (Fetch standard, section 3.2.2) is answered for any path: what is wrong with it, the
 * request after it shall tell. Else: what the path, or with * the server, takes. */
static void
answer_options(const struct api_call *c)
{
	const struct http_request *req = c->x->req;
	unsigned methods = slice_eq_str(req->path, "*") ? EVERY_METHOD : methods_of(c);

	if (http_header(req, "origin").p != NULL &&
	    http_header(req, "access-control-request-method").p != NULL) {
		guard_preflight(c->x);
		return;
	}
	if (methods == 0) {
		answer_unknown(c);
		return;
	}
	reply_start(c->x, 204);
	add_allow(c->x, methods);
	reply_empty(c->x);
}
