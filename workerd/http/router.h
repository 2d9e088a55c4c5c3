/*
 * Maps method and path to an entry of a table.
 *
 * The router does not know what a route does: the payload belongs to the caller (workerd/api has a
 * struct with the handler). Created once at startup; matching allocates nothing.
 */
#ifndef WORKERD_HTTP_ROUTER_H
#define WORKERD_HTTP_ROUTER_H

#include "workerd/http/message/http_parse.h"

#define ROUTER_CAPTURES_MAX 4
#define ROUTER_CAPTURE_MAX  256 /* bytes of a decoded capture with escapes, at most */

/*
 * A pattern begins with '/'; a segment that begins with ':' matches any one segment that is not
 * empty: "/v1/admin/conversations/:id". A path that matches a pattern without captures is not
 * matched with others, if that pattern has the method. HEAD uses the route of GET unless it has its
 * own.
 */
struct route {
	enum http_method method;
	const char *pattern;
	const void *payload;
};

struct route_match {
	const void *payload;
	size_t n_captures;
	struct slice
	    captures[ROUTER_CAPTURES_MAX]; /* parts of the path, in the order of the pattern */
	/* The methods of the path, as 1 << enum http_method; set for ROUTE_METHOD too. */
	unsigned allowed;
};

enum route_result {
	ROUTE_FOUND,
	ROUTE_UNKNOWN, /* unknown path: 404 */
	ROUTE_METHOD,  /* known path without this method: 405 with Allow */
};

struct router;

/* The table must outlive the router. A malformed pattern, or a duplicate method and pattern, is a
 * bug and aborts. */
struct router *router_new(const struct route *table, size_t n);
void router_free(struct router *r);

/*
 * Finds the route of a path (without query). Captures are as sent, and may have escapes: see
 * router_capture(). Escapes that decode to invalid text (percent.h), to a '/' or to too many bytes
 * make the path unknown; so does a '%' elsewhere.
 */
[[gnu::warn_unused_result]] enum route_result router_match(const struct router *r,
    enum http_method method, struct slice path, struct route_match *match);

/* The decoded capture: the capture itself, or out if it has escapes. Valid as long as both out and
 * the path. */
struct slice router_capture(
    const struct route_match *match, size_t i, uint8_t out[ROUTER_CAPTURE_MAX]);

/* The size of a buffer for router_allow(). */
#define ROUTER_ALLOW_SIZE 48

/* The value of Allow for a set of methods: "GET, HEAD, POST". */
void router_allow(unsigned allowed, char out[ROUTER_ALLOW_SIZE]);

#endif
