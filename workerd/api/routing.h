/*
 * From a request to its row of routes.def. Requests that match no row get one of a few extra rows, so that
 * every request that can be parsed has a guard, a handler, and a name in logs and metrics.
 */
#ifndef WORKERD_API_ROUTING_H
#define WORKERD_API_ROUTING_H

#include "workerd/api/request/api_call.h"

/* The router over all paths. Free with router_free(). */
struct router *routing_router(void);

/* The row of a request; never NULL. */
const struct api_route *routing_find(
    const struct router *router, const struct http_request *req);

/* Reads the parameters of the exchange's path again, from where its bytes are now. */
void routing_parameters(
    const struct router *router, const struct http_exchange *x, struct route_match *match);

/* The exchange's number for route_name(). */
size_t routing_number(const struct http_exchange *x);

#endif
