/*
 * The table becomes paths: a pattern with its routes by method. Paths without captures are found by
 * binary search; those with captures are tried in order, after one memcmp() of the bytes before the
 * first capture.
 */
#include "workerd/http/router.h"

#include <stdlib.h>
#include <string.h>

#include <bsd/string.h>

#include "proto/base/basics.h"
#include "workerd/http/message/percent.h"

struct path {
	struct slice pattern;
	size_t prefix; /* bytes before the first ':'; all without one */
	const struct route *by_method[HTTP_OTHER];
	unsigned allowed;
};

struct router {
	struct path *fixed; /* sorted by pattern */
	size_t n_fixed;
	struct path *open; /* with captures, in the table's order */
	size_t n_open;
};

static int
router_slice_compare(struct slice a, struct slice b)
{
	int r = memcmp(a.p, b.p, a.len < b.len ? a.len : b.len);

	return r != 0 ? r : (a.len > b.len) - (a.len < b.len);
}

static int
router_path_compare(const void *a, const void *b)
{
	return router_slice_compare(
	    ((const struct path *)a)->pattern, ((const struct path *)b)->pattern);
}

static int
router_key_compare(const void *key, const void *path)
{
	return router_slice_compare(
	    *(const struct slice *)key, ((const struct path *)path)->pattern);
}

/* The bytes of s before its next '/'. */
static size_t
router_segment_len(struct slice s)
{
	const uint8_t *slash = s.len == 0 ? NULL : memchr(s.p, '/', s.len);

	return slash == NULL ? s.len : (size_t)(slash - s.p);
}

/* Aborts unless ':' occurs only at the start of segments, and not too often. */
static void
router_check_pattern(struct slice pattern)
{
	size_t captures = 0;

	must(pattern.len > 0 && pattern.p[0] == '/');
	for (size_t i = 0; i < pattern.len; i++) {
		if (pattern.p[i] != ':')
			continue;
		must(pattern.p[i - 1] == '/' && ++captures <= ROUTER_CAPTURES_MAX);
	}
}

static void
router_path_add(struct path *path, const struct route *route)
{
	must(route->method < HTTP_OTHER && path->by_method[route->method] == NULL);
	path->by_method[route->method] = route;
	path->allowed |= 1u << route->method;
	if (route->method == HTTP_GET)
		path->allowed |= 1u << HTTP_HEAD;
}

/* Adds a route to the path of its pattern; creates the path if needed. */
static void
router_paths_add(struct path *paths, size_t *n, const struct route *route, struct slice pattern)
{
	const uint8_t *colon = memchr(pattern.p, ':', pattern.len);
	size_t i = 0;

	while (i < *n && !slice_eq(paths[i].pattern, pattern))
		i++;
	if (i == *n) {
		paths[i].pattern = pattern;
		paths[i].prefix = colon == NULL ? pattern.len : (size_t)(colon - pattern.p);
		(*n)++;
	}
	router_path_add(&paths[i], route);
}

struct router *
router_new(const struct route *table, size_t n)
{
	struct router *r = xcalloc(1, sizeof(*r));

	r->fixed = xcalloc(n + 1, sizeof(*r->fixed));
	r->open = xcalloc(n + 1, sizeof(*r->open));
	for (size_t i = 0; i < n; i++) {
		struct slice pattern = slice_str(table[i].pattern);

		router_check_pattern(pattern);
		if (memchr(pattern.p, ':', pattern.len) == NULL)
			router_paths_add(r->fixed, &r->n_fixed, &table[i], pattern);
		else
			router_paths_add(r->open, &r->n_open, &table[i], pattern);
	}
	qsort(r->fixed, r->n_fixed, sizeof(*r->fixed), router_path_compare);
	return r;
}

void
router_free(struct router *r)
{
	if (r == NULL)
		return;
	free(r->fixed);
	free(r->open);
	free(r);
}

/* Removes n bytes and, if there is one, the slash after them. */
static void
router_skip_segment(struct slice *s, size_t n)
{
	n += n < s->len;
	s->p += n;
	s->len -= n;
}

static bool
router_has_escapes(struct slice segment)
{
	return segment.len > 0 && memchr(segment.p, '%', segment.len) != NULL;
}

/* Whether a segment can be captured. An escaped '/' would be two segments to a program that decodes
 * before it splits. */
static bool
router_can_be_captured(struct slice segment)
{
	uint8_t text[ROUTER_CAPTURE_MAX];
	size_t len;

	if (segment.len == 0 || !router_has_escapes(segment))
		return segment.len > 0;
	return percent_decode(segment, text, sizeof(text), &len) &&
	    memchr(text, '/', len) == NULL;
}

struct slice
router_capture(const struct route_match *match, size_t i, uint8_t out[ROUTER_CAPTURE_MAX])
{
	struct slice segment;
	size_t len;

	must(i < match->n_captures);
	segment = match->captures[i];
	if (!router_has_escapes(segment))
		return segment;
	must(percent_decode(segment, out, ROUTER_CAPTURE_MAX, &len));
	return (struct slice){out, len};
}

/* Compares pattern and path segment by segment, from the first capture on. */
static bool
router_path_fits(const struct path *path, struct slice text, struct route_match *match)
{
	struct slice pattern = path->pattern;

	if (text.len <= path->prefix || memcmp(text.p, pattern.p, path->prefix) != 0)
		return false;
	router_skip_segment(&pattern, path->prefix - 1);
	router_skip_segment(&text, path->prefix - 1);
	match->n_captures = 0;
	for (;;) {
		struct slice want = {pattern.p, router_segment_len(pattern)};
		struct slice have = {text.p, router_segment_len(text)};

		if (want.len > 0 && want.p[0] == ':') {
			if (!router_can_be_captured(have))
				return false;
			match->captures[match->n_captures++] = have;
		} else if (!slice_eq(want, have)) {
			return false;
		}
		if (want.len == pattern.len || have.len == text.len)
			return want.len == pattern.len && have.len == text.len;
		router_skip_segment(&pattern, want.len);
		router_skip_segment(&text, have.len);
	}
}

/* Whether the matching path has a route for the method. */
static bool
router_path_takes(const struct path *path, enum http_method method, struct route_match *match)
{
	const struct route *route = NULL;

	match->allowed |= path->allowed;
	if (method < HTTP_OTHER)
		route = path->by_method[method];
	if (route == NULL && method == HTTP_HEAD)
		route = path->by_method[HTTP_GET];
	if (route == NULL)
		return false;
	match->payload = route->payload;
	return true;
}

enum route_result
router_match(const struct router *r, enum http_method method, struct slice path,
    struct route_match *match)
{
	const struct path *fixed;

	*match = (struct route_match){0};
	fixed = bsearch(&path, r->fixed, r->n_fixed, sizeof(*r->fixed), router_key_compare);
	if (fixed != NULL && router_path_takes(fixed, method, match))
		return ROUTE_FOUND;
	for (size_t i = 0; i < r->n_open; i++)
		if (router_path_fits(&r->open[i], path, match) &&
		    router_path_takes(&r->open[i], method, match))
			return ROUTE_FOUND;
	match->n_captures = 0;
	return match->allowed == 0 ? ROUTE_UNKNOWN : ROUTE_METHOD;
}

void
router_allow(unsigned allowed, char out[ROUTER_ALLOW_SIZE])
{
	out[0] = '\0';
	for (enum http_method m = HTTP_GET; m < HTTP_OTHER; m++) {
		if (!(allowed & (1u << m)))
			continue;
		if (out[0] != '\0')
			(void)strlcat(out, ", ", ROUTER_ALLOW_SIZE);
		(void)strlcat(out, http_method_name(m), ROUTER_ALLOW_SIZE);
	}
}
