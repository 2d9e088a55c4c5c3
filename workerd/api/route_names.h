/*
 * The routes' numbers and names, for logs and metrics. Number n is row n of routes.def; further numbers
 * stand for requests that match no row.
 */
#ifndef WORKERD_API_ROUTE_NAMES_H
#define WORKERD_API_ROUTE_NAMES_H

#include <stddef.h>

enum {
	ROUTES_PATHS = 0
#define ROUTE(method, pattern, handler, guard, right, body_max, name) +1
#include "workerd/api/routes.def"
	,
	ROUTES_UNKNOWN = ROUTES_PATHS, /* 404 */
	ROUTES_WRONG_METHOD,           /* 405 */
	ROUTES_OPTIONS,
	ROUTES_WIDGET_OPTIONS,
	ROUTES_UNREADABLE, /* the request could not be parsed */
	ROUTES_NUMBERS,
};

/* number: below ROUTES_NUMBERS. */
const char *route_name(size_t number);

#endif
