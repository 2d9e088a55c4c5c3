/*
 * The names in routes.def.
 */
#include "workerd/api/route_names.h"

const char *
route_name(size_t number)
{
	static const char *const names[ROUTES_NUMBERS] = {
#define ROUTE(method, pattern, handler, guard, right, body_max, name) name,
#include "workerd/api/routes.def"
	    [ROUTES_UNKNOWN] = "unknown",
	    [ROUTES_WRONG_METHOD] = "wrong_method",
	    [ROUTES_OPTIONS] = "options",
	    [ROUTES_WIDGET_OPTIONS] = "widget_options",
	    [ROUTES_UNREADABLE] = "unreadable",
	};

	return names[number];
}
