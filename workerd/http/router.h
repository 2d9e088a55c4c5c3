/*
 * From method and path to an entry of a table.
 *
 * Knows nothing of what a route does: the payload is the caller's (workerd/api has a struct with
 * the handler in it). Made once at start; matching allocates nothing.
 */
#ifndef WORKERD_HTTP_ROUTER_H
#define WORKERD_HTTP_ROUTER_H

#include "workerd/http/message/http_parse.h"

#define ROUTER_CAPTURES_MAX 4
#define ROUTER_CAPTURE_MAX  256 /* bytes that a capture with escapes may stand for */

/*
 * A pattern begins with '/'; a segment that begins with ':' takes any one segment that is not
 * empty: "/v1/admin/conversations/:id". A path that fits a pattern without captures is never
 * given to one with captures, if the method is there too. HEAD goes to the route for GET unless it
 * has its own.
 */
struct route {
	enum http_method method;
	const char *pattern;
	const void *payload;
};

struct route_match {
	const void *payload;
	size_t n_captures;
	struct slice captures[ROUTER_CAPTURES_MAX]; /* of the path, in the pattern's order */
	/* The methods that the path knows, as 1 << enum http_method; set for ROUTE_METHOD too. */
	unsigned allowed;
};

enum route_result {
	ROUTE_FOUND,
	ROUTE_UNKNOWN, /* no such path: 404 */
	ROUTE_METHOD,  /* the path is known, the method is not: 405 with Allow */
};

struct router;

/* The table must live as long as the router. A table with a malformed pattern, or the same method
 * and pattern twice, is a bug and aborts. */
struct router *router_new(const struct route *table, size_t n);
void router_free(struct router *r);

/*
 * Finds the route of a path (without query). Captures are given as they were sent, and may have
 * escapes: see router_capture(). One whose escapes stand for no text (percent.h), for a '/', or for
 * too much makes the path unknown; so does any other '%'.
 */
[[gnu::warn_unused_result]] enum route_result router_match(const struct router *r,
    enum http_method method, struct slice path, struct route_match *match);

/* What a capture stands for: itself, or what its escapes mean, written to out. Valid as long as both
 * out and the path. */
struct slice router_capture(
    const struct route_match *match, size_t i, uint8_t out[ROUTER_CAPTURE_MAX]);

/* Room for every method's name: what router_allow() writes. */
#define ROUTER_ALLOW_SIZE 48

/* The value of Allow for a set of methods: "GET, HEAD, POST". */
void router_allow(unsigned allowed, char out[ROUTER_ALLOW_SIZE]);

#endif
