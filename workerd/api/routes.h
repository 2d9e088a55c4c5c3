/*
 * The routes: routes.def as a table, and from a request to its row.
 *
 * Beside the paths of routes.def there are a few rows for what is no path of ours, so that every
 * request that could be read has a guard, a handler and a name in logs and metrics.
 */
#ifndef WORKERD_API_ROUTES_H
#define WORKERD_API_ROUTES_H

#include "workerd/http/reply.h"
#include "workerd/http/router.h"

struct api_call;

/* A handler answers c->x now or later; *c itself is gone when it returns. */
typedef void api_handler_fn(const struct api_call *c);

enum api_guard {
	GUARD_PUBLIC,
	GUARD_CHAT,
	GUARD_CHAT_READ,
	GUARD_ADMIN,
	GUARD_METRICS,
	GUARD_PAGE,
	GUARD_LOGIN,
	GUARD_SIGN_IN,
	GUARD_SIGN_OUT,
	GUARD_WIDGET,
	GUARD_WIDGET_SOCKET,
	GUARD_WIDGET_OPTIONS,
};

struct api_route {
	struct http_route http; /* first: what the HTTP server knows it by */
	enum http_method method;
	const char *pattern; /* NULL: no path of ours */
	const char *name;
	enum api_guard guard;
	api_handler_fn *handler;
};

/* handle_health, …: every handler of routes.def. */
#define ROUTE(method, pattern, handler, guard, body_max, name) api_handler_fn handle_##handler;
#include "workerd/api/routes.def"

/* The router over all paths. Free with router_free(). */
struct router *routes_router(void);

/* The row of a request; never NULL. */
const struct api_route *routes_find(
    const struct router *router, const struct http_request *req);

/* Reads the parameters of the exchange's path again, from where its bytes lie now. */
void routes_parameters(
    const struct router *router, const struct http_exchange *x, struct route_match *match);

/* All rows are numbered; the last number is for requests that could not be read. */
size_t routes_count(void);
size_t routes_number(const struct http_exchange *x);
const char *routes_name(size_t number);

#endif
